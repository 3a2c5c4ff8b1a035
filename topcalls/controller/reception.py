"""Calls that arrive at this switch: taken for this controller, or turned away.

A parked call is heard of by every controller of the switch, and found again by the comparison with
the switch after an outage. The database decides who has it (`services/inbound.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import gevent
import orjson

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.controller.supervisor_desk import SupervisorDesk
from topcalls.core.call_events import CallEvent, HungUp
from topcalls.core.inbound import ANSWERS, Arrival, Refusal
from topcalls.core.inbound_sources import Sender
from topcalls.errors import StoreUnavailable, SwitchError, TopCallsError
from topcalls.esl import commands
from topcalls.esl.client import UNCLAIMED, SwitchClient
from topcalls.esl.parser import ESLEvent
from topcalls.esl.translate import InboundCall, hung_up, inbound_call
from topcalls.log import get_logger
from topcalls.services.dispatch import ClaimedCall
from topcalls.services.inbound import Inbound, TurnedAway

PATIENCE_SECONDS = 3.0
"""How long a call may wait for a place here, or for another controller, before it is refused."""

LOOK_SECONDS = 0.1
STORE_TRIES = 5
STORE_PAUSE_SECONDS = 2.0

log = get_logger("controller.reception")


class Reception:
    """Receives the calls of a `node` for `owner`. `desk` deals with codes of supervisors;
    `has_room` tells whether it may carry one call more; `open_session` begins to live one, to which
    the given events have happened."""

    def __init__(
        self,
        owner: str,
        node: str,
        inbound: Inbound,
        switch: SwitchClient,
        clock: Clock,
        *,
        desk: SupervisorDesk,
        has_room: Callable[[], bool],
        open_session: Callable[..., None],
    ) -> None:
        self._owner = owner
        self._node = node
        self._inbound = inbound
        self._switch = switch
        self._clock = clock
        self._desk = desk
        self._has_room = has_room
        self._open_session = open_session
        self._receiving: dict[str, HungUp | None] = {}  # and how it ended meanwhile
        self._admitted: set[str] = set()
        self._known: set[str] = set()  # channels that are somebody's

    def __len__(self) -> int:
        """Calls that have a place here and are no sessions yet."""
        return len(self._admitted)

    def heard(self, event: ESLEvent) -> None:
        """An event of a channel that nobody has; returns at once."""
        if event.variable("tc_owner") != UNCLAIMED:
            return
        call = inbound_call(event)
        if call is None:
            return
        if event.name == "CHANNEL_PARK":
            self._begin(call)
        elif call.channel_uuid in self._receiving:
            self._receiving[call.channel_uuid] = hung_up(event)
        elif not call.is_code:
            gevent.spawn(self._note_missed, call, hung_up(event))

    def look(self, channels: Collection[str]) -> None:
        """Inbound channels that are none of ours: some may have arrived while nobody listened."""
        self._known &= set(channels)
        for uuid in set(channels) - self._known - self._receiving.keys():
            try:
                dump = self._switch.api(commands.uuid_dump(uuid))
                call = inbound_call(ESLEvent(orjson.loads(dump)))
            except (SwitchError, ValueError):  # gone, or looked at again next time
                continue
            if call is not None and call.owner == UNCLAIMED:
                self._begin(call)
            else:
                self._known.add(uuid)

    # --- receiving

    def _begin(self, call: InboundCall) -> None:
        if call.channel_uuid not in self._receiving:
            self._receiving[call.channel_uuid] = None
            gevent.spawn(self._receive, call)

    def _receive(self, call: InboundCall) -> None:
        """Take the call, or have it refused; what cannot be decided now is tried again when the
        switch is next compared with."""
        uuid = call.channel_uuid
        try:
            self._answer_for(call)
        except TopCallsError as error:
            log.warning("Inbound call cannot be taken now", channel=uuid, why=str(error))
            if (ended := self._receiving[uuid]) is not None and not call.is_code:
                self._note_missed(call, ended)
        except Exception:  # noqa: BLE001 - one bad call must not stop the others
            log.exception("Inbound call cannot be taken", channel=uuid)
        finally:
            del self._receiving[uuid]
            self._admitted.discard(uuid)

    def _answer_for(self, call: InboundCall) -> None:
        if call.is_code:
            self._desk.arrived(call)
            return
        arrival, uuid = _arrival(call, self._node), call.channel_uuid
        may_take = self._wait_for_room(uuid)
        if (ended := self._receiving[uuid]) is not None:
            self._note_missed(call, ended)
            return
        now = self._clock.now()
        if may_take:
            answer = self._inbound.take(arrival, self._owner, now)
        else:
            answer = self._inbound.turn_away(arrival, Refusal.NO_CAPACITY, now)
        if isinstance(answer, TurnedAway):
            self._refuse(call, answer)
        elif isinstance(answer, ClaimedCall):
            ended = self._receiving[uuid]
            over: tuple[CallEvent, ...] = (ended,) if ended is not None else ()
            self._open_session(answer, *over)

    def _wait_for_room(self, uuid: str) -> bool:
        deadline = self._clock.monotonic() + PATIENCE_SECONDS
        while not (room := self._has_room()) and self._receiving[uuid] is None:
            if self._clock.monotonic() > deadline:
                break
            gevent.sleep(LOOK_SECONDS)
        if room:
            self._admitted.add(uuid)
        return room

    def _refuse(self, call: InboundCall, answer: TurnedAway) -> None:
        """Counted by the one controller whose hang-up was the first."""
        cause = ANSWERS[answer.refusal].cause
        try:
            self._switch.api(commands.uuid_kill(call.channel_uuid, cause))
        except SwitchError:
            return
        metrics.inbound_refused.labels(answer.refusal).inc()
        log.warning(
            "Inbound call refused",
            refusal=answer.refusal.value,
            channel=call.channel_uuid,
            source=call.source_address,
            call_id=answer.call_id,
        )

    def _note_missed(self, call: InboundCall, ended: HungUp) -> None:
        """The caller, or the switch, gave up before anybody took the call."""
        for _ in range(STORE_TRIES):
            try:
                call_id = self._inbound.missed(_arrival(call, self._node), ended, self._clock.now())
            except StoreUnavailable:
                gevent.sleep(STORE_PAUSE_SECONDS)
                continue
            except Exception:  # noqa: BLE001 - the call is over
                log.exception("Missed call cannot be stored", channel=call.channel_uuid)
                return
            if call_id is not None:
                metrics.inbound_missed.inc()
                log.warning("Inbound call missed", call_id=call_id)
            return
        log.error("Missed call could not be stored", channel=call.channel_uuid)


def _arrival(call: InboundCall, node: str) -> Arrival:
    return Arrival(
        channel_uuid=call.channel_uuid,
        node=node,
        called=call.called_number,
        caller=call.caller_number,
        caller_name=call.caller_name,
        sender=Sender(call.source_address, call.gateway, call.carrier_id),
        is_hidden=call.is_hidden,
        softphone=call.softphone,
        headers=call.headers,
    )

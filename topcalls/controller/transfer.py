"""Hands of a transfer: the second leg, the briefing on it, the bridge, and the way back.

What follows from what is decided in `core/transfer.py`. The second leg is dialled like the first:
its row is stored before, with its channel's uuid; it names its call and owner, and the switch ends
it by itself. Once the two are connected, either side's hang-up ends the other, whether we live or
not.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Protocol, cast

import gevent

from topcalls.bridge.audio import CallAudio
from topcalls.bridge.session import BridgeSession
from topcalls.controller import dials
from topcalls.controller.briefing_observer import BriefingObserver
from topcalls.controller.gear import Gear
from topcalls.controller.journal import Journal
from topcalls.controller.leg_limits import longest
from topcalls.controller.referral import Referral
from topcalls.controller.side_lines import SideDial, connect, side_leg
from topcalls.controller.target_check import TargetCheck
from topcalls.controller.transfer_row import TransferRow
from topcalls.core import transfer as rules
from topcalls.core import transfer_events as events
from topcalls.core.answer_verdict import Verdict
from topcalls.core.call_events import (
    Answered,
    CallEvent,
    HandedToCarrier,
    HungUp,
    Rang,
    Transferred,
    TransferTargetLeft,
)
from topcalls.core.routing import Route
from topcalls.core.token_usage import TokenUsage
from topcalls.core.transfer import Destination, Effect, Phase
from topcalls.core.transfer_answer import is_machine
from topcalls.core.trunks import dial_number
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.errors import CommandNotSent
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.services.dispatch import ClaimedCall

RINGING_TONE = "tone_stream://%(2000,4000,440,480);loops=-1"
"""What the caller hears meanwhile."""

PARK_GRACE_SECONDS = 10.0
"""The switch lets go of a target that nobody connects, should we be dead, this much later."""

RING_GRACE_SECONDS = 3.0
"""How much later than the switch's own time-out ours comes: the switch's says more about why."""

_GOOD_ENDS = ("agent_ended", "silence")

log = get_logger("controller.transfer")


class TransferredCall(Protocol):
    """The call that is handed over. `leave_agent`: the caller's audio goes to the agent no more."""

    bridge: BridgeSession | None

    @property
    def channel_uuid(self) -> str: ...

    def route(self) -> Route | None: ...

    def tell(self, event: CallEvent) -> None: ...

    def leave_agent(self) -> None: ...

    def usage(self, model: str, usage: TokenUsage) -> None: ...


class Transfer(BriefingObserver):
    """One of them. It is the ears of its target's channel, see `sessions.py`."""

    background = None

    def __init__(
        self,
        call: ClaimedCall,
        gear: Gear,
        journal: Journal,
        host: TransferredCall,
        destination: Destination,
        by: str,
        summary: str,
    ) -> None:
        self.facts = rules.begin(destination)
        self.bridge: BridgeSession | None = None
        self.leg = side_leg(call.call_id, gear, new_id(), self)
        self._call = call
        self._gear = gear
        self._journal = journal
        self._host = host
        self._by = by
        self._summary = summary
        self._row = TransferRow(journal, gear.clock, by, summary)
        self._timer: gevent.Greenlet | None = None
        self._sent = False  # the dial is on its way, or the channel there
        self._unwanted = False
        self._streams = False
        self._dialling = SideDial(
            lambda: self.take(events.TargetAnswered()),
            lambda hangup: self.take(events.TargetGone(hangup)),
        )
        self._effects = {
            Effect.DIAL: lambda: gevent.spawn(self._dial),
            Effect.REFER: lambda: gevent.spawn(self._refer),
            Effect.CHECK: self._check,
            Effect.BRIEF: self._brief,
            Effect.CONNECT: lambda: gevent.spawn(self._connect),
            Effect.HANG_UP_TARGET: self._hang_up_target,
            Effect.TELL_TRANSFERRED: self._tell_transferred,
            Effect.TELL_REFERRED: self._tell_referred,
            Effect.TELL_TARGET_LEFT: lambda: host.tell(TransferTargetLeft()),
            Effect.RETURN_TO_AGENT: self._return_to_agent,
        }

    def take(self, event: events.Event) -> None:
        """One event; returns at once."""
        before = self.facts
        step = rules.advance(before, event)
        if not step.moved:
            return
        self.facts = step.facts
        log.info(
            "Transfer moved",
            call_id=self._call.call_id,
            event_kind=type(event).__name__,
            before=before.phase.value,
            after=self.facts.phase.value,
        )
        if isinstance(event, events.Begun):
            self._gear.switch.execute(self._host.channel_uuid, "playback", RINGING_TONE)
        self._row.moved(before, self.facts, event)
        for effect in step.effects:
            self._effects[effect]()
        if self.facts.phase is not before.phase or isinstance(event, events.Begun):
            self._arm(before)
        if self.facts.phase is Phase.OVER:
            self._gear.sides.pop(self.leg.channel_uuid, None)

    # --- the ears of the target's channel

    def take_event(self, event: CallEvent) -> None:
        """What the switch tells of it."""
        if isinstance(event, Rang):
            self.take(events.TargetRang())
        elif isinstance(event, Answered):
            self._dialling.answered()
        elif isinstance(event, HungUp):
            self.take(events.TargetGone(event.hangup))

    def key_pressed(self, digit: str) -> None:
        """Whoever is briefed presses a key."""
        if self.bridge is not None:
            self.bridge.dtmf(digit)

    def held(self, is_held: bool, call_ms: int) -> None:
        """A target that puts us on hold takes its time."""
        self.leg.held(is_held)

    def recording_stopped(self, path: str) -> None:
        """The recording is the caller's channel's."""

    def stream_connected(self) -> None:
        """The target can be spoken to."""
        if self.bridge is not None:
            self.bridge.attach(cast(CallAudio, self.leg))

    def stream_lost(self, detail: str) -> None:
        """They cannot any more, nor be listened to."""
        checked = self.facts.phase is Phase.CHECKING
        self.take(events.TargetMayTalk() if checked else events.BriefingOver(broken=True))

    # --- what the briefing tells

    def usage(self, model: str, usage: TokenUsage) -> None:
        self._host.usage(model, usage)

    def answered_by(self, verdict: Verdict) -> None:
        """A machine takes no transfer; a person presses a key."""
        if is_machine(verdict):
            self.take(events.TargetIsMachine())

    def key_heard(self, digit: str) -> None:
        self.take(events.KeyPressed(digit))

    def finished(self, reason: str, detail: str = "") -> None:
        self.take(events.BriefingOver(broken=reason not in _GOOD_ENDS))

    # --- effects

    def _dial(self) -> None:
        """Store the transfer, then dial. Not stored, not dialled."""
        try:
            command = commands.originate(self._dial_of_target())
        except Exception as error:  # noqa: BLE001 - the caller waits for an answer
            log.error("Transfer cannot be dialled", call_id=self._call.call_id, why=str(error))
            self.take(events.NotDialled())
            return
        if not self._row.intend(self.facts, self.leg.channel_uuid) or self._unwanted:
            self.take(events.NotDialled())
            self._row.called_off(self.facts)
            return
        self._gear.sides[self.leg.channel_uuid] = self
        try:
            limit = self.facts.destination.ring_seconds + dials.ORIGINATE_GRACE_SECONDS
            job = self._gear.switch.bgapi(command, timeout=limit)
        except CommandNotSent:
            self.take(events.NotDialled())
            return
        self._sent = True
        self.take(events.Dialled())
        job.on_done(self._dialled)
        if self.facts.destination.kind == rules.WARM and self.facts.phase is not Phase.OVER:
            self._open_briefing()

    def _route(self) -> Route:
        """By the carrier of the call itself, else by the account's first, else by our own trunk.
        Blocks on the database; raises `ValueError` where there is none."""
        route = self._host.route()
        found = () if route else self._journal.routes(self._call, self._our_number)
        found = found or self._gear.routes(self._call)
        if route is None and not found:
            raise ValueError("there is no carrier to dial by")
        return route or found[0]

    @property
    def _our_number(self) -> str:
        call = self._call
        return call.phone_number if call.is_inbound else call.from_number or ""

    def _dial_of_target(self) -> commands.Dial:
        route, target = self._route(), self.facts.destination
        parked = round(target.waits_seconds + PARK_GRACE_SECONDS)
        return replace(
            self._gear.dial(self._call, route, self.leg.channel_uuid),
            number=dial_number(target.number, route.number_format, route.number_prefix),
            caller_id_number=self._our_number,
            ring_timeout_seconds=round(target.ring_seconds),
            max_duration_seconds=longest(self._call),
            variables={"hangup_after_bridge": "true", "park_timeout": str(parked)},
        )

    def _dialled(self, result: str | SwitchError) -> None:
        self._dialling.ended(result)
        if self._unwanted:
            gevent.spawn(self._kill)

    def _refer(self) -> None:
        referral = Referral(self._gear.switch, self._host.channel_uuid)
        if not self._row.intend(self.facts, None) or not referral.ask(
            self._number_by_carrier(), inbound=self._call.is_inbound
        ):
            self.take(events.NotDialled())
            return
        self.take(events.Dialled())
        while self.facts.phase is Phase.REFERRING and (news := referral.look()) is not None:
            self.take(news)

    def _number_by_carrier(self) -> str:
        """The target's number as the carrier of the call wants it."""
        number, route = self.facts.destination.number, self._host.route()
        if route is None:
            return number
        return dial_number(number, route.number_format, route.number_prefix)

    def _open_briefing(self) -> None:
        """While it rings, so that its words are there when it is answered."""
        target = self.facts.destination
        self.bridge = self._gear.make_briefing(self._call, target, self._summary, self)
        self.bridge.start()

    def _check(self) -> None:
        """The caller hears the ringing tone until it is known that a person may have answered."""
        self._streams = True
        self.leg.on_audio = TargetCheck(self._checked).hear
        self.leg.start()

    def _checked(self, is_machine: bool) -> None:
        event = events.TargetIsMachine() if is_machine else events.TargetMayTalk()
        gevent.spawn(self.take, event)

    def _brief(self) -> None:
        if self.bridge is None or self.bridge.join(0):
            gevent.spawn(self.take, events.BriefingOver(broken=True))
            return
        self._streams = True
        self.leg.start()

    def _connect(self) -> None:
        self._end_briefing()
        try:
            connect(self._gear.switch, self._host.channel_uuid, self.leg.channel_uuid)
        except SwitchError as error:
            log.warning("Lines were not connected", call_id=self._call.call_id, why=str(error))
            self.take(events.NotJoined())
            return
        self.take(events.Joined())

    def _hang_up_target(self) -> None:
        self._unwanted = True
        self._end_briefing()
        if self._sent:
            gevent.spawn(self._kill)

    def _kill(self) -> None:
        """What is left is hung up by the reconciler, once the call is over."""
        with suppress(SwitchError):
            self._gear.switch.api(commands.uuid_kill(self.leg.channel_uuid, "NORMAL_CLEARING"))

    def _end_briefing(self) -> None:
        if self.bridge is not None:
            self.bridge.stop("transfer goes on")
        self.leg.leave(streams=self._streams)
        self._streams = False

    def _tell_transferred(self) -> None:
        self._host.leave_agent()
        self._host.tell(Transferred(self.facts.destination.name, self._by))

    def _tell_referred(self) -> None:
        self._host.tell(HandedToCarrier(self.facts.destination.name, self._by))

    def _return_to_agent(self) -> None:
        self._end_briefing()
        self._gear.switch.post(commands.uuid_break(self._host.channel_uuid))
        if self._host.bridge is not None and self.facts.failure is not None:
            self._host.bridge.not_transferred(rules.in_words(self.facts.failure))

    # --- inside

    def _arm(self, before: rules.Facts) -> None:
        """One time-out for dialling and ringing together."""
        phase = self.facts.phase
        if before.phase is Phase.DIALLING and phase is Phase.RINGING:
            return
        if self._timer is not None:
            self._timer.kill(block=False)
        seconds = rules.limit_of(self.facts)
        if seconds is None:
            return
        grace = RING_GRACE_SECONDS if phase is Phase.DIALLING else 0.0
        self._timer = gevent.spawn_later(seconds + grace, self._time_up, phase)

    def _time_up(self, phase: Phase) -> None:
        self._timer = None
        if phase is self.facts.phase or phase is Phase.DIALLING:
            self.take(events.TimeUp())

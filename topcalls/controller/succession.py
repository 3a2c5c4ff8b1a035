"""Who carries on when a controller died? Another one on the same switch.

A call that was never dialled goes back to the queue; a phone that rings rings on; a talk is taken
up where it was left, unless its caller has waited too long, and is ended then. Of a call whose dial
was committed, and perhaps never sent, the switch is asked until its phone cannot ring any more
(`reconciler.py`). None is dialled again. What a leaving controller let go of (`hand_over.py`) is
taken in the same way.

A switch that does not answer keeps its calls: nothing could be done for them, and what was begun in
vain would end them.

Dead for certain is a controller of this machine whose lock is free (`presence.py`); any other is
taken for dead when its leases have run out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import orjson

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.controller.cdr_spool import CDRSpool
from topcalls.controller.reconciler import Disagreement, take_channel
from topcalls.core.call_events import (
    Adopted,
    CallEvent,
    GivenBack,
    HungUp,
    OwnerLost,
    TimedOut,
)
from topcalls.core.call_state import Effect, State
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.log import get_logger
from topcalls.presence import Presence
from topcalls.services.call_views import ClaimedCall
from topcalls.services.dispatch import Dispatch
from topcalls.services.nodes import HEARTBEAT_SECONDS, Nodes

ANSWER_SECONDS = 2.0

log = get_logger("controller.succession")


class Succession:
    """Takes over calls for one controller, at most `limit` at once.

    `open_session` begins to live a call, to which the given events have happened. `spool`: where
    the switch writes down how channels ended, if it does. `forget_speech`: deletes what a dead
    controller had its calls play.
    """

    def __init__(
        self,
        owner: str,
        node: str,
        limit: int,
        dispatch: Dispatch,
        nodes: Nodes,
        switch: SwitchClient,
        presence: Presence | None,
        clock: Clock,
        open_session: Callable[..., None],
        spool: CDRSpool | None,
        forget_speech: Callable[[str], None],
        adopt_seconds: float,
    ) -> None:
        self._owner = owner
        self._node = node
        self._limit = limit
        self._dispatch = dispatch
        self._nodes = nodes
        self._switch = switch
        self._presence = presence
        self._clock = clock
        self._open_session = open_session
        self._spool = spool
        self._forget_speech = forget_speech
        self._adopt_within = timedelta(seconds=adopt_seconds)

    def settle_dead(self) -> int:
        """Take over from controllers of this machine and node that are dead; how many calls."""
        if self._presence is None:
            return 0
        names = self._presence.dead()
        dead = [name for name in names if name.rsplit(".", 2)[0] == self._node]
        if not dead or not self._switch_answers():
            return 0
        taken = self._take_over(dead)
        if taken < self._limit:
            for name in dead:
                self._nodes.leave(name)
                self._presence.forget(name)
                self._forget_speech(name)
        log.warning("Controllers have died", count=len(dead), calls=taken)
        return taken

    def settle_silent(self) -> int:
        """Take over from whoever let its leases run out; how many calls."""
        return self._take_over(None) if self._switch_answers() else 0

    def settle_released(self) -> int:
        """Take over what another controller of the node has let go of; how many calls."""
        if not self._dispatch.any_released(self._node) or not self._switch_answers():
            return 0
        now = self._clock.now()
        return self._settle_all(
            self._dispatch.adopt_released(self._owner, self._node, now, self._limit)
        )

    def _take_over(self, dead: list[str] | None) -> int:
        now = self._clock.now()
        return self._settle_all(
            self._dispatch.adopt(self._owner, self._node, now, self._limit, dead)
        )

    def _switch_answers(self) -> bool:
        try:
            self._switch.api("status", ANSWER_SECONDS)
        except SwitchError as error:
            log.warning("Calls are not taken over, the switch does not answer", why=error.message)
            return False
        return True

    def _settle_all(self, calls: list[ClaimedCall]) -> int:
        for call in calls:
            self._settle(call)
        return len(calls)

    def _settle(self, call: ClaimedCall) -> None:
        kind = _kind(call, self._clock.now() - self._adopt_within)
        log.warning("Call taken over", call_id=call.call_id, state=call.facts.state.value)
        if call.facts.state is not State.DISPATCHING or not call.facts.dialled:
            metrics.disagreements.labels(kind).inc()
        written = None
        if call.facts.dialled:
            take_channel(self._switch, call.channel_uuid, self._owner)
            written = self._spool.ended(call.channel_uuid) if self._spool else None
        if written is None and self._still_waits(call):
            self._open_session(replace(call, effects=(Effect.OPEN_BRIDGE, Effect.ANSWER)))
        else:
            self._open_session(call, *fate(call, written, self._clock.now() - self._adopt_within))

    def _still_waits(self, call: ClaimedCall) -> bool:
        """A caller who was not answered yet: nothing was lost with the controller that died."""
        if not call.is_inbound or call.facts.state is not State.RINGING:
            return False
        try:
            dump = orjson.loads(self._switch.api(commands.uuid_dump(call.channel_uuid)))
        except (SwitchError, ValueError):
            return False
        return bool(dump.get("Answer-State") == "ringing")


def fate(call: ClaimedCall, written: HungUp | None, heard_since: datetime) -> tuple[CallEvent, ...]:
    """What has happened to a call by the loss of its controller, as far as the rows tell, and what
    the switch has `written` of its end.

    Whoever is on the line has waited since the controller was last heard of; if that was before
    `heard_since`, nobody takes the talk up again.

    Nothing yet where the dial is committed and no more is known: the comparison with the switch
    will tell.
    """
    if not call.facts.dialled:
        return (GivenBack(),)
    if written is not None:
        lost = OwnerLost(call.owner_heard_at)
        return (lost, written) if _outlived(call, written) else (written,)
    if call.facts.state is State.DISPATCHING:
        return ()
    if call.facts.state is State.ENDING:  # the hang-up that was decided may never have been sent
        return (TimedOut(),)
    lost = OwnerLost(call.owner_heard_at)
    return (Adopted(),) if _can_go_on(call, heard_since) else (lost,)


def _can_go_on(call: ClaimedCall, heard_since: datetime) -> bool:
    """Whether somebody may still want to. A phone that rings just rings on."""
    if call.facts.state is State.RINGING:
        return True
    if call.facts.state not in (State.ANSWERED, State.IN_PROGRESS):
        return False
    return call.owner_heard_at is None or call.owner_heard_at >= heard_since


def _kind(call: ClaimedCall, heard_since: datetime) -> Disagreement:
    if not call.facts.dialled:
        return Disagreement.NEVER_DIALLED
    adopted = fate(call, None, heard_since) == (Adopted(),)
    return Disagreement.ADOPTED if adopted else Disagreement.OWNER_DEAD


def _outlived(call: ClaimedCall, written: HungUp) -> bool:
    """Whether somebody was on the line when the controller was dead: they heard nothing any more.

    Until its next heartbeat was due, nobody knows that it was dead; the switch's word stands then.
    """
    if written.answered_at is None or call.facts.state is State.ENDING:
        return False
    if not call.facts.answered:
        return True
    heard_at = call.owner_heard_at
    if heard_at is None or written.ended_at is None:
        return False
    return written.ended_at > heard_at + timedelta(seconds=HEARTBEAT_SECONDS)

"""Hands of one stay of a supervisor: the softphone's leg, what it hears and who hears it, and the
bridge when it takes over.

What follows from what is decided in `core/supervision.py`. The leg runs the switch's `eavesdrop` on
the caller's channel, so it hears the call whether we live or not, and ends with it. Measured on
FreeSWITCH 1.10.12: of its keys and commands `1` mixes the supervisor into what the caller says (the
person whom the caller was handed over to hears it, and so do the agent's ears and the recording),
`2` into what the caller hears, `3` into both.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

import gevent

from topcalls.controller import dials
from topcalls.controller.gear import Gear
from topcalls.controller.journal import Journal
from topcalls.controller.side_lines import SideDial, connect, side_leg
from topcalls.core import call_events, supervision
from topcalls.core.call_events import (
    CallEvent,
    HungUp,
    Supervised,
    Transferred,
    TransferTargetLeft,
)
from topcalls.core.supervision import Effect, Mode, Phase
from topcalls.errors import SwitchError
from topcalls.esl import commands, softphone_commands
from topcalls.esl.errors import CommandNotSent
from topcalls.log import get_logger
from topcalls.services.dispatch import ClaimedCall
from topcalls.services.supervisions import Supervisor

LIMIT_GRACE_SECONDS = 20
"""The switch ends a supervisor's leg by itself, this much later than the longest call may last."""

LEFT = "left"
_ON_LINE = (Phase.ON_LINE, Phase.CONNECTING, Phase.CONNECTED)

log = get_logger("controller.supervision")


class SupervisedCall(Protocol):
    """The call. `hold_agent`: look whether it may speak; `call_off_transfer`: nobody else is to be
    connected with the caller."""

    @property
    def channel_uuid(self) -> str: ...

    def tell(self, event: CallEvent) -> None: ...

    def leave_agent(self) -> None: ...

    def hold_agent(self) -> None: ...

    def call_off_transfer(self) -> None: ...


class Stay:
    """One supervisor on one call. It is the ears of its softphone's channel, see `sessions.py`.

    `rings`: the softphone is to be rung; else it has dialled, and waits to be answered.
    """

    background = None
    bridge = None

    def __init__(
        self,
        call: ClaimedCall,
        gear: Gear,
        journal: Journal,
        host: SupervisedCall,
        supervisor: Supervisor,
        channel_uuid: str,
        facts: supervision.Facts,
        *,
        rings: bool,
    ) -> None:
        self.facts = facts
        self.supervisor = supervisor
        self.leg = side_leg(call.call_id, gear, channel_uuid, self)
        self._call = call
        self._gear = gear
        self._journal = journal
        self._host = host
        self._rings = rings
        self._number = 0
        self._modes: list[tuple[Mode, datetime]] = []
        self._timer: gevent.Greenlet | None = None
        self._reached = False  # the leg is ours to hang up
        self._dialling = SideDial(
            lambda: self.take(supervision.Answered()),
            lambda hangup: self.take(supervision.Gone(hangup)),
        )
        self._effects: dict[Effect, Callable[[], object]] = {
            Effect.REACH: lambda: gevent.spawn(self._dial if rings else self._answer),
            Effect.SPY: self._spy,
            Effect.MIX: self._mix,
            Effect.HOLD_AGENT: host.hold_agent,
            Effect.FREE_AGENT: host.hold_agent,
            Effect.CONNECT: lambda: gevent.spawn(self._connect),
            Effect.TELL_MODE: self._tell_mode,
            Effect.TELL_TAKEN_OVER: self._tell_taken_over,
            Effect.TELL_LEFT: lambda: host.tell(TransferTargetLeft()),
            Effect.HANG_UP: lambda: gevent.spawn(self._hang_up),
        }

    def begin(self) -> None:
        """Write it down, then reach the softphone."""
        self._gear.sides[self._channel] = self
        self._arm()
        gevent.spawn(self._store)

    def take(self, event: supervision.Event) -> None:
        """One event; returns at once."""
        before = self.facts
        step = supervision.advance(before, event)
        self.facts = step.facts
        if step.moved:
            log.info(
                "Supervision moved",
                call_id=self._call.call_id,
                event_kind=type(event).__name__,
                before=before.phase.value,
                after=self.facts.phase.value,
                mode=self.facts.mode.value,
            )
            self._write(before)
        for effect in step.effects:
            self._effects[effect]()
        if self.facts.phase is not before.phase:
            self._arm()
        if self.facts.phase is Phase.OVER:
            self._gear.sides.pop(self._channel, None)

    @property
    def is_over(self) -> bool:
        """The supervisor is not there any more, or never was."""
        return self.facts.phase is Phase.OVER

    # --- the ears of the softphone's channel

    def take_event(self, event: CallEvent) -> None:
        """What the switch tells of it."""
        if isinstance(event, call_events.Answered):
            if self._rings:
                self._dialling.answered()
            else:
                self.take(supervision.Answered())
        elif isinstance(event, HungUp):
            self.take(supervision.Gone(event.hangup))

    def key_pressed(self, digit: str) -> None:
        """The supervisor wants to take part in another way."""
        if self.facts.phase is not Phase.ON_LINE:
            return
        if digit in supervision.KEYS:
            self.take(supervision.Wanted(supervision.KEYS[digit]))
        elif digit == supervision.LEAVE:
            self.take(supervision.Leaves())
        elif digit in supervision.SWITCH_KEYS:
            self.take(supervision.KeyUndone())

    def held(self, is_held: bool, call_ms: int) -> None:
        """A supervisor who puts us on hold hears nothing, and is not heard."""

    def recording_stopped(self, path: str) -> None:
        """The recording is the caller's channel's."""

    def stream_connected(self) -> None:
        """Its audio is not streamed to us."""

    def stream_lost(self, detail: str) -> None:
        """Its audio is not streamed to us."""

    # --- effects

    @property
    def _channel(self) -> str:
        return self.leg.channel_uuid

    def _store(self) -> None:
        self._number = (
            self._journal.intend_supervision(
                self.supervisor,
                self.facts.mode,
                asked_by="api" if self._rings else "code",
                channel_uuid=self._channel,
                timeout=supervision.STORE_SECONDS,
            )
            or 0
        )
        self.take(supervision.Stored() if self._number else supervision.NotReached())

    def _answer(self) -> None:
        """Make the leg ours, so that its events come to us, and pick up."""
        api, channel = self._gear.switch.api, self._channel
        self._reached = True
        try:
            for name, value in self._variables.items():
                api(commands.uuid_setvar(channel, name, value))
            api(commands.sched_del(channel))
            api(commands.sched_hangup(channel, self._limit))
            api(commands.uuid_answer(channel))
        except SwitchError as error:
            log.warning("Supervisor not answered", call_id=self._call.call_id, why=str(error))
            self.take(supervision.NotReached())

    def _dial(self) -> None:
        """Ring the softphone wherever it is registered at this switch."""
        self._reached = True
        ring = softphone_commands.Ring(
            channel_uuid=self._channel,
            username=self.supervisor.username,
            caller_id_number=self._call.phone_number,
            ring_timeout_seconds=round(supervision.RING_SECONDS),
            max_duration_seconds=self._limit,
            variables=self._variables,
        )
        try:
            command = softphone_commands.ring_softphone(ring)
            limit = supervision.RING_SECONDS + dials.ORIGINATE_GRACE_SECONDS
            job = self._gear.switch.bgapi(command, timeout=limit)
        except CommandNotSent:
            self.take(supervision.NotReached())
            return
        job.on_done(self._dialled)

    def _dialled(self, result: str | SwitchError) -> None:
        self._dialling.ended(result)
        if self.is_over:
            gevent.spawn(self._hang_up)

    @property
    def _variables(self) -> dict[str, str]:
        return {
            "tc_call_id": self._call.call_id,
            "tc_owner": self._gear.owner,
            "tc_node": self._call.node or "",
            "eavesdrop_enable_dtmf": "true",  # without it, the switch tells of no key
        }

    @property
    def _limit(self) -> int:
        return round(self._call.request.max_duration * 60) + LIMIT_GRACE_SECONDS

    def _spy(self) -> None:
        """The leg leaves what it does, and is put on the call."""
        switch, channel = self._gear.switch, self._channel
        heard = self.facts.mix
        for name, digits in (("aleg", "13"), ("bleg", "3")):
            flag = "true" if heard in digits else "false"
            switch.post(commands.uuid_setvar(channel, f"eavesdrop_whisper_{name}", flag))
        switch.execute(channel, "eavesdrop", self._host.channel_uuid)

    def _mix(self) -> None:
        self._gear.switch.eavesdrop(self._channel, self.facts.mix)

    def _connect(self) -> None:
        self._host.call_off_transfer()
        try:
            connect(self._gear.switch, self._host.channel_uuid, self._channel)
        except SwitchError as error:
            log.warning("Lines were not connected", call_id=self._call.call_id, why=str(error))
            self.take(supervision.NotJoined())
            return
        self.take(supervision.Joined())

    def _tell_mode(self) -> None:
        mode = LEFT if self.is_over else self.facts.mode.value
        self._host.tell(Supervised(self.supervisor.extension, mode))

    def _tell_taken_over(self) -> None:
        self._host.leave_agent()
        self._host.tell(Transferred(self.supervisor.label, "supervisor"))

    def _hang_up(self) -> None:
        """What is left is hung up by the reconciler, once the call is over."""
        if self._reached or not self._rings:
            with suppress(SwitchError):
                self._gear.switch.api(commands.uuid_kill(self._channel, "NORMAL_CLEARING"))

    # --- inside

    def _write(self, before: supervision.Facts) -> None:
        facts, now = self.facts, self._gear.clock.now()
        columns: dict[str, Any] = {}
        if before.phase is Phase.REACHING and facts.phase in _ON_LINE:
            columns["joined_at"] = now
        if facts.phase is Phase.CONNECTED:
            columns["taken_over_at"] = now
        if facts.phase is Phase.OVER:
            columns |= {"ended_at": now, "outcome": facts.outcome, "failure": facts.failure}
        if facts.phase in _ON_LINE and [mode for mode, _ in self._modes][-1:] != [facts.mode]:
            self._modes.append((facts.mode, now))
        if self._number:
            self._journal.supervision(self._number, list(self._modes), **columns)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.kill(block=False)
        seconds = supervision.limit_of(self.facts)
        self._timer = None
        if seconds is not None:
            self._timer = gevent.spawn_later(seconds, self._time_up, self.facts.phase)

    def _time_up(self, phase: Phase) -> None:
        self._timer = None
        if phase is self.facts.phase:
            self.take(supervision.TimeUp())

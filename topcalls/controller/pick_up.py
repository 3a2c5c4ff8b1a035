"""Answering a call that came in: made ours, left ringing until the agent can speak, then answered.

Until the answer the switch's own limit for calls that nobody takes stays in force: should this
controller die, the caller is not left ringing.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent

from topcalls.controller.gear import Gear
from topcalls.controller.leg_limits import longest
from topcalls.core.call_state import CallFacts
from topcalls.core.dead_line import seconds_without_audio
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.errors import CommandRefused
from topcalls.log import get_logger
from topcalls.services.dispatch import ClaimedCall

READY_SECONDS = 3.0
"""How long a caller hears ringing for the sake of a greeting at once."""

LOOK_SECONDS = 0.02
HANG_UP_FIRST_SECONDS = 0.3

UNANSWERED_CAUSE = "NORMAL_TEMPORARY_FAILURE"
"""How a caller is hung up whom we cannot answer: the carrier gets a 503, and may try elsewhere."""

log = get_logger("controller.pick_up")


class PickUp:
    """Answers one call. `can_speak`: the agent's first words are there; `gone` is called when the
    channel is not there any more."""

    def __init__(
        self,
        call: ClaimedCall,
        gear: Gear,
        can_speak: Callable[[], bool],
        gone: Callable[[], None],
    ) -> None:
        self._call = call
        self._owner = gear.owner
        self._limit = min(longest(call), gear.leg_seconds)
        self._switch = gear.switch
        self._clock = gear.clock
        self._can_speak = can_speak
        self._gone = gone

    def start(self, is_wanted: Callable[[], bool]) -> None:
        """Begin; returns at once. `is_wanted`: the call shall still be answered."""
        gevent.spawn(self._run, is_wanted)

    def _run(self, is_wanted: Callable[[], bool]) -> None:
        uuid = self._call.channel_uuid
        try:
            self._switch.api(commands.uuid_setvar(uuid, "tc_call_id", self._call.call_id))
            self._switch.api(commands.uuid_setvar(uuid, "tc_owner", self._owner))
            self._switch.post(commands.uuid_ring_ready(uuid))
            self._limit_silence()
            self._wait_for_words(is_wanted)
            if not is_wanted():
                return
            self._switch.post(commands.sched_del(uuid))
            self._switch.post(commands.sched_hangup(uuid, self._limit))
            self._switch.api(commands.uuid_answer(uuid))
        except CommandRefused:  # the caller hung up, or no codec fits: the hang-up says which
            gevent.sleep(HANG_UP_FIRST_SECONDS)
            self._gone()
        except SwitchError as error:  # the comparison with the switch will tell
            log.warning("Answer not confirmed", call_id=self._call.call_id, why=str(error))

    def _limit_silence(self) -> None:
        """The switch's own limit is kept where it is shorter."""
        uuid = self._call.channel_uuid
        seconds = seconds_without_audio(self._call.request.silence_timeout_seconds)
        present = self._switch.api(commands.uuid_getvar(uuid, "media_timeout"))
        if not present.isdigit() or int(present) > seconds * 1000:
            value = str(round(seconds * 1000))
            self._switch.api(commands.uuid_setvar(uuid, "media_timeout", value))

    def _wait_for_words(self, is_wanted: Callable[[], bool]) -> None:
        deadline = self._clock.monotonic() + READY_SECONDS
        while not self._can_speak() and is_wanted() and self._clock.monotonic() < deadline:
            gevent.sleep(LOOK_SECONDS)


def hang_up_cause(facts: CallFacts) -> str:
    """How we end a channel: a caller who was not answered is told that it did not work."""
    return UNANSWERED_CAUSE if facts.inbound and not facts.answered else "NORMAL_CLEARING"

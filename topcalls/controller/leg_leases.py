"""No leg outlives its lease: the switch hangs one up by itself unless its controller says again and
again that it lives.

Until then, and for as long as another controller may still take the call up, the leg waits. So a
node whose last controller has died is empty some minutes later, and not after the longest duration
of a call. A database that is away ends no call, as nobody else can take it over, but when its row
may be given up (`services.dispatch.ABANDONED_AFTER`), its leg is gone.

Two people who were connected with each other are carried by the switch alone. Phones that ring have
limits of their own.
"""

from __future__ import annotations

import math

from topcalls.clock import Clock
from topcalls.controller.leg_limits import GRACE_SECONDS, RENEW_SECONDS
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.core.call_state import State
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.services.dispatch import ABANDONED_AFTER

_TALKING = (State.ANSWERED, State.IN_PROGRESS)


class LegLeases:
    """Renews the leases of the legs of one controller's calls; `renew` is called often.

    A leg is dialled or answered under a first lease of `seconds`.
    """

    def __init__(
        self, switch: SwitchClient, sessions: Sessions, clock: Clock, seconds: int
    ) -> None:
        self._switch = switch
        self._sessions = sessions
        self._clock = clock
        self._seconds = seconds
        self._due: dict[str, float] = {}  # by channel
        self._free: set[str] = set()
        self._rows_held_at = clock.monotonic()

    def rows_held(self) -> None:
        """The rows of all calls are ours for a while more."""
        self._rows_held_at = self._clock.monotonic()

    def renew(self) -> None:
        """Extend what is due; sends and does not wait."""
        live = {call.effects.channel_uuid: call for call in self._sessions.all()}
        self._due = {uuid: due for uuid, due in self._due.items() if uuid in live}
        self._free &= live.keys()
        if not self._switch.is_up or not self._may_hold():
            return
        now = self._clock.monotonic()
        for uuid, call in live.items():
            state = call.session.facts.state
            if state is State.TRANSFERRED and uuid not in self._free:
                self._free.add(uuid)
                self._arm(uuid, _longest(call))
            elif state in _TALKING and now >= self._due.get(uuid, 0.0):
                self._extend(uuid, _longest(call), now)

    def _may_hold(self) -> bool:
        away = self._clock.monotonic() - self._rows_held_at
        return away + self._seconds < ABANDONED_AFTER.total_seconds() or away < RENEW_SECONDS

    def _extend(self, uuid: str, longest: int, now: float) -> None:
        is_last = longest <= self._seconds
        self._due[uuid] = math.inf if is_last else now + RENEW_SECONDS
        self._arm(uuid, min(longest, self._seconds))

    def _arm(self, uuid: str, seconds: int) -> None:
        """A second limit does not replace the first."""
        self._switch.post(commands.sched_del(uuid))
        self._switch.post(commands.sched_hangup(uuid, seconds))


def _longest(call: LiveCall) -> int:
    return math.ceil(call.session.seconds_left) + GRACE_SECONDS

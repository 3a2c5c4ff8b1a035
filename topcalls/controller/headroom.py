"""How many calls a controller can take up now, beside those that are up and come first.

A call costs its core most while it is new: it is listened to for who answered. What a core gives is
known only afterwards, so calls whose answer may not show in it yet are counted at what a new one
costs; those that ended meanwhile, as where the phone is busy, cost nothing any more. On a core with
no more to give, everybody would be heard too late, and connections run out of time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from topcalls.controller.rounds import LoopWatch
from topcalls.log import get_logger

MOST_LAG_SECONDS = 0.2
"""How late the event loop may be while calls are taken beside others: people hear it by
then."""

BUSY = 0.5
"""What this process then takes of a core at least: where it takes less, others keep the machine
busy, and that calls wait would not help those that are up."""

MOST_BUSY = 0.8
"""Of the core; the rest is for what comes at the same time."""

NEW_CALL = 0.007
"""Of a core, for talk and for listening to who answered (`benchmarks/README.md`)."""

FRESH_SECONDS = 4.0
"""How long a call's cost may not show yet. People who ring for longer answer one after the
other."""

LATE_CALL_SECONDS = 2.0
"""How often a call is taken all the same: what else keeps the machine busy may not pass."""

log = get_logger("controller.headroom")


@dataclass(frozen=True)
class _Taken:
    """A call, and when it was."""

    call_id: str
    at: float


class Headroom:
    """`calls` tells how many may be taken, `took` is told which were; moments in seconds of the
    monotonic clock. `is_live` knows whether a call has not ended yet."""

    def __init__(self, loop: LoopWatch, is_live: Callable[[str], bool]) -> None:
        self._loop = loop
        self._is_live = is_live
        self._taken: deque[_Taken] = deque()
        self._is_full = False

    def calls(self, now: float, live: int) -> int:
        """So many may be taken beside the `live` ones. A call that would be alone always may."""
        while self._taken and self._taken[0].at <= now - FRESH_SECONDS:
            self._taken.popleft()
        fresh = sum(self._is_live(taken.call_id) for taken in self._taken)
        room = round((MOST_BUSY - self._loop.busy) / NEW_CALL) - fresh
        if self._is_late():
            room = 0
        self._note(room, live)
        return max(room, int(self._may_take_one(now) or live == 0))

    def took(self, call_ids: Iterable[str], now: float) -> None:
        """These were."""
        for call_id in call_ids:
            self._taken.append(_Taken(call_id, now))

    def _is_late(self) -> bool:
        return self._loop.lag_seconds > MOST_LAG_SECONDS and self._loop.busy > BUSY

    def _may_take_one(self, now: float) -> bool:
        return not self._taken or now - self._taken[-1].at >= LATE_CALL_SECONDS

    def _note(self, room: int, live: int) -> None:
        """Once, when the core has no more to give: calls that wait for the latest to be answered
        are nothing to worry about."""
        is_full = live > 0 and room <= 0 and self._loop.busy > MOST_BUSY
        if is_full and not self._is_full:
            log.warning(
                "Queued calls wait: this controller has more to do than its core can",
                busy=round(self._loop.busy, 2),
                lag_ms=round(self._loop.lag_seconds * 1000),
                live_calls=live,
                remedy="Lower TOPCALLS_MAX_CALLS, or start another controller.",
            )
        self._is_full = is_full

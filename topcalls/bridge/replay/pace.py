"""How fast a conversation is held again: as fast as it was, or as fast as this machine can.

In virtual time 20 ms are over when everybody has done what there was to do in them: it fits only
where all who wait, the AI's side included, wait on the same clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import gevent

from topcalls.bridge.replay.loudspeaker import STEP
from topcalls.bridge.replay.virtual_time import VirtualTime
from topcalls.clock import Clock
from topcalls.errors import TopCallsError

BEHIND_SECONDS = 1.0
_OFF_GRID = 1e-6
"""Added to each step: a deadline that is a billionth of a millisecond away would have a timer of
the event loop go off again and again, and no end of it."""

_QUIET_TWICE = 2
_THREADS_SECONDS = 0.002
STUCK_SECONDS = 60.0
"""Real time that a step of virtual time may take."""


class Pace(Protocol):
    """Time in a replay."""

    @property
    def clock(self) -> Clock:
        """What everybody in it reads."""

    def follow(self, wake: Callable[[], None]) -> None:
        """Have somebody who looks at the clock look again when it was moved."""

    def step(self) -> None:
        """20 ms pass. Blocks the calling greenlet."""

    def sleep(self, seconds: float) -> None:
        """So much passes for the calling greenlet."""


class RealPace:
    """Time as it passes. A machine that falls behind by `BEHIND_SECONDS` goes on from there;
    `lost_seconds` is what it has lost so."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lost_seconds = 0.0
        self._due = clock.monotonic()

    def follow(self, wake: Callable[[], None]) -> None:
        """The clock moves by itself."""

    def step(self) -> None:
        self._due += STEP
        late = self.clock.monotonic() - self._due
        if late > BEHIND_SECONDS:
            self._due += late
            self.lost_seconds += late
        gevent.sleep(max(0.0, -late))

    def sleep(self, seconds: float) -> None:
        gevent.sleep(seconds)


class VirtualPace(VirtualTime):
    """Time that passes when nobody has anything left to do."""

    def __init__(self, start: datetime, is_busy: Callable[[], bool] = lambda: False) -> None:
        """`is_busy`: somebody works who cannot be seen to, in another process."""
        super().__init__(start)
        self._is_busy = is_busy
        self.stuck_seconds = STUCK_SECONDS

    def follow(self, wake: Callable[[], None]) -> None:
        self.wake = wake

    def step(self) -> None:
        """See `Pace`. Raises `TopCallsError` where somebody never comes to an end of what there is
        to do: time would stand still for ever."""
        stuck = TopCallsError(
            f"Virtual time stands still: a step of it was not over after {self.stuck_seconds:g} s.",
            remedy="Run fewer replays at once (--parallel); if it comes again, report it.",
        )
        with gevent.Timeout(self.stuck_seconds, stuck):
            self.advance(STEP + _OFF_GRID)
            self.settle()

    def settle(self) -> None:
        """Let everybody do what there is to do now: greenlets, sockets of this process and its
        threads. A file descriptor that is ready is served before the event loop is idle."""
        self.wake()
        hub, quiet = gevent.get_hub(), 0
        while quiet < _QUIET_TWICE:
            _until_idle()
            if hub.threadpool.task_queue.unfinished_tasks or self._is_busy():
                gevent.sleep(_THREADS_SECONDS)
                quiet = 0
            else:
                quiet += 1


def _until_idle() -> None:
    """Return when the event loop has found nothing ready."""
    hub = gevent.get_hub()
    watcher = hub.loop.idle()
    try:
        hub.wait(watcher)
    finally:
        watcher.close()

"""Time that is moved by hand, for conversations that need not last as long as they take."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime

import gevent
from gevent.event import Event

from topcalls.clock import ManualClock

_HOPS = 6  # from greenlet to greenlet, until what was begun is done


class VirtualTime:
    """A clock moved by hand, and what is to happen when it has moved far enough. `wake` has the
    conversation look at it."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)) -> None:
        self.wake: Callable[[], None] = lambda: None
        self.clock = ManualClock(start)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    @property
    def now(self) -> float:
        """Monotonic seconds."""
        return self.clock.monotonic()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` when so much time has passed."""
        self._count += 1
        heapq.heappush(self._due, (self.now + seconds, self._count, action))

    def sleep(self, seconds: float) -> None:
        """Blocks the calling greenlet."""
        over = Event()
        self.later(seconds, over.set)
        over.wait()

    def advance(self, seconds: float) -> None:
        """Let so much time pass; everything due in it happens at its moment."""
        until = self.now + seconds
        while self._due and self._due[0][0] <= until:
            at, _, action = heapq.heappop(self._due)
            self.clock.advance(max(0.0, at - self.now))
            action()
            self.settle()
        self.clock.advance(max(0.0, until - self.now))

    def settle(self) -> None:
        """Let everybody do what there is to do now. A timer of the event loop, which counts real
        time, finds nothing left to do: the same things happen in the same order every time."""
        self.wake()
        for _ in range(_HOPS):
            gevent.sleep(0)

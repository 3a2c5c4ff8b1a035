"""The one clock of all media: every call's frame is due every 20 ms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import gevent

from topcalls.clock import Clock
from topcalls.log import get_logger
from topcalls.sandbox.freeswitch.codec import FRAME_SECONDS

_LEAST_SPACING = FRAME_SECONDS / 2
_FORGIVEN = 1.0

log = get_logger("sandbox.media")


class Ticked(Protocol):
    """Something with media."""

    def tick(self, at: float) -> None:
        """20 ms have passed; `at` is monotonic seconds. Must not block."""
        ...


class MediaClock:
    """Ticks on an absolute grid: no drift. When late it catches up at 10 ms a frame, no faster.

    More than a second behind (a stopped machine), the lost time is given up. `worst_lag` is the
    latest that a tick ever was, in seconds.
    """

    def __init__(self, clock: Clock, sleep: Callable[[float], None] = gevent.sleep) -> None:
        self.worst_lag = 0.0
        self._sleep = sleep
        self._clock = clock
        self._members: dict[Ticked, None] = {}
        self._greenlet: gevent.Greenlet | None = None

    def add(self, member: Ticked) -> None:
        """Start ticking `member`."""
        self._members[member] = None
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)

    def remove(self, member: Ticked) -> None:
        """Stop ticking `member`."""
        self._members.pop(member, None)

    def stop(self) -> None:
        """Stop all media."""
        self._members.clear()
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None

    def _run(self) -> None:
        due = self._clock.monotonic()
        while self._members:
            self.worst_lag = max(self.worst_lag, self._clock.monotonic() - due)
            self._tick_all()
            due += FRAME_SECONDS
            behind = self._clock.monotonic() - due
            if behind > _FORGIVEN:
                due += behind
            self._sleep(-behind if behind < -_LEAST_SPACING else _LEAST_SPACING)
        self._greenlet = None

    def _tick_all(self) -> None:
        at = self._clock.monotonic()
        for member in tuple(self._members):
            try:
                member.tick(at)
            except Exception:
                log.exception("The media of a call failed.")
                self.remove(member)

"""Wakes a call's greenlet at its next deadline.

Deadlines are set far more often than they come: every bit of the model's speech moves one. So the
alarm is not moved along. When it goes off too early it looks again, in the event loop, without
waking anybody.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import gevent


class Alarm:
    """`until_next` gives the seconds to the next deadline, None when there is none; `ring` is
    called in the event loop when one has come."""

    def __init__(self, until_next: Callable[[], float | None], ring: Callable[[], None]) -> None:
        self._until_next = until_next
        self._ring = ring
        self._timer: Any = None
        self._at = math.inf  # on the machine's clock, whatever the deadlines are counted on

    def arm(self) -> None:
        """Go off no later than the next deadline."""
        wait = self._until_next()
        if wait is not None and time.monotonic() + wait < self._at:
            self._start(wait)

    def cancel(self) -> None:
        """Do not go off any more."""
        self._at = math.inf
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None

    def _start(self, wait: float) -> None:
        self.cancel()
        self._at = time.monotonic() + wait
        self._timer = gevent.get_hub().loop.timer(wait)
        self._timer.start(self._look)

    def _look(self) -> None:
        self.cancel()
        wait = self._until_next()
        if wait is not None and wait > 0:
            self._start(wait)
        elif wait is not None:
            self._ring()

"""A dead database or queue: one line when it goes, one when it is back, growing pauses between."""

from __future__ import annotations

from typing import Any

from topcalls.clock import Clock

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0


class Outage:
    """The trouble of one thing that the worker depends on, shared by all that use it."""

    def __init__(self, what: str, log: Any, clock: Clock) -> None:
        self._what = what
        self._log = log
        self._clock = clock
        self._pause = 0.0
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        return self._pause > 0

    def failed(self, error: Exception) -> float:
        """Note a failure. Gives the seconds to wait before the next try.

        All that fail within one pause wait for its end together: many users of a dead thing do not
        make the pauses grow faster.
        """
        if not self.is_on:
            self._log.error("Unavailable, trying again", what=self._what, why=str(error))
        now = self._clock.monotonic()
        if now >= self._until:
            self._pause = min(max(self._pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
            self._until = now + self._pause
        return self._until - now

    def over(self) -> None:
        """Note a success."""
        if self.is_on:
            self._log.info("Available again", what=self._what)
        self._pause = 0.0
        self._until = 0.0

"""When to speak to what answered: to a mailbox after its beep, to anything else after its question.

Moments are seconds of the line, as in `core/answer_detection.py`.
"""

from __future__ import annotations

from typing import Final

NO_BEEP_SECONDS: Final = 4.0
"""A mailbox that is silent for so long after its greeting has no beep."""

QUESTION_END_SECONDS: Final = 0.8
_LATE_SECONDS: Final = 1.5  # a beep may be over so long before it is known what answered


class SpeakingTime:
    """Tell it what is heard; `has_come` tells, once `wait` was called and until `stop` is."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._for_beep = False
        self._speaking = False
        self._quiet_since = 0.0
        self._last_beep = float("-inf")

    def speech_began(self) -> None:
        self._speaking = True

    def speech_ended(self, end: float) -> None:
        self._speaking, self._quiet_since = False, end

    def beep(self, end: float) -> None:
        self._last_beep = max(self._last_beep, end)

    def wait(self, now: float, *, for_beep: bool) -> None:
        """The moment is waited for; if it is already, only what for may have changed."""
        self._since = now if self._since is None else self._since
        self._for_beep = for_beep

    def stop(self) -> None:
        """Nothing is waited for."""
        self._since = None

    @property
    def by_beep(self) -> bool:
        """A beep was heard since one waits, or just before."""
        return self._since is not None and self._last_beep >= self._since - _LATE_SECONDS

    def has_come(self, now: float) -> bool:
        """The beep is over, or there is none; the question has been asked."""
        if self._since is None:
            return False
        if self._for_beep and self.by_beep:
            return True
        limit = NO_BEEP_SECONDS if self._for_beep else QUESTION_END_SECONDS
        return not self._speaking and now - self._quiet_since >= limit

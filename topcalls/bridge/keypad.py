"""Keys the caller presses, gathered until a pause or a # says that the entry is complete."""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge.timers import Timers

PAUSE_SECONDS = 1.5
MOST_DIGITS = 64
_TIMER = "keypad"
_KEYS = frozenset("0123456789*#ABCD")


class Keypad:
    """`entered(digits)` is called with each complete entry."""

    def __init__(self, timers: Timers, entered: Callable[[str], None]) -> None:
        self._timers = timers
        self._entered = entered
        self._digits = ""

    def press(self, digit: str) -> None:
        """One key; anything that is no telephone key is ignored."""
        if digit not in _KEYS:
            return
        self._digits += digit
        if digit == "#" or len(self._digits) >= MOST_DIGITS:
            self._flush()
        else:
            self._timers.set(_TIMER, PAUSE_SECONDS, self._flush)

    def _flush(self) -> None:
        self._timers.cancel(_TIMER)
        digits, self._digits = self._digits, ""
        self._entered(digits)

"""The end of a call from our side: the goodbye is heard in full, then a breath, then it is over.

What was asked for and does not come ends the call at a time limit. It counts from when all that is
there should have been heard: a message of two minutes is heard to its end.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge.timers import Timers

TAIL_SECONDS = 0.3
LIMIT_SECONDS = 30.0
_TAIL, _LIMIT = "farewell tail", "farewell limit"


class Farewell:
    """`finish(reason, detail)` is called once the last word was heard, or at the time limit."""

    def __init__(self, timers: Timers, finish: Callable[[str, str], None]) -> None:
        self._timers = timers
        self._finish = finish
        self._why: tuple[str, str] | None = None
        self._unheard_ms = 0

    @property
    def closing(self) -> bool:
        return self._why is not None

    def begin(self, reason: str, detail: str = "") -> None:
        """Whatever is being said, or asked for from now on, is the goodbye."""
        if self._why is None:
            self._why = (reason, detail)
            self._arm(0)

    def watch(self, unheard_ms: int) -> None:
        """How much audio was not heard to its end; called whenever that may have changed."""
        if self._why is not None and unheard_ms != self._unheard_ms:
            self._arm(unheard_ms)

    def abandon(self) -> None:
        """The caller has more to say."""
        self._why = None
        self._timers.cancel(_TAIL, _LIMIT)

    def heard(self) -> None:
        """Nothing of the agent is audible or expected any more."""
        if self._why is not None and not self._timers.is_set(_TAIL):
            self._timers.set(_TAIL, TAIL_SECONDS, self._over)

    def _arm(self, unheard_ms: int) -> None:
        self._unheard_ms = unheard_ms
        self._timers.set(_LIMIT, unheard_ms / 1000 + LIMIT_SECONDS, self._over)

    def _over(self) -> None:
        if self._why is not None:
            self._finish(*self._why)

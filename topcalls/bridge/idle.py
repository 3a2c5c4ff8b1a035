"""A line on which nobody speaks: ask once whether somebody is there, then say goodbye."""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge.timers import Timers

LONGEST_SECOND_WAIT = 10.0
_TIMER = "idle"


class Idle:
    """`ask` is called after `timeout` seconds of silence, `give_up` after as much again (≤ 10)."""

    def __init__(
        self,
        timeout: float,
        timers: Timers,
        ask: Callable[[], None],
        give_up: Callable[[], None],
    ) -> None:
        self._timeout = timeout
        self._timers = timers
        self._ask = ask
        self._give_up = give_up
        self._asked = False

    def caller_is_there(self) -> None:
        """The caller did something."""
        self._asked = False
        self._timers.cancel(_TIMER)

    def watch(self, quiet: bool) -> None:
        """Whether the line is quiet now; called whenever that may have changed."""
        if not quiet:
            self._timers.cancel(_TIMER)
        elif not self._timers.is_set(_TIMER):
            wait = min(self._timeout, LONGEST_SECOND_WAIT) if self._asked else self._timeout
            self._timers.set(_TIMER, wait, self._silence)

    def _silence(self) -> None:
        if self._asked:
            self._give_up()
        else:
            self._asked = True
            self._ask()

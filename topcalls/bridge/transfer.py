"""The agent has its caller connected with a person: after its last words, and back if that fails.

While it is under way the caller waits and the agent says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from topcalls.bridge.timers import Timers

LIMIT_SECONDS = 10.0
"""How long the agent's last words may take."""

_TIMER = "transfer"


@dataclass(frozen=True)
class _Wish:
    destination: str
    summary: str
    tell: Callable[[str, str], None]


class Transferring:
    """`begin(destination, summary)` asks for the transfer itself."""

    def __init__(self, timers: Timers, begin: Callable[[str, str], None]) -> None:
        self._timers = timers
        self._begin_it = begin
        self._wish: _Wish | None = None
        self._begun = False

    @property
    def busy(self) -> bool:
        """A transfer is wanted or under way."""
        return self._wish is not None

    @property
    def under_way(self) -> bool:
        """The caller waits to be connected."""
        return self._begun

    def ask(self, destination: str, summary: str, tell: Callable[[str, str], None]) -> bool:
        """As soon as the agent is quiet. `tell(status, reason)` is called if it comes to nothing.
        False: there is one already."""
        if self._wish is not None:
            return False
        self._wish = _Wish(destination, summary, tell)
        self._timers.set(_TIMER, LIMIT_SECONDS, self.begin)
        return True

    def begin(self) -> None:
        """Everything was said: now."""
        if self._wish is not None and not self._begun:
            self._timers.cancel(_TIMER)
            self._begun = True
            self._begin_it(self._wish.destination, self._wish.summary)

    def take_back(self, reason: str = "The caller is speaking.") -> None:
        """It shall not be, for now; too late once it is under way."""
        if not self._begun:
            self._end("not transferred", reason)

    def failed(self, reason: str) -> None:
        """The caller is back."""
        self._end("not transferred", reason)

    def _end(self, status: str, reason: str) -> None:
        wish, self._wish, self._begun = self._wish, None, False
        self._timers.cancel(_TIMER)
        if wish is not None:
            wish.tell(status, reason)

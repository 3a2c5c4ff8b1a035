"""The first words of a call: prepared while it rings, let go when their moment has come.

Without waiting, what was prepared is heard the moment the call is answered. With `greeting_wait`
the person who picked up is first let speak: the opening follows their hello, or the silence in
its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from topcalls.bridge.responses import Ask
from topcalls.bridge.timers import Timers
from topcalls.core.instructions import GREET
from topcalls.core.turn_rules import Protection

BREATH_SECONDS = 0.25
"""How long the caller may fall silent within a hello that is waited for."""


@dataclass(frozen=True)
class OpeningPlan:
    """`text` None: the agent finds its own words, or answers the caller's.

    Not `exact`: the agent says something as `text` tells.
    `greeting_wait` is how long, in seconds after the answer, the caller may speak first.
    `announcement` is said before anything else, and to its end, whoever speaks meanwhile.
    """

    text: str | None = None
    greeting_wait: float = 0.0
    protected: bool = False
    exact: bool = True
    announcement: str | None = None

    @property
    def asks(self) -> tuple[Ask, ...]:
        """What the agent is asked to say, one after the other."""
        protection = Protection.YIELDS_LATE if self.protected else Protection.NONE
        exact = self.exact and self.text is not None
        first = Ask(self.text or GREET, exact, protection, opening=self.announcement is None)
        if self.announcement is None:
            return (first,)
        return Ask(self.announcement, protection=Protection.ABSOLUTE, opening=True), first


class Opening:
    """`say` asks the model for an `Ask`, `release` lets prepared audio be heard."""

    def __init__(
        self,
        plan: OpeningPlan,
        timers: Timers,
        say: Callable[[Ask], None],
        release: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._timers = timers
        self._say = say
        self._release = release
        self._said = False
        self._waiting = False  # answered, and the caller may still speak first

    def was_said(self) -> None:
        """The conversation goes on: it has been opened before."""
        self._said = True
        self._plan = OpeningPlan()

    def prepare(self) -> None:
        """The model is ready; the call may not be answered yet."""
        if self._plan.text is not None or not self._plan.greeting_wait:
            self._speak()

    def answered(self) -> None:
        """The call was answered."""
        if not self._plan.greeting_wait:
            self._release()
            return
        self._waiting = True
        self._timers.set("opening", self._plan.greeting_wait, self._time_is_up)
        if self._plan.text is None:
            self._release()  # nothing is held back: the caller's hello is simply answered

    def caller_speaking(self) -> None:
        """The caller has begun to speak first; the opening waits for the end of it."""
        if self._waiting:
            self._timers.cancel("opening")

    def caller_spoke(self) -> None:
        """The caller's hello is over."""
        if not self._waiting:
            return
        if self._plan.text is not None:
            self._timers.set("opening", BREATH_SECONDS, self._let_go)
        else:
            self._waiting = False
            self._timers.cancel("opening")

    def _let_go(self) -> None:
        self._waiting = False
        self._release()

    def _time_is_up(self) -> None:
        self._speak()
        self._let_go()

    def _speak(self) -> None:
        if not self._said:
            self._said = True
            for ask in self._plan.asks:
                self._say(ask)

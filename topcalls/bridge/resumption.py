"""A conversation that goes on here, and began in a process that is gone.

What was said is known from the stored turns; what the caller said while nobody listened is lost.
So the agent answers what the caller said last, or finishes what it was saying itself; where the
caller had the floor it waits, and if nothing comes it says that the line was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from topcalls.bridge import prompt
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import ANSWER, CONTINUE, Ask
from topcalls.core.tools import ToolRecord
from topcalls.core.transcript import Turn, as_heard

PATIENCE_SECONDS = 4.0
"""How long the caller may say nothing before the agent does."""

_TIMER = "resumed"


@dataclass(frozen=True)
class Past:
    """The turns so far, in order, how many seconds ago the call was answered, the tools that were
    called, and what users let the model know."""

    turns: tuple[Turn, ...]
    answered_ago: float
    tools: tuple[ToolRecord, ...] = ()
    notes: tuple[str, ...] = ()


class Resumption:
    """`past` None: the conversation begins here. `say` asks the model for an `Ask`; `ask_again`
    ends an unexplained silence."""

    def __init__(
        self,
        past: Past | None,
        parts: Parts,
        say: Callable[[Ask], None],
        is_quiet: Callable[[], bool],
    ) -> None:
        self._past = past
        self._parts = parts
        self._say = say
        self._is_quiet = is_quiet
        self._turns: list[Turn] = []
        self._answered_at = parts.now - past.answered_ago if past is not None else None

    @property
    def is_resumed(self) -> bool:
        """The call was answered before this conversation began here."""
        return self._past is not None

    @property
    def has_begun(self) -> bool:
        """Something was said already."""
        return bool(self._turns)

    @property
    def answered_at(self) -> float:
        """When the call was answered, now unless that was before; monotonic."""
        return self._parts.now if self._answered_at is None else self._answered_at

    def begin(self) -> None:
        """Take up what was said, and what is owed to the caller. All sound has ended by now."""
        if self._past is None:
            return
        parts = self._parts
        changed = {turn.seq: turn for turn in as_heard(self._past.turns, self._now_ms())}
        for turn in changed.values():
            parts.tell(turn)
        turns = (changed.get(turn.seq, turn) for turn in self._past.turns)
        self._turns = [turn for turn in turns if turn.text]
        parts.transcript.carry_on(self._turns)
        ask = owed(self._turns)
        if ask is not None:
            self._say(ask)

    def attached(self) -> None:
        """The caller's audio is here again."""
        if self.has_begun and owed(self._turns) is None:
            self._parts.timers.set(_TIMER, PATIENCE_SECONDS, self._nobody_spoke)

    def caller_is_there(self) -> None:
        """The caller does something."""
        self._parts.timers.cancel(_TIMER)

    def _nobody_spoke(self) -> None:
        if self._is_quiet():
            self._say(Ask(prompt.AFTER_GAP, exact=False))

    def _now_ms(self) -> int:
        return max(0, round((self._parts.now - self.answered_at) * 1000))


def owed(turns: list[Turn]) -> Ask | None:
    """What the agent has to say after these turns, before anybody else speaks."""
    if not turns:
        return None
    last = turns[-1]
    if last.speaker == "user":
        return ANSWER
    return Ask(CONTINUE, exact=False) if last.interrupted else None

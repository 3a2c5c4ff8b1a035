"""Utterances over the agent's voice whose meaning is still open."""

from __future__ import annotations

from dataclasses import dataclass, field

from topcalls.core.turn_rules import TurnRules
from topcalls.core.turn_state import Doubt


@dataclass
class Doubts:
    """By the item that the utterance will be. Times are monotonic seconds."""

    rules: TurnRules
    _open: dict[str, Doubt] = field(default_factory=dict)

    def add(self, item_id: str, doubt: Doubt) -> None:
        """An utterance is over and not understood yet."""
        self._open[item_id] = doubt

    def get(self, item_id: str) -> Doubt | None:
        """The doubt about this utterance, if it is open."""
        return self._open.get(item_id)

    def drop(self, item_id: str) -> None:
        """This utterance is understood."""
        self._open.pop(item_id, None)

    def clear(self) -> None:
        """None of them matters any more."""
        self._open.clear()

    def may_answer(self, now: float) -> bool:
        """Whether one of them answers what the agent has just finished saying."""
        overlap = self.rules.answer_overlap_ms / 1000
        return any(
            now - doubt.stopped_at <= overlap and not (doubt.final and doubt.wordless)
            for doubt in self._open.values()
        )

    @property
    def next_at(self) -> float | None:
        """When the first of them is to be decided without further facts."""
        return min((self._settles_at(doubt) for doubt in self._open.values()), default=None)

    def due(self, now: float) -> list[tuple[str, Doubt]]:
        """Those that are to be decided now."""
        return [item for item in self._open.items() if now >= self._settles_at(item[1])]

    def _settles_at(self, doubt: Doubt) -> float:
        wait = self.rules.answer_overlap_ms
        if not doubt.final:
            late = doubt.lasted and doubt.wordless
            wait = max(wait, self.rules.verdict_wait_ms if late else self.rules.words_wait_ms)
        return doubt.stopped_at + wait / 1000

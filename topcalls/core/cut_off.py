"""Whether what cut the agent off was said by anybody: a noise that lasts is heard as speech."""

from __future__ import annotations

from dataclasses import dataclass, field

from topcalls.core.listening_words import Words
from topcalls.core.turn_rules import Floor, TurnRules
from topcalls.core.turn_state import Agent, Speech


@dataclass
class CutOff:
    """The latest interruption of the agent, as long as no word of it is known.

    Times are monotonic seconds.
    """

    _cut: bool = False
    _wordless: dict[str, float] = field(default_factory=dict)  # utterances, and when they ended

    def agent_was_cut(self) -> None:
        """The agent lost the floor in the middle of a sentence."""
        self._cut = True

    @property
    def is_undecided(self) -> bool:
        """Nothing was said since, so that it may have been a noise."""
        return self._cut

    def talk_goes_on(self) -> None:
        """Somebody has said something, or is about to: whatever it was does not matter now."""
        self._cut = False
        self._wordless.clear()

    def utterance_ended(self, now: float, item_id: str, words: Words) -> None:
        """What may have cut the agent off is over."""
        if words.total:
            self.talk_goes_on()
        elif self._cut:
            self._wordless[item_id] = now

    def is_open(self, item_id: str) -> bool:
        """Words of this utterance are still missing."""
        return item_id in self._wordless

    def was_noise(self, item_id: str) -> bool:
        """No words of it will come; whether that is now true of everything."""
        self._wordless.pop(item_id, None)
        return not self._wordless

    def reclaims_at(self, speech: Speech | None, agent: Agent, rules: TurnRules) -> float | None:
        """When the agent takes the floor back; None: there was no interruption without words, or
        somebody has the floor."""
        quiet_since = max(self._wordless.values(), default=None)
        if quiet_since is None or speech is not None or agent.floor is not Floor.FREE:
            return None
        return quiet_since + rules.reclaim_after_ms / 1000

"""What the turn-taking keeps in mind of both sides. Times are monotonic seconds."""

from __future__ import annotations

from dataclasses import dataclass

from topcalls.core.listening_words import NO_WORDS, Words
from topcalls.core.turn_rules import Floor, Protection, TurnRules

_A_MOMENT = 0.001  # seconds: sums of times are not exact


@dataclass
class Speech:
    """What the caller is saying now. `greets`: it began before the opening was audible.

    `overruled`: it has lasted too long, and the agent speaks all the same.
    """

    started_at: float
    item_id: str
    committed: bool = False
    greets: bool = False
    overruled: bool = False
    words: Words = NO_WORDS

    def overrule(self) -> None:
        """Nothing that the agent says stops for it any more."""
        self.committed = self.overruled = True

    def commits_at(self, agent: Agent, paused: bool, rules: TurnRules) -> float | None:
        """When it cuts the agent off if it goes on; None: never, as things are. `paused`: the
        agent is, because of it."""
        if self.committed or self.greets:
            return None
        if paused:
            after = rules.commit_after_ms
            if not self.words.total:
                after = max(after, rules.wordless_ms)
        elif agent.floor is Floor.AUDIBLE and agent.protection is Protection.YIELDS_LATE:
            after = rules.protected_yields_after_ms
        else:
            return None
        if self.words.acknowledges:
            after = max(after, rules.acknowledging_ms)
        return self.started_at + (after + rules.hangover_ms) / 1000


@dataclass
class Doubt:
    """An utterance over the agent's voice whose meaning is still open.

    `lasted`: it is a turn unless its words say otherwise. `final`: no more words will come.
    """

    stopped_at: float
    quiet_since: float
    lasted: bool = False
    final: bool = False
    wordless: bool = True


@dataclass
class Turn:
    """What the caller has said, and may go on with."""

    quiet_since: float
    patience_ms: int

    @property
    def over_at(self) -> float:
        return self.quiet_since + self.patience_ms / 1000

    def is_over(self, now: float) -> bool:
        """Whether the caller has been quiet for long enough."""
        return now + _A_MOMENT >= self.over_at


@dataclass
class Agent:
    """`opening`: what it says is the call's first utterance, until it was heard.

    `reclaims`: what is pending was cut off before. `answers`: the turn that it answers.
    """

    floor: Floor = Floor.FREE
    protection: Protection = Protection.NONE
    opening: bool = False
    reclaims: bool = False
    answers: Turn | None = None

    def goes_on(self, now: float, patience_ms: int, rules: TurnRules) -> Turn | None:
        """The turn that what is pending answers, if it is given more patience by now."""
        if self.answers is None or self.floor is not Floor.PENDING:
            return None
        turn = Turn(self.answers.quiet_since, patience_ms)
        return None if turn.is_over(now + rules.withdraw_ms / 1000) else turn

    @property
    def interruptible(self) -> bool:
        return self.floor is not Floor.FREE and self.protection is Protection.NONE

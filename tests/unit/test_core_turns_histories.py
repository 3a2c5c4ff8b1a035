"""Turn-taking under every short history of facts, and under many long ones."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from topcalls.core.listening_words import NO_WORDS, Words
from topcalls.core.turn_rules import (
    Commit,
    CreateResponse,
    Decision,
    Floor,
    Pause,
    Protection,
    Reclaim,
    Resume,
    TurnRules,
)
from topcalls.core.turns import TurnTaking

RULES = TurnRules()


class Talk:
    """Drives one history and checks what must hold after every decision."""

    def __init__(self) -> None:
        self.turns = TurnTaking(RULES)
        self.now = 0.0
        self.paused = False
        self.paused_at = 0.0
        self.items = itertools.count()
        self.item = "none"

    def check(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            if isinstance(decision, Pause):
                assert not self.paused
                self.paused_at = self.now
            if isinstance(decision, Resume):
                assert self.paused
            if isinstance(decision, Pause | Resume | Commit):
                self.paused = isinstance(decision, Pause)
            if isinstance(decision, Reclaim):
                assert not self.turns.caller_speaking
        if self.paused and not self.turns.caller_speaking:
            assert self.turns.deadline is not None, "paused for ever"
        assert decisions.count(CreateResponse()) + decisions.count(Reclaim()) <= 1

    def start(self) -> list[Decision]:
        self.item = f"item-{next(self.items)}"
        return self.turns.caller_started(self.now, self.item)

    def stop(self, speech_ms: float, patience_ms: int = 0) -> list[Decision]:
        speaking, floor = self.turns.caller_speaking, self.turns.floor
        decisions = self.turns.caller_stopped(
            self.now, self.item, speech_ms, quiet_ms=300, patience_ms=patience_ms
        )
        if speaking and floor is Floor.FREE:
            waits = patience_ms > 300
            assert waits == self.turns.turn_is_open
            assert waits or decisions[-1] == CreateResponse()
        return decisions

    def words(self, words: Words, *, final: bool = True, patience_ms: int = 0) -> list[Decision]:
        return self.turns.caller_words(
            self.now, self.item, words, final=final, patience_ms=patience_ms
        )

    def wait(self, seconds: float) -> list[Decision]:
        self.now += seconds
        return self.turns.tick(self.now)

    def end(self) -> None:
        """Everybody falls silent; nothing may stay open."""
        self.check(self.turns.caller_stopped(self.now, self.item, 200.0))
        self.now += 1.5
        self.check(self.turns.agent_silent(self.now))
        for _ in range(3):
            self.now += 9.0
            self.check(self.turns.tick(self.now))
            self.check(self.turns.agent_silent(self.now))
        assert self.turns.deadline is None
        assert not self.turns.turn_is_open
        assert not self.paused


FACTS: dict[str, Callable[[Talk], list[Decision]]] = {
    "start": Talk.start,
    "stop short": lambda talk: talk.stop(200.0),
    "stop brief": lambda talk: talk.stop(700.0),
    "stop long": lambda talk: talk.stop(1800.0),
    "stop and wait": lambda talk: talk.stop(1800.0, patience_ms=1200),
    "audible": lambda talk: talk.turns.agent_audible(talk.now),
    "protected": lambda talk: talk.turns.agent_audible(talk.now, Protection.YIELDS_LATE),
    "silent": lambda talk: talk.turns.agent_silent(talk.now),
    "words": lambda talk: talk.words(Words(3, 3)),
    "yeah": lambda talk: talk.words(Words(0, 1)),
    "no words": lambda talk: talk.words(NO_WORDS),
    "words lost": lambda talk: talk.turns.words_lost(talk.now, talk.item),
    "words that lead on": lambda talk: talk.words(Words(3, 3), patience_ms=2000),
    "a word so far": lambda talk: talk.words(Words(1, 2), final=False),
    "tool": lambda talk: talk.turns.response_wanted(),
    "keys": lambda talk: talk.turns.keys_pressed(),
    "opening": lambda talk: talk.turns.agent_pending(opening=True),
    "lost": lambda talk: talk.turns.ears_lost(),
    "moment": lambda talk: talk.wait(0.4),
    "while": lambda talk: talk.wait(4.5),
}


def play(names: tuple[str, ...] | list[str]) -> None:
    talk = Talk()
    try:
        for name in names:
            talk.check(FACTS[name](talk))
        talk.end()
    except AssertionError as error:
        raise AssertionError(f"{error} after {', '.join(names)}") from None


@pytest.mark.parametrize("first", FACTS)
def test_no_short_history_leaves_the_agent_paused_or_a_turn_unanswered(first: str) -> None:
    for rest in itertools.product(FACTS, repeat=2):
        play((first, *rest))


@pytest.mark.parametrize("seed", range(8))
def test_no_long_history_does_either(seed: int) -> None:
    dice = random.Random(seed)
    names = list(FACTS)
    for _ in range(600):
        play(dice.choices(names, k=dice.randint(4, 40)))


class Noise(Talk):
    """A line that makes sounds while the agent speaks, and never a word."""

    def __init__(self) -> None:
        super().__init__()
        self.turns.agent_pending()
        self.check(self.turns.agent_audible(0.0))
        self.cut = False

    def happens(self, name: str) -> None:
        if name.startswith("stop") and not self.turns.caller_speaking:
            return
        decisions = FACTS[name](self)
        self.check(decisions)
        self.cut = (self.cut or Commit() in decisions) and Reclaim() not in decisions
        if CreateResponse() in decisions:  # which finds nothing to answer
            self.check(self.turns.agent_silent(self.now))


def test_a_sound_without_words_never_has_the_last_word() -> None:
    noises = ("start", "stop short", "stop brief", "stop long", "no words", "moment", "while")
    for history in itertools.product(noises, repeat=5):
        noise = Noise()
        for name in ("start", *history, "stop brief", "no words", "while", "while"):
            noise.happens(name)
        assert not noise.cut, history

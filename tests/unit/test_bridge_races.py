"""Conversations in which anything may happen at any moment: what must hold all the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bridge_doubles import Audio, Line, Talk, Tool, configured

from topcalls.bridge.config import Limits
from topcalls.bridge.opening import OpeningPlan
from topcalls.core.filler import FillerPlan
from topcalls.core.live_words import Words
from topcalls.core.turn_rules import Floor, TurnRules
from topcalls.errors import ProviderError
from topcalls.providers.base import (
    AudioDelta,
    CallerTranscript,
    CallerTranscriptFailed,
    ProviderClosed,
    Rendered,
    ToolCall,
)

APOLOGY = configured(apology=b"\x02" * 4000, apology_text="Sorry.", silence_timeout=12.0)
PLANS = [
    OpeningPlan("Hi, this is Rachel."),
    OpeningPlan("Hi, this is Rachel.", protected=True),
    OpeningPlan("Hi, this is Rachel.", greeting_wait=2.0),
    OpeningPlan(greeting_wait=1.0),
    OpeningPlan(),
]


class AnyTalk:
    """A talk whose steps are drawn at random; the seed makes it come out the same again."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.tool = Tool(held=True)
        config = replace(
            APOLOGY,
            opening=self.dice.choice(PLANS),
            limits=Limits(swap=15.0),
            rules=self.dice.choice([TurnRules(), TurnRules(longest_turn_ms=1500)]),
            longest_answer_ms=self.dice.choice([500, 90_000]),
            filler=FillerPlan(("Hm.", "Well."), 500),
        )
        self.talk = Talk(config, run_tool=self.tool).ring()
        self.answered = False
        self.speech: str | None = None
        self.wishes = 0
        self.spoken: list[str] = []
        self.response: str | None = None

    @property
    def over(self) -> bool:
        return bool(self.talk.observer.ends)

    def step(self) -> None:
        STEPS[self.dice.randrange(len(STEPS))](self)
        if self.dice.random() < 0.6:
            self.talk.settle()
        if self.dice.random() < 0.4:
            self.talk.advance(self.dice.choice([0.1, 0.3, 1.2]))

    def answer(self) -> None:
        if not self.answered:
            self.answered = True
            self.talk.answer()

    def start(self) -> None:
        if self.answered and self.speech is None:
            self.speech = self.talk.start_speech()

    def stop(self) -> None:
        if self.speech is not None:
            item, self.speech = self.speech, None
            self.talk.stop_speech(item)
            self.spoken.append(item)

    def words(self) -> None:
        if self.spoken:
            item = self.spoken.pop(self.dice.randrange(len(self.spoken)))
            words = self.dice.choice(["Yes.", "No, not like that.", ""])
            self.talk.session.emit(CallerTranscript(item, words))

    def no_words(self) -> None:
        if self.spoken:
            self.talk.session.emit(CallerTranscriptFailed(self.spoken.pop()))

    def begin(self) -> None:
        session = self.talk.session
        if session.wanted and not session._active:
            self.response = session.begin()

    def say(self) -> None:
        if self.response in self.talk.session._active:
            seconds = self.dice.choice([0.1, 0.8, 3.0])
            self.talk.session.say(self.response, "some words to say", seconds)

    def say_part(self) -> None:
        if self.response in self.talk.session._active:
            self.talk.session.emit(AudioDelta(self.response, f"part-{self.response}", b"x" * 900))

    def call(self) -> None:
        if self.response in self.talk.session._active:
            name = self.dice.choice(["look_up", "look_up", "end_call", "unknown"])
            call_id = f"call-{self.dice.random()}"
            self.talk.session.emit(ToolCall(self.response, call_id, name, "{}"))

    def end(self) -> None:
        if self.response in self.talk.session._active:
            status = self.dice.choice(["completed", "completed", "failed", "incomplete"])
            error = ProviderError("x", retryable=True) if status == "failed" else None
            self.talk.session.end(self.response, status, error=error)

    def finish_tools(self) -> None:
        self.tool.gate.set()
        self.talk.settle()
        self.tool.gate.clear()

    def render(self) -> None:
        clip = b"x" * 8 * self.dice.choice([0, 200, 1500])
        self.talk.session.emit(Rendered(self.dice.choice(["Hm.", "Well."]), clip))

    def lose(self) -> None:
        if self.dice.random() < 0.2:
            self.speech, self.spoken, self.response = None, [], None
            self.talk.session.emit(ProviderClosed(1006))
            self.talk.settle()

    def lose_replacement(self) -> None:
        session = self.talk.model.sessions[-1]
        if session is not self.talk.session:
            session.emit(ProviderClosed(1006))

    def press(self) -> None:
        self.talk.bridge.dtmf(self.dice.choice("12#"))

    def command(self) -> None:
        self.wishes += 1
        how = {"interruptible": self.dice.random() < 0.5, "interrupt": self.dice.random() < 0.5}
        self.talk.bridge.say(Words(f"wish-{self.wishes}", "A word from the office.", **how))

    def tear(self) -> None:
        if self.answered and self.dice.random() < 0.3:
            self.talk.line.on_closed(1006, "")
            self.talk.line = Line()
            self.talk.bridge.attach(Audio(self.talk.line, self.talk.loudspeaker))


STEPS: list[Callable[[AnyTalk], None]] = [
    AnyTalk.answer,
    AnyTalk.start,
    AnyTalk.stop,
    AnyTalk.words,
    AnyTalk.no_words,
    AnyTalk.begin,
    AnyTalk.begin,
    AnyTalk.say,
    AnyTalk.say,
    AnyTalk.say_part,
    AnyTalk.call,
    AnyTalk.end,
    AnyTalk.end,
    AnyTalk.render,
    AnyTalk.finish_tools,
    AnyTalk.lose,
    AnyTalk.lose_replacement,
    AnyTalk.press,
    AnyTalk.command,
    AnyTalk.tear,
]


def check_order(turns: list[Any]) -> None:
    """Every turn is told in whole and corrected only under its own number."""
    for turn in turns:
        assert turn.text
        assert turn.ended_ms >= turn.started_ms >= 0
        assert turn.final
    latest = {turn.seq: turn for turn in turns}
    speakers = {turn.seq: turn.speaker for turn in turns}
    assert all(latest[turn.seq].speaker == speakers[turn.seq] for turn in turns)


@pytest.mark.parametrize("seed", range(60))
def test_no_conversation_breaks_or_stays_mute(seed: int) -> None:
    any_talk = AnyTalk(seed)
    talk = any_talk.talk
    for _ in range(60):
        if any_talk.over:
            break
        any_talk.step()
    if not any_talk.over:
        any_talk.stop()
        talk.advance(1.3)  # words that may still come are waited for in silence
        talking = talk.bridge._conversation._parts.turns
        if not talking.caller_speaking:
            assert not talk.loudspeaker.paused, "paused, and nobody speaks"
        assert isinstance(talking.floor, Floor)
    talk.end()
    check_order(talk.observer.turns)


@pytest.mark.parametrize("seed", range(60, 80))
def test_a_conversation_left_alone_comes_to_its_end(seed: int) -> None:
    any_talk = AnyTalk(seed)
    any_talk.answer()
    for _ in range(40):
        if any_talk.over:
            break
        any_talk.step()
    any_talk.stop()
    any_talk.tool.gate.set()
    for _ in range(300):  # the model answers, the caller says nothing more
        if any_talk.over:
            break
        session = any_talk.talk.session
        for response_id in list(session._active):
            session.end(response_id)
        if session.wanted:
            session.respond("All right.", 0.4)
        any_talk.talk.advance(0.5)
    assert any_talk.over
    any_talk.talk.is_gone()

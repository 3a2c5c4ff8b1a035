"""A model that listens: when it is asked, what its verdict does, and what happens without one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bridge_doubles import CONFIG, Talk, configured

from topcalls import metrics
from topcalls.bridge.end_of_turn import BEFORE_MS, HOLD_MS
from topcalls.bridge.hearing import HearingOptions, HearingPlan
from topcalls.core.call_request import CallRequest
from topcalls.core.endpointing import DOUBTFUL_MS, UNFINISHED_MS
from topcalls.core.interruption import RULES, SOUND, Interruption
from topcalls.providers.base import CallerTranscript, Ears, SpeechStopped

EARS_MS = 300


class Listener:
    """The verdict comes when the test says so. `busy`: it takes no question."""

    def __init__(self, busy: bool = False) -> None:
        self.busy = busy
        self.asked = []
        self._told = []

    def ask(self, audio, codec, told):
        self.asked.append((audio, codec))
        self._told.append(told)
        return not self.busy

    def warm_up(self):
        """Nothing to load."""

    def says(self, talk: Talk, finished: float, question: int = -1) -> None:
        self._told[question](finished)
        talk.settle()


def talk_with(listener: Listener, agent_seconds: float = 1.0, **changes) -> Talk:
    """The agent has asked something, or (after more than a second) is at it still."""
    hearing = HearingPlan(turn_model=listener)
    talk = Talk(configured(hearing=hearing, **changes)).ring().answer()
    talk.caller_says("Hello.")
    talk.advance(0.6)
    talk.session.respond("How can I help?", agent_seconds)
    talk.advance(1.4)
    talk.calls.clear()
    listener.asked.clear()
    return talk


def pause_after(talk: Talk, seconds: float = 1.0) -> str:
    """The caller speaks, and is quiet; the ears tell it after 300 ms."""
    item = talk.start_speech()
    talk.advance(seconds + EARS_MS / 1000)
    talk.tell(SpeechStopped(talk.sent_ms - EARS_MS, item))
    return item


def answered_after(talk: Talk) -> int:
    """How many milliseconds after the caller's last sound the answer was asked for."""
    waited = EARS_MS
    while ("respond",) not in talk.calls:
        assert waited < 4000, "never answered"
        talk.advance(0.02)
        waited += 20
    return waited


def counted(verdict: str) -> float:
    return metrics.turn_verdicts.labels(verdict)._value.get()


@pytest.mark.parametrize(
    ("finished", "expected", "verdict"),
    [
        (0.02, UNFINISHED_MS, "goes_on"),
        (0.2, DOUBTFUL_MS, "doubtful"),
        (0.95, CONFIG.endpointing.min_ms + 80, "finished"),
    ],
)
def test_how_it_sounds_decides_how_long_the_caller_is_waited_for(finished, expected, verdict):
    listener, before = Listener(), counted(verdict)
    talk = talk_with(listener)
    pause_after(talk)
    listener.says(talk, finished)
    assert answered_after(talk) == pytest.approx(expected, abs=40)
    assert counted(verdict) == before + 1
    talk.end()


def test_the_model_hears_the_turn_and_a_little_before_it():
    listener = Listener()
    talk = talk_with(listener)
    pause_after(talk, seconds=1.0)
    ((audio, codec),) = listener.asked
    assert codec == "PCMU"
    assert len(audio) // 8 == pytest.approx(BEFORE_MS + 1000 + EARS_MS, abs=60)
    talk.end()


def test_a_turn_that_went_on_after_a_pause_is_heard_from_its_beginning():
    listener = Listener()
    talk = talk_with(listener)
    pause_after(talk, seconds=1.0)
    listener.says(talk, 0.02)
    talk.advance(0.4)
    pause_after(talk, seconds=1.0)
    assert len(listener.asked[-1][0]) // 8 == pytest.approx(
        BEFORE_MS + 1000 + EARS_MS + 400 + 1000 + EARS_MS, abs=100
    )
    talk.end()


def test_no_answer_is_asked_for_while_the_verdict_may_come():
    listener = Listener()
    talk = talk_with(listener)
    pause_after(talk)
    listener.says(talk, 0.5)
    usual = answered_after(talk)
    talk.end()

    late = Listener()
    talk = talk_with(late, endpointing=replace(CONFIG.endpointing, min_ms=200))
    item = talk.start_speech()
    talk.advance(1.3)
    talk.tell(SpeechStopped(talk.sent_ms - EARS_MS, item))
    assert answered_after(talk) == pytest.approx(EARS_MS + HOLD_MS, abs=40)
    assert usual == pytest.approx(CONFIG.endpointing.min_ms + 80, abs=40)
    talk.end()


def test_a_verdict_that_comes_late_withdraws_an_answer_nobody_heard():
    listener = Listener()
    talk = talk_with(listener)
    pause_after(talk)
    answered_after(talk)
    listener.says(talk, 0.02)
    assert ("cancel",) in talk.calls
    talk.end()


def test_a_verdict_about_a_pause_that_is_over_means_nothing():
    listener, before = Listener(), counted("late")
    talk = talk_with(listener)
    pause_after(talk)
    talk.start_speech()
    listener.says(talk, 0.02)
    assert counted("late") == before + 1
    talk.end()


def test_a_model_that_is_busy_holds_nothing_up():
    listener = Listener(busy=True)
    talk = talk_with(listener)
    before = counted("unasked")
    pause_after(talk)
    assert answered_after(talk) == pytest.approx(CONFIG.endpointing.min_ms + 80, abs=40)
    assert counted("unasked") == before + 1
    talk.end()


def test_words_that_end_in_a_question_outdo_the_sound():
    listener = Listener()
    talk = talk_with(listener)
    item = pause_after(talk)
    listener.says(talk, 0.02)
    talk.tell(CallerTranscript(item, "What are your opening hours?"))
    assert answered_after(talk) <= CONFIG.endpointing.min_ms + 40
    talk.end()


def test_the_timing_of_an_answer_tells_what_the_model_thought():
    listener = Listener()
    talk = talk_with(listener)
    pause_after(talk)
    listener.says(talk, 0.875)
    answered_after(talk)
    talk.session.respond("We open at nine.", 1.0)
    talk.advance(0.2)
    assert talk.observer.timings[-1].finished == 0.875
    talk.end()


def test_nobody_listens_while_the_agent_speaks_or_where_the_vendor_judges():
    listener = Listener()
    talk = talk_with(listener, agent_seconds=6.0)
    pause_after(talk, seconds=0.3)
    assert listener.asked == []
    talk.end()
    talk = talk_with(listener, endpointing=replace(CONFIG.endpointing, by_model=True))
    pause_after(talk)
    assert listener.asked == []
    talk.end()


@pytest.mark.parametrize(
    ("usual", "asked", "listens"),
    [(RULES, None, False), (RULES, SOUND, True), (SOUND, None, True), (SOUND, RULES, False)],
)
def test_a_call_may_choose_and_the_installation_has_a_default(usual, asked, listens):
    listener = Listener()
    options = HearingOptions(judge=usual, turn_model=listener)
    request = CallRequest(
        "+12025550123", task="Help.", interruption=Interruption(endpointing={"by": asked})
    )
    plan = options.plan(request, Ears())
    assert (plan.turn_model is listener) is listens

"""A caller who pauses is not talked into, and one who has finished is answered soon."""

from __future__ import annotations

import pytest
from bridge_doubles import CONFIG, Talk, configured

from topcalls.bridge.config import conversation_for
from topcalls.core.call_request import CallRequest
from topcalls.core.endpointing import READING_OUT_MS, RHYTHM_MS, Endpointing
from topcalls.core.interruption import Interruption
from topcalls.core.turn_rules import TurnRules
from topcalls.providers.base import (
    CallerTextDelta,
    CallerTranscript,
    ProviderClosed,
    SessionConfig,
    SpeechStopped,
)

ENGLISH = configured(session=SessionConfig("model", "Be kind.", language="en"))
EARS_MS = 300


def asked(question: str = "What is your customer number?") -> Talk:
    """The agent has just asked the caller something."""
    talk = Talk(ENGLISH).ring().answer()
    talk.caller_says("Hello.")
    talk.session.respond(question, 1.0)
    talk.advance(1.2)
    talk.calls.clear()
    return talk


def speak(talk: Talk, *partials: str, seconds: float = 1.0) -> str:
    """The caller says something; the ears tell when they have been quiet for 300 ms."""
    item = talk.start_speech()
    talk.advance(seconds)
    for partial in partials:
        talk.tell(CallerTextDelta(item, partial))
    talk.advance(EARS_MS / 1000)
    talk.tell(SpeechStopped(talk.sent_ms - EARS_MS, item))
    return item


def answered_after(talk: Talk, limit: float = 4.0) -> int:
    """How many milliseconds after the caller's last sound the answer was asked for."""
    waited = EARS_MS
    while ("respond",) not in talk.calls:
        assert waited < limit * 1000, "never answered"
        talk.advance(0.02)
        waited += 20
    return waited


def test_an_ordinary_sentence_is_answered_soon() -> None:
    talk = asked("How can I help you?")
    speak(talk, "What are your opening hours?")
    assert answered_after(talk) == pytest.approx(ENGLISH.endpointing.min_ms, abs=40)
    talk.end()


def test_words_that_come_late_are_not_waited_for_after_an_ordinary_question() -> None:
    talk = asked("How can I help you?")
    speak(talk)
    assert answered_after(talk) <= 540
    talk.end()


def test_a_number_may_be_read_out_with_pauses() -> None:
    talk = asked()
    for _ in range(3):
        speak(talk, "five five")
        talk.advance(0.7)
        assert talk.calls == []
    assert talk.calls.count(("respond",)) == 0
    talk.advance(1.0)
    assert talk.calls == [("respond",)]
    talk.end()


def test_a_number_whose_words_are_not_known_yet_is_waited_for_too() -> None:
    talk = asked()
    speak(talk)
    assert answered_after(talk) == pytest.approx(READING_OUT_MS, abs=40)
    talk.end()


def test_words_that_answer_the_question_end_the_wait() -> None:
    talk = asked()
    item = speak(talk)
    talk.advance(0.4)
    assert talk.calls == []
    talk.tell(CallerTranscript(item, "I do not have it here."))
    assert talk.calls == [("respond",)]
    talk.end()


def test_a_sentence_that_leads_on_may_be_finished() -> None:
    talk = asked("How can I help you?")
    speak(talk, "I would like to book a table and")
    talk.advance(0.7)
    assert talk.calls == []
    speak(talk, "order some flowers.")
    assert answered_after(talk) <= 440
    assert talk.calls == [("respond",)]
    talk.end()


def test_words_that_come_after_the_answer_was_asked_for_can_still_stop_it() -> None:
    talk = asked("How can I help you?")
    item = speak(talk)
    answered_after(talk)
    talk.advance(0.2)
    talk.tell(CallerTranscript(item, "My customer number is"))
    assert talk.calls == [("respond",), ("cancel",)]
    item = speak(talk, seconds=0.5)
    talk.advance(0.4)
    talk.tell(CallerTranscript(item, "five five"))
    item = speak(talk, seconds=0.5)  # its words are not known, and it is a number all the same
    talk.advance(0.8)
    assert talk.calls == [("respond",), ("cancel",)]
    talk.tell(CallerTranscript(item, "seven one"))
    talk.calls.clear()
    assert answered_after(talk) > 0
    talk.session.respond("Thank you.", 0.5)
    talk.advance(0.2)
    assert talk.observer.timings[-1].endpointing_ms == pytest.approx(READING_OUT_MS, abs=60)
    talk.end()


def test_an_answer_that_was_withdrawn_is_timed_from_the_last_word() -> None:
    talk = asked("How can I help you?")
    item = speak(talk)
    answered_after(talk)
    talk.tell(CallerTranscript(item, "I would like to"))
    talk.calls.clear()
    answered_after(talk)
    talk.session.respond("Yes?", 0.5)
    talk.advance(0.2)
    assert talk.observer.timings[-1].endpointing_ms == pytest.approx(1200, abs=60)
    talk.end()


def test_a_caller_who_pauses_is_known_by_it() -> None:
    talk = asked("How can I help you?")
    item = speak(talk, "I would like to")
    talk.advance(0.5)
    speak(talk)
    assert answered_after(talk) == pytest.approx(300 + 500 + RHYTHM_MS, abs=60)
    talk.tell(CallerTranscript(item, "I would like to"))
    talk.session.respond("Yes?", 0.5)
    talk.advance(1.0)
    talk.calls.clear()
    speak(talk)  # another turn
    assert answered_after(talk) <= 540
    talk.end()


def test_the_wait_is_told_as_the_ears_share() -> None:
    talk = asked("How can I help you?")
    speak(talk, "I would like to")
    waited = answered_after(talk)
    talk.session.respond("Yes?", 0.5)
    talk.advance(0.2)
    assert talk.observer.timings[-1].endpointing_ms == pytest.approx(waited, abs=40)
    talk.end()


def test_a_session_that_is_lost_meanwhile_leaves_the_answer_to_the_next() -> None:
    talk = asked("How can I help you?")
    speak(talk, "I would like to")
    talk.tell(ProviderClosed(1006))
    talk.advance(0.5)
    assert talk.session.calls[-1] == ("respond",)
    assert ("message", "user", "I would like to") in talk.session.calls
    talk.end()


def test_nobody_is_asked_whether_they_are_there_while_they_think() -> None:
    config = configured(
        session=ENGLISH.session, silence_timeout=1.0, endpointing=Endpointing(max_ms=5000)
    )
    talk = Talk(config).ring().answer()
    speak(talk, "My e-mail is john dot")
    talk.advance(1.2)
    assert talk.calls == []
    assert not talk.bridge.is_quiet
    talk.end()


def test_an_agent_that_is_not_interrupted_is_heard_to_its_end() -> None:
    talk = Talk(configured(rules=TurnRules(interruptible=False))).ring().answer()
    talk.caller_says("Hello.")
    talk.session.respond("A long announcement.", 4.0)
    talk.advance(1.0)
    talk.calls.clear()
    talk.caller_says("Wait, I have a question.", 1.0)
    assert talk.loudspeaker.log == []
    assert talk.calls == []
    talk.advance(2.0)
    assert talk.calls == [("respond",)]
    talk.end()


# --- what a call asks for


def conversation(**interruption: object) -> object:
    asked = Interruption(**interruption)  # type: ignore[arg-type]
    request = CallRequest("+12025550100", task="Say hello.", interruption=asked)
    return conversation_for(request, default_model="m")


def test_what_a_call_asks_for_reaches_its_conversation() -> None:
    config = conversation(
        min_words=5,
        enabled=False,
        acknowledgements=("roger",),
        endpointing={"min_ms": 700, "max_ms": 900},
    )
    assert (config.rules.min_words, config.rules.interruptible) == (5, False)
    assert config.acknowledgements == ("roger",)
    assert config.endpointing == Endpointing(700, 900)
    assert config.session.ears.silence_ms == 500
    assert config.rules.hangover_ms == 500


def test_ears_tell_earlier_than_the_turn_is_over() -> None:
    config = conversation()
    assert config.session.ears.silence_ms == 300
    assert config.endpointing.min_ms == 400


def test_the_model_may_judge_the_end_of_a_turn() -> None:
    config = conversation(endpointing={"by": "model"})
    assert config.session.ears.semantic
    assert config.endpointing.by_model


def test_own_acknowledgements_do_not_interrupt() -> None:
    talk = Talk(configured(session=ENGLISH.session, acknowledgements=("roger that",)))
    talk.ring().answer()
    talk.caller_says("Hello.")
    talk.session.respond("A long story.", 4.0)
    talk.advance(1.0)
    item = talk.start_speech()
    talk.tell(CallerTextDelta(item, "Roger that"))
    talk.advance(1.2)
    talk.stop_speech(item)
    assert talk.loudspeaker.log == ["pause", "resume"]
    assert CONFIG.acknowledgements == ()
    talk.end()

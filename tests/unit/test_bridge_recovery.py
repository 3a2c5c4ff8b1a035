"""When the model fails: before the call, during it, and for good."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bridge_doubles import CONFIG, LIMIT, Talk, Tool, configured

from topcalls.bridge.config import Limits
from topcalls.bridge.opening import OpeningPlan
from topcalls.core.live_words import Words
from topcalls.errors import ProviderError
from topcalls.providers.base import (
    AgentTextDelta,
    AudioDelta,
    CallerTextDelta,
    ProviderClosed,
    ProviderFailed,
    ResponseDone,
)

RACHEL = "Hi, this is Rachel."
APOLOGY = configured(apology=b"\x02" * 8000, apology_text="Sorry, we have a problem.")
OPENING = replace(APOLOGY, opening=OpeningPlan(RACHEL))
CUT = ProviderClosed(1006, "reset")


def broken(retryable: bool = True, code: str = "server_error") -> ProviderError:
    return ProviderError("broken", retryable=retryable, provider_code=code)


def in_talk(config: Any = APOLOGY, **options: Any) -> Talk:
    """One turn of each side has been spoken."""
    talk = Talk(config, **options).ring().answer()
    talk.caller_says("Who is there?")
    talk.session.respond("It is me.", 1.0)
    talk.settle()
    talk.advance(1.2)
    talk.calls.clear()
    return talk


def lose(talk: Talk, event: Any = CUT) -> None:
    """The session dies, and the next one (if any) is there."""
    talk.tell(event)
    talk.advance(0.1)


# --- before the answer


def test_an_opening_that_fails_is_repeated_once() -> None:
    talk = Talk(OPENING)
    talk.model.failures.append(broken())
    talk.bridge.start()
    talk.settle()
    talk.advance(0.5)
    assert talk.observer.is_ready.is_set()
    assert talk.calls == [("speak", RACHEL, True)]
    talk.end()


def test_an_opening_that_fails_twice_ends_the_call() -> None:
    talk = Talk(OPENING)
    talk.model.failures += [broken(), broken(code="rate_limit_exceeded")]
    talk.bridge.start()
    talk.settle()
    talk.advance(0.5)
    assert talk.observer.ends == [("provider_failed", "rate_limit_exceeded")]
    talk.is_gone()


def test_a_wrong_key_is_not_tried_again() -> None:
    talk = Talk(OPENING)
    talk.model.failures.append(broken(retryable=False, code="invalid_api_key"))
    talk.bridge.start()
    talk.settle()
    assert talk.observer.ends == [("provider_failed", "invalid_api_key")]
    talk.is_gone()


def test_an_adapter_that_breaks_ends_the_call() -> None:
    talk = Talk(OPENING)
    talk.model.failures.append(ValueError("a bug"))  # type: ignore[arg-type]
    talk.bridge.start()
    talk.settle()
    assert talk.observer.ends == [("provider_failed", "provider_error")]
    talk.is_gone()


def test_a_model_that_fails_when_the_call_is_answered_is_apologized_for() -> None:
    talk = Talk(OPENING)
    talk.model.gate.clear()
    talk.bridge.start()
    talk.answer()
    talk.model.failures.append(broken(retryable=False))
    talk.model.gate.set()
    talk.settle()
    talk.advance(0.9)
    assert talk.observer.ends == []
    talk.advance(0.6)
    assert talk.observer.ends == [("provider_failed", "server_error")]
    assert talk.observer.texts() == [("assistant", "Sorry, we have a problem.")]
    talk.is_gone()


def test_a_session_lost_while_it_rings_is_replaced_and_the_opening_kept() -> None:
    talk = Talk(OPENING).ring()
    talk.session.respond(RACHEL, 1.0)
    talk.settle()
    lose(talk)
    assert len(talk.model.sessions) == 2
    assert talk.calls == []
    talk.answer()
    talk.advance(1.2)
    assert talk.observer.texts() == [("assistant", RACHEL)]
    assert talk.calls == [("message", "assistant", RACHEL)]
    talk.end()


def test_half_an_opening_that_nobody_heard_is_made_again() -> None:
    talk = Talk(OPENING).ring()
    talk.session.say(talk.session.begin(), "Hi, this", 0.5, done=False)
    talk.settle()
    lose(talk)
    assert talk.calls == [("speak", RACHEL, True)]
    talk.session.respond(RACHEL, 1.0)
    talk.answer()
    talk.advance(1.2)
    assert talk.observer.texts() == [("assistant", RACHEL)]
    talk.end()


# --- during the call


@pytest.mark.parametrize(
    "event", [CUT, ProviderClosed(1001, "maximum duration"), ProviderFailed(broken())]
)
def test_a_lost_session_is_replaced_with_the_conversation_carried_over(event: Any) -> None:
    talk = in_talk()
    first = talk.session
    lose(talk, event)
    assert first.closed
    assert talk.session is not first
    assert talk.calls == [
        ("message", "user", "Who is there?"),
        ("message", "assistant", "It is me."),
    ]
    talk.caller_says("Are you still there?")
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_what_is_being_heard_is_heard_to_its_end() -> None:
    talk = in_talk()
    talk.caller_says("Go on.")
    talk.session.respond("This is a long sentence.", 2.0)
    talk.advance(0.5)
    lose(talk)
    talk.advance(2.0)
    assert talk.observer.texts()[-1] == ("assistant", "This is a long sentence.")
    assert not talk.observer.turns[-1].interrupted
    talk.end()


def test_a_pause_for_a_doubt_does_not_outlive_the_session() -> None:
    talk = in_talk()
    talk.caller_says("Go on.")
    talk.session.respond("This is a long sentence.", 2.0)
    talk.advance(0.5)
    talk.start_speech()
    assert talk.loudspeaker.paused
    lose(talk)
    assert not talk.loudspeaker.paused
    talk.end()


def test_an_answer_that_was_owed_is_asked_for_again() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    lose(talk)
    assert talk.calls[-2:] == [("message", "user", "What time is it?"), ("respond",)]
    talk.end()


def test_an_answer_that_broke_off_is_completed() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    talk.session.say(talk.session.begin(), "It is half", 0.5, done=False)
    talk.advance(0.3)
    lose(talk)
    kind, text, exact = talk.calls[-1]
    assert (kind, exact) == ("speak", False)
    assert "interrupted" in text
    talk.end()


def test_an_interruption_of_old_speech_is_not_told_to_the_new_session() -> None:
    talk = in_talk()
    talk.caller_says("Go on.")
    talk.session.respond("This is a very long sentence.", 5.0)
    talk.advance(0.5)
    lose(talk)
    talk.calls.clear()
    talk.start_speech()
    talk.advance(2.1)
    assert talk.calls == [("cancel",)]
    talk.end()


def test_late_news_of_the_old_session_is_ignored() -> None:
    talk = in_talk()
    first = talk.session
    lose(talk)
    first.emit(AgentTextDelta("resp-9", "item-9", "ghost"))
    first.emit(AudioDelta("resp-9", "item-9", b"ghost"))
    first.emit(CUT)
    talk.settle()
    assert "item-9" not in talk.loudspeaker.said
    assert len(talk.model.sessions) == 2
    talk.end()


def test_words_the_lost_session_owed_do_not_hold_up_the_end() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.advance(1.5)
    talk.stop_speech(item)
    lose(talk)
    talk.bridge.stop("hangup")
    talk.settle()
    assert talk.observer.over.wait(LIMIT)
    talk.is_gone()


def test_a_tool_result_for_the_lost_session_is_told_in_words() -> None:
    tool = Tool(held=True)
    talk = in_talk(run_tool=tool)
    talk.caller_says("Where is my order?")
    talk.session.call("look_up")
    talk.settle()
    lose(talk)
    tool.gate.set()
    talk.settle()
    kind, role, text = talk.calls[-2]
    assert (kind, role) == ("message", "system")
    assert "look_up" in text
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_keys_pressed_while_there_is_no_session_reach_the_next_one() -> None:
    talk = in_talk()
    talk.model.gate.clear()
    talk.tell(CUT)
    talk.bridge.dtmf("5")
    talk.bridge.dtmf("#")
    talk.settle()
    talk.model.gate.set()
    talk.settle()
    assert talk.calls[-2] == ("message", "user", "[pressed 5#]")
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_second_loss_without_an_answer_between_is_for_good() -> None:
    talk = in_talk()
    lose(talk)
    lose(talk)
    assert len(talk.model.sessions) == 2
    talk.advance(1.5)
    assert talk.observer.ends == [("provider_failed", "closed_1006")]
    assert talk.observer.texts()[-1] == ("assistant", "Sorry, we have a problem.")
    talk.is_gone()


def test_a_second_loss_after_an_answer_is_another_matter() -> None:
    talk = in_talk()
    lose(talk)
    talk.caller_says("Are you there?")
    talk.session.respond("Yes.", 0.5)
    talk.advance(1.0)
    lose(talk)
    assert len(talk.model.sessions) == 3
    assert talk.observer.ends == []
    talk.end()


def test_a_new_session_that_takes_too_long_is_not_waited_for() -> None:
    talk = in_talk()
    talk.model.gate.clear()
    talk.tell(CUT)
    talk.advance(Limits().reconnect + 0.1)
    assert talk.model.gave_up.wait(LIMIT)
    talk.advance(1.5)
    assert talk.observer.ends == [("provider_failed", "closed_1006")]
    talk.is_gone()


def test_an_account_without_credit_is_apologized_for_at_once() -> None:
    talk = in_talk()
    talk.tell(ProviderFailed(broken(retryable=False, code="insufficient_quota")))
    assert len(talk.model.sessions) == 1
    talk.advance(1.5)
    assert talk.observer.ends == [("provider_failed", "insufficient_quota")]
    talk.is_gone()


def test_without_an_apology_the_call_just_ends() -> None:
    talk = in_talk(CONFIG)
    talk.tell(ProviderFailed(broken(retryable=False)))
    talk.advance(0.5)
    assert talk.observer.ends == [("provider_failed", "server_error")]
    talk.is_gone()


def test_the_apology_is_not_interrupted_by_commands() -> None:
    talk = in_talk()
    talk.tell(ProviderFailed(broken(retryable=False)))
    talk.bridge.say(Words("wish", "Hello"))
    talk.bridge.dtmf("#")
    talk.bridge.inject("x", respond=True)
    talk.advance(1.5)
    assert talk.observer.ends == [("provider_failed", "server_error")]
    talk.is_gone()


def test_a_loss_during_the_goodbye_is_no_reason_to_apologize() -> None:
    talk = in_talk()
    talk.caller_says("Bye.")
    talk.session.call("end_call", text="Goodbye, have a nice day.", seconds=1.0)
    talk.advance(0.3)
    talk.tell(CUT)
    talk.advance(1.2)
    assert talk.observer.ends == [("agent_ended", "")]
    talk.is_gone()


# --- responses that fail, or never come


def fail(talk: Talk, error: ProviderError) -> None:
    talk.session.end(talk.session.begin(), "failed", error=error)
    talk.advance(1.0)


def test_a_failed_response_is_asked_for_once_more() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    fail(talk, broken(code="rate_limit_exceeded"))
    assert talk.calls == [("respond",), ("respond",)]
    talk.session.respond("Half past nine.", 0.5)
    talk.advance(1.0)
    assert talk.observer.texts()[-1] == ("assistant", "Half past nine.")
    talk.end()


def test_a_response_that_fails_twice_is_apologized_for() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    fail(talk, broken())
    fail(talk, broken())
    talk.advance(1.0)
    assert talk.observer.ends == [("provider_failed", "server_error")]
    talk.is_gone()


def test_a_refused_request_counts_as_a_failed_response() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    tag = talk.session.wanted.pop()
    talk.tell(ResponseDone("", tag, "failed", error=broken()))
    talk.advance(1.0)
    assert talk.calls == [("respond",), ("respond",)]
    talk.end()


def test_a_response_that_fails_after_it_was_heard_is_left_at_that() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    response = talk.session.begin()
    talk.session.say(response, "It is", 0.5, done=False)
    talk.session.end(response, "failed", error=broken())
    talk.advance(2.0)
    assert talk.calls == [("respond",)]
    assert talk.observer.ends == []
    talk.end()


def test_a_caller_who_speaks_before_the_retry_gets_one_answer() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    talk.session.end(talk.session.begin(), "failed", error=broken())
    talk.caller_says("Hello?")
    talk.advance(1.0)
    assert talk.calls.count(("respond",)) == 2
    talk.end()


def test_a_session_that_does_not_answer_is_replaced() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    talk.advance(Limits().answer + 0.1)
    assert len(talk.model.sessions) == 2
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_an_answer_that_came_while_we_were_held_up_is_not_late() -> None:
    talk = in_talk()
    talk.caller_says("And who is that?")
    session = talk.session
    talk.clock.advance(CONFIG.limits.answer + 1)
    talk.bridge.wake()
    session.emit(CallerTextDelta("item-9", "Hm"))
    session.respond("It is Rachel.", 1.0)
    talk.settle()
    assert talk.session is session
    assert not session.closed
    talk.end()


def test_a_response_that_stops_in_the_middle_is_completed_by_another_session() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    talk.session.say(talk.session.begin(), "It is half", 0.5, done=False)
    talk.advance(Limits().answer + 0.2)
    assert len(talk.model.sessions) == 2
    kind, text, exact = talk.calls[-1]
    assert (kind, exact) == ("speak", False)
    assert "interrupted" in text
    talk.end()


def test_a_response_without_a_word_for_other_reasons_is_asked_for_again() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    talk.session.end(talk.session.begin(), "incomplete", reason="content_filter")
    talk.advance(1.0)
    assert talk.calls == [("respond",), ("respond",)]
    talk.end()


def test_a_greeting_cut_short_by_a_loss_releases_the_opening() -> None:
    talk = Talk(replace(APOLOGY, opening=OpeningPlan(RACHEL, greeting_wait=4.0))).ring()
    talk.session.respond(RACHEL, 1.0)
    talk.answer()
    talk.start_speech()
    lose(talk)
    talk.advance(1.2)
    assert talk.observer.texts() == [("assistant", RACHEL)]
    talk.end()


def test_a_model_that_never_answers_is_apologized_for() -> None:
    talk = in_talk()
    talk.caller_says("What time is it?")
    talk.advance(2 * Limits().answer + 2.0)
    assert talk.observer.ends == [("provider_failed", "no_answer")]
    talk.is_gone()


def test_a_session_that_dies_as_it_opens_is_a_failed_opening() -> None:
    talk = Talk(OPENING)
    talk.model.dies_at_once = True
    talk.bridge.start()
    talk.settle()
    assert not talk.observer.is_ready.is_set()
    talk.model.dies_at_once = False
    talk.advance(0.5)
    assert talk.observer.is_ready.is_set()
    talk.end()


def test_a_goodbye_without_a_session_is_not_taken_back() -> None:
    talk = in_talk()
    talk.caller_says("Bye.")
    talk.session.call("end_call", text="Goodbye, have a nice day.", seconds=2.0)
    talk.advance(0.3)
    talk.tell(CUT)
    talk.bridge.dtmf("#")
    talk.advance(1.0)
    assert talk.observer.ends == [("agent_ended", "")]
    talk.is_gone()

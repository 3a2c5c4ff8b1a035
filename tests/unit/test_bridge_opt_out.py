"""Somebody says in a conversation that they do not want to be called."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bridge_doubles import SESSION, Talk, configured

from topcalls.bridge import prompt
from topcalls.bridge.config import ConversationConfig
from topcalls.bridge.hold import Reason
from topcalls.bridge.opt_out import ANSWER_SECONDS
from topcalls.core.notes import OPTED_OUT, OPTED_OUT_OF_PURPOSE
from topcalls.core.opt_out import Tier
from topcalls.core.opt_out_words import WORDS, OptOutPlan
from topcalls.providers.base import CallerTextDelta, CallerTranscript

LISTENING = configured(opt_out=OptOutPlan(listens=True))
ENGLISH = WORDS["en"]
STOPPED = ("speak", ENGLISH.stopped, True)
ASKED = ("speak", ENGLISH.question, True)


def in_talk(config: ConversationConfig = LISTENING) -> Talk:
    """The agent has greeted, and was heard."""
    talk = Talk(config).ring().answer()
    talk.caller_says("Hello?")
    talk.session.respond("This is Rachel with an offer.", 1.0)
    talk.advance(1.2)
    talk.calls.clear()
    return talk


def tiers(talk: Talk) -> list[Tier]:
    return [heard.tier for heard in talk.observer.opt_outs]


def ends_after_goodbye(talk: Talk) -> None:
    talk.session.respond(ENGLISH.stopped, 1.5)
    talk.advance(2.2)
    assert talk.observer.ends == [("agent_ended", "opt-out")]
    talk.is_gone()


def asked() -> Talk:
    """The agent has asked, and was heard."""
    talk = in_talk()
    talk.caller_says("I am not interested.")
    assert talk.calls[-1] == ASKED
    talk.session.respond(ENGLISH.question, 1.0)
    talk.advance(1.2)
    talk.calls.clear()
    return talk


def test_a_clear_word_is_told_at_once_confirmed_and_ends_the_call() -> None:
    talk = in_talk()
    talk.caller_says("Take me off your list.")
    assert tiers(talk) == [Tier.STOP]
    assert talk.calls[-1] == STOPPED
    assert ("user", OPTED_OUT) in talk.observer.texts()
    ends_after_goodbye(talk)


def test_the_models_own_words_about_it_are_not_said() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.advance(1.5)
    talk.stop_speech(item)
    assert talk.calls[-1] == ("respond",)
    response = talk.session.begin()
    talk.session.say(response, "Oh, but wait until you have heard this!", 3.0, done=False)
    talk.tell(CallerTranscript(item, "Do not call me again."))
    assert ("cancel",) in talk.calls
    assert talk.calls[-1] == STOPPED
    ends_after_goodbye(talk)
    assert not any("Oh, but" in text for _, text in talk.observer.texts())


def test_nobody_talks_over_the_confirmation() -> None:
    talk = in_talk()
    talk.caller_says("Stop calling me.")
    talk.session.respond(ENGLISH.stopped, 2.0)
    talk.advance(0.5)
    talk.caller_says("And another thing, I have told you so before.", 1.0)
    talk.advance(2.5)
    assert talk.observer.ends == [("agent_ended", "opt-out")]
    assert ("assistant", ENGLISH.stopped) in talk.observer.texts()
    assert talk.calls.count(("respond",)) <= 1  # of the turn in which it was said
    talk.is_gone()


def test_one_about_a_purpose_is_confirmed_as_such() -> None:
    talk = in_talk()
    talk.caller_says("Stop calling me about the solar panels.")
    assert tiers(talk) == [Tier.PURPOSE]
    assert talk.calls[-1] == ("speak", ENGLISH.purpose, True)
    assert ("user", OPTED_OUT_OF_PURPOSE) in talk.observer.texts()
    talk.end()


@pytest.mark.parametrize(
    ("language", "text", "spoken"),
    [
        ("de-CH", "Rufen Sie mich nicht mehr an.", "de"),
        ("fr", "Stop calling me.", "fr"),
        (None, "No me llame más.", "es"),
        ("ja", "Stop calling me.", "en"),
    ],
)
def test_it_is_confirmed_in_the_language_of_the_call(
    language: str | None, text: str, spoken: str
) -> None:
    talk = in_talk(
        configured(opt_out=OptOutPlan(listens=True), session=replace(SESSION, language=language))
    )
    talk.caller_says(text)
    assert talk.calls[-1] == ("speak", WORDS[spoken].stopped, True)
    talk.end()


def test_words_that_stand_count_before_the_turn_is_over() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.tell(CallerTextDelta(item, "Stop calling me, I have"))
    talk.advance(0.6)
    assert tiers(talk) == []
    talk.advance(0.7)
    assert tiers(talk) == [Tier.STOP]
    talk.end()


def test_words_that_change_in_time_do_not_count() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.tell(CallerTextDelta(item, "Don't call me"))
    talk.advance(0.4)
    talk.tell(CallerTextDelta(item, " today, call me tomorrow."))
    talk.advance(2.0)
    talk.tell(CallerTranscript(item, "Don't call me today, call me tomorrow."))
    talk.advance(1.0)
    assert tiers(talk) == []
    talk.end()


def test_a_turn_that_is_cut_off_by_the_end_of_the_call_still_counts() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.bridge.stop("hangup")
    talk.settle()
    talk.tell(CallerTranscript(item, "stop call—"))
    talk.advance(2.0)
    assert tiers(talk) == [Tier.STOP]
    talk.is_gone()


# --- the key


def test_the_key_9_alone_ends_all_calls() -> None:
    talk = in_talk()
    talk.bridge.dtmf("9")
    talk.advance(1.6)
    assert tiers(talk) == [Tier.STOP]
    assert talk.calls[-1] == STOPPED
    ends_after_goodbye(talk)


@pytest.mark.parametrize("digits", ["1995", "9#", "5"])
def test_other_entries_are_answers(digits: str) -> None:
    talk = in_talk()
    for digit in digits:
        talk.bridge.dtmf(digit)
    talk.advance(1.6)
    assert tiers(talk) == []
    assert ("respond",) in talk.calls
    talk.end()


def test_where_keys_are_answers_the_9_is_one() -> None:
    talk = in_talk(configured(opt_out=OptOutPlan(listens=True, by_key=False)))
    talk.bridge.dtmf("9")
    talk.advance(1.6)
    assert tiers(talk) == []
    talk.end()


# --- the question


def test_what_may_mean_it_is_asked_about_and_a_clear_no_goes_on() -> None:
    talk = asked()
    talk.caller_says("No, no, it's fine.")
    assert tiers(talk) == []
    assert ("message", "system", prompt.WANTS_CALLS) in talk.calls
    assert talk.calls[-1] == ("respond",)
    talk.session.respond("Then let me go on.", 1.0)
    talk.advance(1.2)
    talk.caller_says("I am not interested in that one.")
    assert ASKED not in talk.calls  # once in a call
    talk.end()


@pytest.mark.parametrize("answer", ["Yes.", "Yes, please take me off.", "What?", "Goodbye."])
def test_any_other_answer_counts(answer: str) -> None:
    talk = asked()
    talk.caller_says(answer)
    assert Tier.STOP in tiers(talk)
    assert talk.calls[-1] == STOPPED
    ends_after_goodbye(talk)


def test_no_answer_counts() -> None:
    talk = asked()
    talk.advance(ANSWER_SECONDS - 0.5)
    assert tiers(talk) == []
    talk.advance(0.7)
    assert tiers(talk) == [Tier.STOP]
    talk.end()


def test_who_hangs_up_on_the_question_has_answered_it() -> None:
    talk = asked()
    talk.end()
    assert tiers(talk) == [Tier.STOP]


def test_a_question_that_was_cut_off_before_it_was_heard_is_asked_again() -> None:
    talk = in_talk()
    talk.caller_says("I am not interested.")
    talk.bridge.hold(Reason.LINE)
    talk.settle()
    talk.bridge.resume(Reason.LINE)
    talk.settle()
    assert ASKED in talk.calls
    talk.end()
    assert tiers(talk) == []


def test_where_asking_is_off_only_clear_words_count() -> None:
    talk = in_talk(configured(opt_out=OptOutPlan(listens=True, asks=False)))
    talk.caller_says("I am not interested.")
    assert talk.calls[-1] == ("respond",)
    talk.session.respond("A pity.", 1.0)
    talk.advance(1.2)
    talk.caller_says("Do not call me again.")
    assert tiers(talk) == [Tier.STOP]
    talk.end()


def test_who_asks_who_is_calling_before_they_were_told_is_told() -> None:
    talk = Talk(LISTENING).ring().answer()
    talk.caller_says("Hello, who is this?")
    assert talk.calls[-1] == ("respond",)
    talk.end()


# --- what does not count


@pytest.mark.parametrize(
    "text",
    ["Don't stop calling until you reach me.", "Don't call today, call me again tomorrow."],
)
def test_traps(text: str) -> None:
    talk = in_talk()
    talk.caller_says(text)
    talk.advance(1.0)
    assert tiers(talk) == []
    talk.end()


def test_the_agents_own_words_that_come_back_do_not_count() -> None:
    talk = Talk(LISTENING).ring().answer()
    talk.caller_says("Hello?")
    talk.session.respond("Say stop calling me at any time to be removed.", 2.0)
    talk.advance(2.2)
    talk.caller_says("stop calling me at any time")
    assert tiers(talk) == []
    talk.caller_says("Stop calling me.")
    assert tiers(talk) == [Tier.STOP]
    talk.end()


def test_a_call_that_does_not_listen_is_as_before() -> None:
    talk = in_talk(configured())
    talk.caller_says("Stop calling me.")
    assert (tiers(talk), talk.calls[-1]) == ([], ("respond",))
    talk.end()


# --- holds


def test_a_goodbye_that_a_hold_takes_back_comes_after_it() -> None:
    talk = in_talk()
    talk.caller_says("Stop calling me.")
    talk.session.respond(ENGLISH.stopped, 2.0)
    talk.advance(0.3)
    talk.bridge.hold(Reason.SUPERVISOR)
    talk.advance(40.0)
    assert talk.observer.ends == []
    talk.calls.clear()
    talk.bridge.resume(Reason.SUPERVISOR)
    talk.settle()
    assert STOPPED in talk.calls
    ends_after_goodbye(talk)

"""The turn-taking rules: one test per situation of a telephone talk."""

from __future__ import annotations

import pytest

from topcalls.core.listening_words import NO_WORDS, Words
from topcalls.core.turn_rules import (
    LONGEST_TURN_SECONDS,
    Commit,
    CreateResponse,
    DeleteBackchannel,
    Floor,
    Pause,
    Protection,
    Resume,
    TurnRules,
    rules_for,
)
from topcalls.core.turns import TurnTaking

RULES = TurnRules()
COMMIT_AT = (RULES.wordless_ms + RULES.hangover_ms) / 1000  # of speech without known words
LONG, SHORT = 1800.0, 200.0  # milliseconds of speech, above and below all limits


def said(meaningful: int) -> Words:
    """So many words that mean something."""
    return Words(meaningful, meaningful)


def talking(protection: Protection = Protection.NONE) -> TurnTaking:
    """A talk in which the agent is audible since t=0."""
    turns = TurnTaking(RULES)
    turns.agent_pending()
    assert turns.agent_audible(0.0, protection) == []
    return turns


def after_short_speech(protection: Protection = Protection.NONE) -> TurnTaking:
    """The caller said something short over the agent; it ended at t=2."""
    turns = talking(protection)
    turns.caller_started(1.0, "item")
    turns.caller_stopped(2.0, "item", SHORT)
    return turns


# --- the agent is not speaking


def test_a_turn_is_answered_when_the_agent_is_silent() -> None:
    turns = TurnTaking(RULES)
    assert turns.caller_started(1.0, "item") == []
    assert turns.deadline == 1.0 + LONGEST_TURN_SECONDS
    assert turns.caller_stopped(2.0, "item", SHORT) == [CreateResponse()]
    assert turns.floor is Floor.PENDING


def test_a_caller_who_goes_on_before_the_answer_is_audible_cancels_it_at_once() -> None:
    turns = TurnTaking(RULES)
    turns.caller_started(1.0, "a")
    turns.caller_stopped(2.0, "a", LONG)
    assert turns.caller_started(2.3, "b") == [Commit()]
    assert turns.caller_stopped(2.9, "b", SHORT) == [CreateResponse()]


def test_speech_is_reported_twice_without_effect() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    assert turns.caller_started(1.1, "item") == []


def test_an_end_of_speech_whose_start_was_never_heard_is_a_turn() -> None:
    turns = TurnTaking(RULES)
    assert turns.caller_stopped(2.0, "item", SHORT) == [CreateResponse()]


# --- the caller speaks over the agent


def test_speech_over_the_agent_pauses_it() -> None:
    turns = talking()
    assert turns.caller_started(1.0, "item") == [Pause()]
    assert turns.deadline == pytest.approx(1.0 + COMMIT_AT)


def test_nothing_is_committed_before_the_deadline() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    assert turns.tick(1.0 + COMMIT_AT - 0.01) == []


def test_lasting_speech_commits_and_its_end_is_answered() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    assert turns.tick(1.0 + COMMIT_AT) == [Commit()]
    assert turns.floor is Floor.FREE
    assert turns.deadline == 1.0 + LONGEST_TURN_SECONDS
    assert turns.caller_stopped(4.0, "item", 2500.0) == [CreateResponse()]


def test_enough_words_commit_before_the_time_is_up() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    assert turns.caller_words(1.2, "item", said(1)) == []
    assert turns.caller_words(1.3, "item", said(2)) == [Commit()]


def test_words_of_an_earlier_utterance_do_not_commit_this_one() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    assert turns.caller_words(1.3, "earlier", said(9)) == []


def test_speech_that_ended_before_the_deadline_but_was_long_is_a_turn() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    assert turns.caller_stopped(1.9, "item", LONG) == [Commit(), CreateResponse()]


def test_the_length_of_speech_is_measured_when_the_ears_do_not_tell_it() -> None:
    turns = talking()
    turns.caller_started(1.0, "short")
    assert turns.caller_stopped(1.7, "short") == [Resume()]
    turns.caller_started(5.0, "long")
    assert turns.caller_stopped(7.05, "long") == [Commit(), CreateResponse()]


def test_short_speech_resumes_the_agent() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    assert turns.caller_stopped(2.0, "item", SHORT) == [Resume()]
    assert turns.floor is Floor.AUDIBLE


# --- what short speech over the agent turns out to be


def test_a_backchannel_is_deleted_once_its_word_is_known() -> None:
    turns = after_short_speech()
    assert turns.caller_words(2.5, "item", said(1)) == []  # it may still be an answer
    assert turns.deadline == pytest.approx(3.0)
    assert turns.tick(3.0) == [DeleteBackchannel("item")]
    assert turns.deadline is None


def test_a_backchannel_without_words_is_deleted_after_a_while() -> None:
    turns = after_short_speech()
    assert turns.tick(3.9) == []
    assert turns.tick(4.0) == [DeleteBackchannel("item")]


def test_short_speech_with_enough_words_interrupts_after_all() -> None:
    turns = after_short_speech()
    assert turns.caller_words(2.5, "item", said(2)) == [Commit(), CreateResponse()]
    assert turns.tick(9.0) == []


def test_short_speech_at_the_end_of_the_question_is_its_answer() -> None:
    turns = after_short_speech()
    assert turns.agent_silent(3.0) == [CreateResponse()]
    assert turns.tick(9.0) == []


def test_short_speech_well_before_the_end_of_the_question_is_no_answer() -> None:
    turns = after_short_speech()
    turns.caller_words(2.5, "item", NO_WORDS)
    assert turns.agent_silent(3.1) == []
    assert turns.tick(3.1) == [DeleteBackchannel("item")]


def test_words_that_come_when_the_agent_has_finished_are_answered() -> None:
    turns = after_short_speech()
    assert turns.agent_silent(3.5) == []
    assert turns.caller_words(3.6, "item", said(3)) == [CreateResponse()]


def test_words_of_an_unknown_item_decide_nothing() -> None:
    assert after_short_speech().caller_words(2.1, "other", said(5)) == []


def test_the_agent_ends_just_as_it_is_paused() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    assert turns.agent_silent(1.0) == [Resume()]
    assert turns.caller_stopped(1.8, "item", SHORT) == [CreateResponse()]


# --- protection


def test_a_protected_sentence_is_not_paused() -> None:
    turns = talking(Protection.YIELDS_LATE)
    assert turns.caller_started(1.0, "item") == []


def test_a_protected_sentence_yields_to_a_caller_who_speaks_on_and_on() -> None:
    turns = talking(Protection.YIELDS_LATE)
    turns.caller_started(1.0, "item")
    yields_at = 1.0 + (RULES.protected_yields_after_ms + RULES.hangover_ms) / 1000
    assert turns.deadline == pytest.approx(yields_at)
    assert turns.tick(yields_at - 0.01) == []
    assert turns.tick(yields_at) == [Commit()]


def test_a_legal_notice_yields_to_nobody() -> None:
    turns = talking(Protection.ABSOLUTE)
    turns.caller_started(1.0, "item")
    assert turns.deadline is None
    assert turns.tick(60.0) == []


@pytest.mark.parametrize("protection", [Protection.YIELDS_LATE, Protection.ABSOLUTE])
def test_a_turn_over_a_protected_sentence_is_answered_when_it_has_ended(
    protection: Protection,
) -> None:
    turns = talking(protection)
    turns.caller_started(1.0, "item")
    assert turns.caller_stopped(2.0, "item", LONG) == []
    assert turns.agent_silent(5.0) == [CreateResponse()]


def test_words_over_a_protected_sentence_are_answered_when_it_has_ended() -> None:
    turns = after_short_speech(Protection.YIELDS_LATE)
    assert turns.caller_words(2.5, "item", said(2)) == []
    assert turns.agent_silent(6.0) == [CreateResponse()]


def test_an_unprotected_sentence_after_a_protected_one_can_be_interrupted() -> None:
    turns = talking(Protection.YIELDS_LATE)
    turns.agent_audible(3.0, Protection.NONE)
    assert turns.caller_started(4.0, "item") == [Pause()]


# --- the opening


def test_a_greeting_before_the_opening_is_answered_by_the_opening() -> None:
    turns = TurnTaking(RULES)
    turns.agent_pending(opening=True)
    assert turns.caller_started(0.5, "hello") == []
    assert turns.caller_stopped(2.0, "hello", LONG) == []
    assert turns.agent_audible(2.5) == []
    assert turns.agent_silent(5.0) == []


def test_the_opening_waits_for_a_greeting_that_is_under_way() -> None:
    turns = TurnTaking(RULES)
    turns.agent_pending(opening=True)
    turns.caller_started(0.5, "hello")
    assert turns.agent_audible(0.8) == [Pause()]
    assert turns.deadline is None
    assert turns.caller_words(1.0, "hello", said(5)) == []
    assert turns.caller_stopped(3.0, "hello", 2000.0) == [Resume()]


def test_a_protected_opening_is_spoken_over_the_greeting() -> None:
    turns = TurnTaking(RULES)
    turns.agent_pending(opening=True, protection=Protection.YIELDS_LATE)
    turns.caller_started(0.5, "hello")
    assert turns.agent_audible(0.8, Protection.YIELDS_LATE) == []
    assert turns.caller_stopped(3.0, "hello", 2000.0) == []


def test_a_greeting_that_outlasts_the_opening_is_answered() -> None:
    turns = TurnTaking(RULES)
    turns.agent_pending(opening=True)
    turns.caller_started(0.5, "hello")
    turns.agent_audible(0.8, Protection.ABSOLUTE)
    assert turns.agent_silent(2.0) == []
    assert turns.caller_stopped(4.0, "hello", 3000.0) == [CreateResponse()]


def test_the_opening_once_audible_can_be_interrupted() -> None:
    turns = TurnTaking(RULES)
    turns.agent_pending(opening=True)
    turns.agent_audible(0.1)
    assert turns.caller_started(0.5, "item") == [Pause()]


# --- responses others ask for, keys, a lost provider


def test_a_tool_result_is_used_at_once_while_nobody_speaks() -> None:
    assert TurnTaking(RULES).response_wanted() == [CreateResponse()]


def test_a_tool_result_follows_the_agents_own_speech_without_a_gap() -> None:
    turns = talking()
    assert turns.response_wanted() == [CreateResponse()]
    assert turns.floor is Floor.AUDIBLE


def test_a_tool_result_waits_for_the_caller_and_shares_the_answer() -> None:
    turns = TurnTaking(RULES)
    turns.caller_started(1.0, "item")
    assert turns.response_wanted() == []
    assert turns.caller_stopped(2.0, "item", LONG) == [CreateResponse()]


def test_a_tool_result_that_waited_for_a_backchannel_is_used_then() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    turns.response_wanted()
    assert turns.caller_stopped(2.0, "item", SHORT) == [Resume(), CreateResponse()]


def test_speech_that_is_under_way_holds_back_what_others_made_the_agent_say() -> None:
    turns = TurnTaking(RULES)
    turns.caller_started(1.0, "item")
    turns.agent_pending()
    assert turns.agent_audible(1.5) == [Pause()]
    assert turns.agent_audible(1.6) == []
    late = TurnTaking(RULES)
    late.caller_started(1.0, "item")
    late.agent_pending()
    assert late.agent_audible(1.0 + COMMIT_AT) == [Pause(), Commit()]


def test_keys_interrupt_and_are_answered() -> None:
    assert TurnTaking(RULES).keys_pressed() == [CreateResponse()]
    assert talking().keys_pressed() == [Commit(), CreateResponse()]
    protected = talking(Protection.ABSOLUTE)
    assert protected.keys_pressed() == []
    assert protected.agent_silent(3.0) == [CreateResponse()]


def test_keys_pressed_while_the_caller_speaks_share_the_answer() -> None:
    turns = TurnTaking(RULES)
    turns.caller_started(1.0, "item")
    assert turns.keys_pressed() == []
    assert turns.caller_stopped(2.0, "item", LONG) == [CreateResponse()]


def test_a_lost_provider_resumes_what_is_left_of_the_agents_speech() -> None:
    turns = talking()
    turns.caller_started(1.0, "item")
    assert turns.ears_lost() == [Resume()]
    assert not turns.caller_speaking
    assert turns.deadline is None


def test_a_lost_provider_gives_back_a_floor_nobody_will_use() -> None:
    turns = TurnTaking(RULES)
    turns.response_wanted()
    assert turns.ears_lost() == []
    assert turns.floor is Floor.FREE


# --- sensitivity


def test_a_higher_sensitivity_gives_way_sooner() -> None:
    low, medium, high = (rules_for(name, 400) for name in ("low", "medium", "high"))
    assert low.commit_after_ms > medium.commit_after_ms > high.commit_after_ms
    assert low.min_words > medium.min_words > high.min_words
    assert medium.hangover_ms == 400

"""A caller who never stops is spoken over."""

from __future__ import annotations

import pytest

from topcalls.core.listening_words import NO_WORDS, Words
from topcalls.core.turn_rules import (
    Commit,
    CreateResponse,
    Pause,
    Protection,
    TakeFloor,
    TurnRules,
)
from topcalls.core.turns import TurnTaking

SAID = Words(3, 3)


def talker() -> TurnTaking:
    """The caller has been speaking since t=1."""
    turns = TurnTaking()
    assert turns.caller_started(1.0, "item") == []
    return turns


def spoken_over() -> TurnTaking:
    """The agent speaks over them since t=62."""
    turns = talker()
    assert turns.tick(61.0) == [TakeFloor()]
    turns.agent_pending(protection=Protection.YIELDS_LATE)
    assert turns.agent_audible(62.0, Protection.YIELDS_LATE) == []
    return turns


def test_a_caller_who_never_stops_is_spoken_over_after_a_minute() -> None:
    turns = talker()
    assert turns.deadline == pytest.approx(61.0)
    assert turns.tick(60.9) == []
    assert turns.tick(61.0) == [TakeFloor()]
    assert turns.tick(61.1) == []


def test_the_limit_is_a_setting() -> None:
    turns = TurnTaking(TurnRules(longest_turn_ms=10_000))
    turns.caller_started(1.0, "item")
    assert turns.deadline == pytest.approx(11.0)


def test_pauses_that_are_not_answered_do_not_count() -> None:
    turns = talker()
    turns.caller_stopped(30.0, "item", 29_000.0, patience_ms=1200)
    turns.caller_started(30.8, "more")
    assert turns.deadline == pytest.approx(61.0)


def test_answers_that_are_talked_into_do_not_count() -> None:
    turns = talker()
    assert turns.caller_stopped(30.0, "item", 29_000.0) == [CreateResponse()]
    assert turns.caller_started(30.5, "more") == [Commit()]
    assert turns.tick(61.0) == [TakeFloor()]


def test_a_caller_who_let_the_agent_speak_begins_anew() -> None:
    turns = talker()
    turns.caller_stopped(30.0, "item", 29_000.0)
    turns.agent_audible(31.0)
    turns.agent_silent(33.0)
    turns.caller_started(34.0, "more")
    assert turns.deadline == pytest.approx(94.0)


def test_a_turn_that_led_to_no_words_is_over_all_the_same() -> None:
    turns = talker()
    turns.caller_stopped(30.0, "item", 29_000.0)
    turns.agent_silent(31.0)
    turns.caller_started(50.0, "more")
    assert turns.deadline == pytest.approx(110.0)


def test_who_is_spoken_over_does_not_interrupt_by_going_on() -> None:
    turns = spoken_over()
    assert turns.tick(70.0) == []
    assert turns.caller_words(70.0, "item", SAID, final=False) == []
    assert turns.agent_silent(71.0) == []


def test_going_on_after_a_breath_is_still_the_same_speech() -> None:
    turns = talker()
    turns.tick(61.0)
    turns.agent_pending(protection=Protection.YIELDS_LATE)
    assert turns.caller_stopped(61.2, "item", 60_000.0) == []
    assert turns.caller_started(61.5, "more") == []
    assert turns.agent_audible(62.0, Protection.YIELDS_LATE) == []
    assert turns.tick(70.0) == []


def test_the_end_of_what_was_spoken_over_is_not_answered() -> None:
    turns = spoken_over()
    assert turns.caller_stopped(62.5, "item", 61_000.0) == []
    assert turns.agent_silent(64.0) == []
    assert turns.caller_started(65.0, "answer") == []
    assert turns.caller_stopped(66.0, "answer", 900.0) == [CreateResponse()]


def test_who_speaks_on_after_it_has_a_turn_again() -> None:
    turns = spoken_over()
    turns.agent_silent(64.0)
    assert turns.deadline == pytest.approx(124.0)
    assert turns.caller_stopped(80.0, "item", 79_000.0) == [CreateResponse()]


def test_what_the_agent_says_next_is_not_stopped_by_a_noise_that_goes_on() -> None:
    turns = spoken_over()
    turns.agent_silent(64.0)
    turns.agent_pending()
    assert turns.agent_audible(70.0) == []
    assert turns.tick(80.0) == []


def test_new_speech_over_it_yields_late_and_is_answered() -> None:
    turns = spoken_over()
    turns.caller_stopped(62.5, "item", 61_000.0)
    assert turns.caller_started(63.5, "wait") == []
    assert turns.tick(67.0) == [Commit()]
    assert turns.caller_stopped(68.0, "wait", 4_000.0) == [CreateResponse()]


def test_takes_in_vain_are_counted_until_there_are_words() -> None:
    turns = spoken_over()
    turns.caller_words(63.0, "item", NO_WORDS)
    turns.agent_silent(64.0)
    assert turns.tick(124.0) == [TakeFloor(in_vain=1)]
    turns.caller_words(125.0, "item", SAID)
    assert turns.tick(184.0) == [TakeFloor()]


def test_words_that_are_lost_may_have_been_words() -> None:
    turns = spoken_over()
    turns.words_lost(63.0, "item")
    turns.agent_silent(64.0)
    assert turns.tick(124.0) == [TakeFloor()]


def test_an_opening_that_waits_for_the_end_of_a_greeting_is_heard_over_it() -> None:
    turns = TurnTaking()
    turns.agent_pending(opening=True)
    turns.caller_started(1.0, "hello")
    assert turns.tick(61.0) == [TakeFloor()]
    assert turns.agent_audible(61.2) == []
    assert turns.tick(70.0) == []


def test_speech_over_an_audible_agent_is_no_long_turn() -> None:
    turns = TurnTaking(TurnRules(interruptible=False))
    turns.agent_audible(0.0)
    turns.caller_started(1.0, "item")
    assert turns.tick(70.0) == []
    turns.agent_silent(80.0)
    assert turns.deadline == pytest.approx(140.0)


def test_an_interruption_counts_from_its_beginning() -> None:
    turns = TurnTaking()
    turns.agent_audible(0.0)
    assert turns.caller_started(1.0, "item") == [Pause()]
    assert turns.caller_words(2.0, "item", SAID, final=False) == [Commit()]
    assert turns.deadline == pytest.approx(61.0)

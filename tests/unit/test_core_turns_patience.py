"""When a turn of the caller's is over: after as much quiet as they are given."""

from __future__ import annotations

import pytest

from topcalls.core.listening_words import NO_WORDS, Words
from topcalls.core.turn_rules import (
    Commit,
    CreateResponse,
    Floor,
    Pause,
    Protection,
    Reclaim,
    TurnRules,
    Withdraw,
)
from topcalls.core.turns import TurnTaking

SAID = Words(3, 3)


def quiet(patience_ms: int = 1200) -> TurnTaking:
    """The caller spoke until t=3; the ears told so at t=3.3."""
    turns = TurnTaking()
    turns.caller_started(1.0, "item")
    decisions = turns.caller_stopped(3.3, "item", 2000.0, quiet_ms=300, patience_ms=patience_ms)
    assert decisions == []
    return turns


def test_a_turn_is_over_after_its_quiet() -> None:
    turns = quiet()
    assert turns.turn_is_open
    assert not turns.caller_speaking
    assert turns.deadline == pytest.approx(4.2)
    assert turns.tick(4.1) == []
    assert turns.tick(4.2) == [CreateResponse()]
    assert turns.tick(60.0) == []


def test_a_turn_whose_quiet_is_over_already_is_answered_at_once() -> None:
    turns = TurnTaking()
    turns.caller_started(1.0, "item")
    assert turns.caller_stopped(3.6, "item", 2000.0, quiet_ms=600, patience_ms=600) == [
        CreateResponse()
    ]


def test_a_caller_who_goes_on_is_answered_once() -> None:
    turns = quiet()
    assert turns.caller_started(3.9, "more") == []
    assert turns.tick(4.3) == []
    assert turns.caller_stopped(5.3, "more", 1000.0, quiet_ms=300, patience_ms=500) == []
    assert turns.tick(5.5) == [CreateResponse()]
    assert turns.tick(60.0) == []


def test_words_that_come_meanwhile_shorten_the_quiet() -> None:
    turns = quiet()
    assert turns.caller_words(3.35, "item", SAID, patience_ms=500) == []
    assert turns.deadline == pytest.approx(3.5)
    assert turns.caller_words(3.6, "item", SAID, patience_ms=500) == [CreateResponse()]


def test_words_that_come_meanwhile_lengthen_the_quiet() -> None:
    turns = quiet(500)
    assert turns.caller_words(3.45, "item", SAID, patience_ms=1800) == []
    assert turns.tick(3.6) == []
    assert turns.tick(4.8) == [CreateResponse()]


def test_an_interruption_cuts_at_once_and_is_answered_after_its_quiet() -> None:
    turns = TurnTaking()
    turns.agent_audible(0.0)
    assert turns.caller_started(1.0, "item") == [Pause()]
    assert turns.caller_words(1.6, "item", SAID, final=False) == [Commit()]
    assert turns.caller_stopped(3.3, "item", 2000.0, quiet_ms=300, patience_ms=900) == []
    assert turns.tick(3.9) == [CreateResponse()]


def test_late_words_that_interrupt_count_the_quiet_from_the_last_sound() -> None:
    turns = TurnTaking()
    turns.agent_audible(0.0)
    turns.caller_started(1.0, "item")
    turns.caller_stopped(2.1, "item", 800.0, quiet_ms=300, patience_ms=400)
    assert turns.caller_words(2.5, "item", SAID, patience_ms=1200) == [Commit()]
    assert turns.tick(2.9) == []
    assert turns.tick(3.0) == [CreateResponse()]


def test_a_tool_result_or_keys_answer_the_open_turn_too() -> None:
    for fact in ("response_wanted", "keys_pressed"):
        turns = quiet()
        assert getattr(turns, fact)() == [CreateResponse()]
        assert turns.tick(60.0) == []


def test_a_lost_provider_leaves_an_open_turn_to_the_next() -> None:
    turns = quiet()
    assert turns.ears_lost() == [CreateResponse()]
    assert turns.floor is Floor.FREE
    assert not turns.turn_is_open


def test_a_noise_that_cut_the_agent_off_is_not_answered_at_all() -> None:
    turns = TurnTaking()
    turns.agent_audible(0.0)
    turns.caller_started(1.0, "item")
    assert turns.tick(3.0) == [Commit()]
    assert turns.caller_stopped(4.3, "item", 3000.0, quiet_ms=300, patience_ms=500) == []
    assert Reclaim() in turns.caller_words(4.4, "item", NO_WORDS, patience_ms=500)
    assert not turns.turn_is_open


# --- an agent that is not interrupted


def test_speech_does_not_interrupt_where_it_shall_not() -> None:
    turns = TurnTaking(TurnRules(interruptible=False))
    turns.agent_pending()
    turns.agent_audible(0.0)
    assert turns.caller_started(1.0, "item") == []
    assert turns.caller_words(2.0, "item", SAID, final=False) == []
    assert turns.tick(30.0) == []
    assert turns.caller_stopped(31.0, "item", 29_000.0) == []
    assert turns.agent_silent(40.0) == [CreateResponse()]


def test_who_goes_on_before_the_answer_is_heard_is_waited_for_all_the_same() -> None:
    turns = TurnTaking(TurnRules(interruptible=False))
    turns.response_wanted()
    assert turns.caller_started(1.0, "item") == [Commit()]


def test_a_notice_stays_one_where_nothing_interrupts() -> None:
    turns = TurnTaking(TurnRules(interruptible=False))
    turns.agent_audible(0.0, Protection.YIELDS_LATE)
    turns.caller_started(1.0, "item")
    assert turns.deadline is None


# --- words that come after the answer was asked for


def asked_too_early() -> TurnTaking:
    """The caller fell silent at t=3 without a word being known, and was answered at t=3.5."""
    turns = quiet(500)
    assert turns.tick(3.5) == [CreateResponse()]
    return turns


def test_words_that_lead_on_withdraw_an_answer_that_nobody_has_heard() -> None:
    turns = asked_too_early()
    assert turns.caller_words(3.8, "item", SAID, patience_ms=1300) == [Withdraw()]
    assert turns.turn_is_open
    assert turns.floor is Floor.FREE
    assert turns.deadline == pytest.approx(4.3)
    assert turns.caller_started(4.2, "more") == []
    assert turns.caller_stopped(5.2, "more", 700.0, quiet_ms=300, patience_ms=400) == []
    assert turns.tick(5.3) == [CreateResponse()]


def test_a_caller_who_does_not_go_on_is_answered_in_the_end() -> None:
    turns = asked_too_early()
    turns.caller_words(3.8, "item", SAID, patience_ms=1300)
    assert turns.tick(4.3) == [CreateResponse()]
    assert turns.caller_words(4.4, "item", SAID, patience_ms=1300) == []


@pytest.mark.parametrize("patience_ms", [550, 950])
def test_words_that_hardly_ask_for_more_patience_withdraw_nothing(patience_ms: int) -> None:
    turns = asked_too_early()
    assert turns.caller_words(3.8, "item", SAID, patience_ms=patience_ms) == []
    assert turns.floor is Floor.PENDING


def test_words_that_are_not_all_there_withdraw_nothing() -> None:
    turns = asked_too_early()
    assert turns.caller_words(3.8, "item", SAID, final=False, patience_ms=1300) == []
    assert turns.caller_words(3.8, "item", SAID, patience_ms=1300) == [Withdraw()]


def test_an_answer_that_is_heard_is_not_withdrawn() -> None:
    turns = asked_too_early()
    turns.agent_audible(3.7)
    assert turns.caller_words(3.8, "item", SAID, patience_ms=1300) == []


def test_an_answer_that_something_else_was_added_to_is_not_withdrawn() -> None:
    turns = asked_too_early()
    turns.agent_pending()
    assert turns.caller_words(3.8, "item", SAID, patience_ms=1300) == []


def test_what_no_turn_led_to_is_not_withdrawn() -> None:
    turns = TurnTaking()
    turns.agent_pending()
    assert turns.caller_words(3.8, "item", SAID, patience_ms=1300) == []
    turns = asked_too_early()
    turns.ears_lost()
    assert turns.caller_words(3.8, "item", SAID, patience_ms=1300) == []


def test_words_of_speech_that_goes_on_withdraw_nothing_more() -> None:
    turns = asked_too_early()
    assert turns.caller_started(3.7, "more") == [Commit()]
    assert turns.caller_words(3.8, "item", SAID, patience_ms=1300) == []

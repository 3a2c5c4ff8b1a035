"""Turn-taking by words: acknowledgements never interrupt, and a noise does not for long."""

from __future__ import annotations

import pytest

from topcalls.core.listening_words import NO_WORDS, Words
from topcalls.core.turn_rules import (
    Commit,
    CreateResponse,
    DeleteBackchannel,
    Floor,
    Pause,
    Protection,
    Reclaim,
    Resume,
    TurnRules,
)
from topcalls.core.turns import TurnTaking

RULES = TurnRules()
YEAH, TWO_WORDS, ONE_WORD = Words(0, 1), Words(2, 2), Words(1, 1)
STOP = Words(1, 1, stops=True)
BRIEF, LASTING = 700.0, 2000.0  # ms: more than a cough; more than an acknowledgement
NOISE_ENDS = 4.0


def talking(protection: Protection = Protection.NONE) -> TurnTaking:
    """The agent is audible since t=0, and the caller makes a sound since t=1."""
    turns = TurnTaking(RULES)
    turns.agent_pending()
    turns.agent_audible(0.0, protection)
    turns.caller_started(1.0, "item")
    return turns


def cut_off_by_noise() -> TurnTaking:
    """Something lasted so long that the agent was cut off; it ended at t=4."""
    turns = talking()
    assert turns.tick(3.0) == [Commit()]
    assert turns.caller_stopped(NOISE_ENDS, "item", 2500.0) == [CreateResponse()]
    return turns


# --- acknowledgements


def test_acknowledgements_do_not_commit_however_early_they_are_known() -> None:
    turns = talking()
    assert turns.caller_words(1.4, "item", YEAH, final=False) == []
    assert turns.tick(1.0 + (RULES.wordless_ms + RULES.hangover_ms) / 1000 + 0.5) == []
    assert turns.caller_stopped(3.0, "item", 1500.0) == [Resume()]
    assert turns.caller_words(3.1, "item", Words(0, 3)) == []
    assert turns.tick(4.1) == [DeleteBackchannel("item")]
    assert turns.floor is Floor.AUDIBLE


def test_acknowledgements_without_end_commit_after_all() -> None:
    turns = talking()
    turns.caller_words(1.4, "item", YEAH, final=False)
    commits_at = 1.0 + (RULES.acknowledging_ms + RULES.hangover_ms) / 1000
    assert turns.deadline == pytest.approx(commits_at)
    assert turns.tick(commits_at) == [Commit()]


def test_an_acknowledgement_that_turns_into_a_sentence_commits() -> None:
    turns = talking()
    turns.caller_words(1.4, "item", YEAH, final=False)
    assert turns.caller_words(2.0, "item", Words(2, 3), final=False) == [Commit()]


def test_one_word_that_means_something_commits_when_it_lasts() -> None:
    turns = talking()
    assert turns.caller_words(1.4, "item", ONE_WORD, final=False) == []
    assert turns.deadline == pytest.approx(1.0 + (RULES.commit_after_ms + RULES.hangover_ms) / 1000)
    late = talking()
    assert late.caller_words(2.2, "item", ONE_WORD, final=False) == [Commit()]


def test_an_acknowledgement_at_the_end_of_a_question_is_its_answer() -> None:
    turns = talking()
    turns.caller_words(1.3, "item", YEAH, final=False)
    assert turns.caller_stopped(2.0, "item", 600.0) == [Resume()]
    assert turns.agent_silent(2.9) == [CreateResponse()]


# --- words that come after the speech


def test_a_word_that_comes_late_is_waited_for_in_silence() -> None:
    turns = talking()
    assert turns.caller_stopped(2.2, "item", BRIEF) == []
    assert turns.floor is Floor.AUDIBLE
    assert turns.deadline == pytest.approx(2.2 + RULES.verdict_wait_ms / 1000)
    assert turns.caller_words(2.7, "item", YEAH) == [Resume()]
    assert turns.tick(3.7) == [DeleteBackchannel("item")]


def test_a_late_sentence_commits() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.caller_words(2.7, "item", ONE_WORD) == [Commit(), CreateResponse()]


def test_pieces_of_a_late_sentence_are_not_judged_before_they_say_something() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.caller_words(2.6, "item", YEAH, final=False) == []
    assert turns.caller_words(2.61, "item", Words(1, 2), final=False) == [
        Commit(),
        CreateResponse(),
    ]


def test_words_that_never_come_are_taken_as_said() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.tick(2.2 + RULES.verdict_wait_ms / 1000) == [Commit(), CreateResponse()]


def test_a_late_yes_at_the_end_of_a_question_counts_from_where_the_agent_went_on() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.caller_words(3.3, "item", YEAH) == [Resume()]
    assert turns.agent_silent(4.2) == [CreateResponse()]


def test_a_cough_that_is_known_to_be_none_resumes_the_agent() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.caller_words(2.5, "item", NO_WORDS) == [Resume()]
    assert turns.agent_silent(2.6) == []  # nobody has answered anything
    assert turns.tick(3.6) == [DeleteBackchannel("item")]


def test_a_second_utterance_takes_over_the_silence_of_the_first() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.caller_started(2.6, "next") == []  # paused already
    assert turns.caller_words(2.7, "item", YEAH) == []  # the second one is still open
    assert turns.caller_stopped(3.2, "next", 200.0) == [Resume()]


def test_words_of_the_first_utterance_commit_while_the_second_is_spoken() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    turns.caller_started(2.6, "next")
    assert turns.caller_words(2.8, "item", TWO_WORDS) == [Commit()]
    assert turns.caller_stopped(3.5, "next", 400.0) == [CreateResponse()]


def test_a_protected_sentence_is_not_held_up_by_late_words() -> None:
    turns = talking(Protection.ABSOLUTE)
    assert turns.caller_stopped(2.2, "item", BRIEF) == []
    assert turns.caller_words(2.6, "item", ONE_WORD) == []
    assert turns.agent_silent(5.0) == [CreateResponse()]


def test_late_words_over_a_protected_sentence_are_answered_even_if_they_never_come() -> None:
    turns = talking(Protection.ABSOLUTE)
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.tick(3.5) == []
    assert turns.agent_silent(5.0) == [CreateResponse()]


def test_a_lost_provider_ends_the_wait_for_words() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.ears_lost() == [Resume()]
    assert turns.deadline is None


def test_keys_end_the_wait_for_words() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.keys_pressed() == [Commit(), CreateResponse()]
    assert turns.tick(9.0) == []


def test_the_agent_that_ends_while_it_is_paused_is_answered() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.agent_silent(2.4) == [Resume(), CreateResponse()]


# --- words that stop


def test_a_word_that_stops_interrupts_alone() -> None:
    turns = talking()
    turns.caller_stopped(1.9, "item", 300.0)
    assert turns.caller_words(2.2, "item", STOP) == [Commit(), CreateResponse()]


def test_a_word_that_stops_may_become_something_else_while_it_is_spoken() -> None:
    turns = talking()
    assert turns.caller_words(1.3, "item", STOP, final=False) == []
    assert turns.caller_words(1.6, "item", Words(0, 2), final=False) == []  # "no problem"


# --- words that will never be known


def test_words_that_are_lost_are_taken_as_said() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.words_lost(2.5, "item") == [Commit(), CreateResponse()]


def test_a_short_sound_whose_words_are_lost_may_have_been_a_yes() -> None:
    turns = talking()
    turns.caller_stopped(1.9, "item", 200.0)
    assert turns.words_lost(2.2, "item") == []
    assert turns.agent_silent(2.8) == [CreateResponse()]


def test_lost_words_are_no_proof_of_a_noise() -> None:
    turns = cut_off_by_noise()
    assert turns.words_lost(4.4, "item") == []
    turns.agent_silent(4.5)
    assert turns.tick(60.0) == []
    assert turns.words_lost(61.0, "item") == []


# --- noise


def test_the_agent_takes_the_floor_back_from_a_noise() -> None:
    turns = cut_off_by_noise()
    assert turns.agent_silent(4.1) == []  # there was nothing to answer
    assert turns.deadline == pytest.approx(NOISE_ENDS + RULES.reclaim_after_ms / 1000)
    assert turns.tick(5.9) == []
    assert turns.tick(6.0) == [Reclaim()]
    assert turns.floor is Floor.PENDING
    assert turns.tick(60.0) == []


def test_a_noise_that_is_known_to_be_one_is_not_answered() -> None:
    turns = cut_off_by_noise()
    assert turns.caller_words(4.4, "item", NO_WORDS) == [DeleteBackchannel("item"), Reclaim()]
    assert turns.tick(60.0) == []


def test_pieces_without_words_prove_no_noise() -> None:
    turns = cut_off_by_noise()
    assert turns.caller_words(4.4, "item", NO_WORDS, final=False) == []


def test_words_that_come_late_keep_the_floor() -> None:
    turns = cut_off_by_noise()
    turns.agent_silent(4.1)
    assert turns.caller_words(4.4, "item", ONE_WORD) == []
    assert turns.tick(60.0) == []


def test_speech_after_the_noise_keeps_the_floor() -> None:
    turns = cut_off_by_noise()
    turns.agent_silent(4.1)
    turns.caller_started(5.0, "speech")
    assert turns.tick(7.0) == []
    turns.caller_words(7.5, "speech", TWO_WORDS, final=False)
    assert turns.caller_stopped(8.0, "speech", 2500.0) == [CreateResponse()]
    turns.agent_silent(8.1)
    assert turns.tick(60.0) == []


def test_two_noises_after_each_other_are_both_waited_for() -> None:
    turns = cut_off_by_noise()
    turns.agent_silent(4.1)
    turns.caller_started(5.0, "more")
    assert turns.caller_words(5.2, "item", NO_WORDS) == [DeleteBackchannel("item")]
    assert turns.caller_stopped(6.0, "more", 500.0) == [CreateResponse()]
    assert turns.caller_words(6.3, "more", NO_WORDS) == [DeleteBackchannel("more"), Reclaim()]


def test_an_answer_that_is_heard_ends_the_matter() -> None:
    turns = cut_off_by_noise()
    turns.agent_audible(5.0)
    turns.agent_silent(5.5)
    assert turns.caller_words(5.6, "item", NO_WORDS) == []
    assert turns.tick(60.0) == []


@pytest.mark.parametrize("fact", ["tool", "keys", "say", "lost"])
def test_whoever_has_the_agent_speak_ends_the_matter(fact: str) -> None:
    turns = cut_off_by_noise()
    turns.agent_silent(4.1)
    {
        "tool": turns.response_wanted,
        "keys": turns.keys_pressed,
        "say": turns.agent_pending,
        "lost": turns.ears_lost,
    }[fact]()
    turns.agent_silent(4.5)
    assert turns.caller_words(4.6, "item", NO_WORDS) == []
    assert turns.tick(60.0) == []


def test_a_noise_over_an_answer_that_is_not_heard_yet_takes_nothing_away() -> None:
    turns = TurnTaking(RULES)
    turns.caller_started(1.0, "question")
    turns.caller_stopped(3.0, "question", LASTING)
    assert turns.caller_started(3.2, "cough") == [Commit()]
    assert turns.caller_stopped(4.0, "cough", 300.0) == [CreateResponse()]
    assert turns.caller_words(4.2, "cough", NO_WORDS) == []  # the question is being answered
    assert turns.tick(60.0) == []


def test_a_pause_is_never_doubled() -> None:
    turns = talking()
    turns.caller_stopped(2.2, "item", BRIEF)
    assert turns.agent_audible(2.3) == []
    assert Pause() not in turns.tick(9.0)

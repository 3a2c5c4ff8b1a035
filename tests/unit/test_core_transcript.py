"""The live transcript: order, late and failed recognition, interruptions."""

from __future__ import annotations

import pytest

from topcalls.core.transcript import Transcript, Turn, as_heard, heard_part


def said_by_agent(transcript: Transcript, item: str, text: str, start: int, end: int) -> None:
    transcript.agent_delta(item, text)
    transcript.agent_text(item, text)
    transcript.agent_started(item, start)
    transcript.agent_ended(item, end)


def test_both_sides_in_the_order_they_began_to_speak() -> None:
    transcript = Transcript()
    said_by_agent(transcript, "a1", "Hello, this is Rachel.", 100, 1500)
    transcript.caller_started("u1", 1800)
    transcript.caller_stopped("u1", 2400)
    said_by_agent(transcript, "a2", "Great.", 3000, 3400)
    told = transcript.caller_text("u1", "Hi Rachel.", 3500)
    assert told == Turn(2, "user", "Hi Rachel.", 1800, 2400)
    assert [(turn.seq, turn.text) for turn in transcript.turns()] == [
        (1, "Hello, this is Rachel."),
        (2, "Hi Rachel."),
        (3, "Great."),
    ]


def test_recognition_may_finish_out_of_order() -> None:
    transcript = Transcript()
    for item, start in (("u1", 0), ("u2", 1000)):
        transcript.caller_started(item, start)
        transcript.caller_stopped(item, start + 500)
    second = transcript.caller_text("u2", "second", 2000)
    first = transcript.caller_text("u1", "first", 2100)
    assert (first and first.seq, second and second.seq) == (1, 2)
    assert [turn.text for turn in transcript.turns()] == ["first", "second"]


def test_words_that_come_before_the_end_of_speech_are_told_at_its_end() -> None:
    transcript = Transcript()
    transcript.caller_started("u1", 100)
    assert transcript.caller_delta("u1", "I would ", 200) == "I would "
    assert transcript.caller_delta("u1", "like", 300) == "I would like"
    assert transcript.turns()[0].final is False
    transcript.caller_stopped("u1", 900)
    told = transcript.caller_text("u1", "I would like that.", 950)
    assert told == Turn(1, "user", "I would like that.", 100, 900)
    transcript.caller_delta("u1", "late", 960)
    assert transcript.turns() == [told]


def test_what_a_caller_is_saying_grows_until_it_is_written() -> None:
    transcript = Transcript()
    transcript.caller_started("u1", 100)
    assert transcript.caller_growing("u1") is None
    transcript.caller_delta("u1", "I would ", 200)
    assert transcript.caller_growing("u1") == Turn(1, "user", "I would", 100, 100, final=False)
    transcript.caller_stopped("u1", 900)
    assert transcript.caller_text("u1", "I would.", 950) == Turn(1, "user", "I would.", 100, 900)
    assert transcript.caller_growing("u1") is None
    assert transcript.caller_growing("u2") is None


def test_what_grew_and_was_nothing_is_taken_back() -> None:
    transcript = Transcript()
    transcript.caller_delta("u1", "uh", 200)
    transcript.caller_growing("u1")
    transcript.caller_stopped("u1", 900)
    told = transcript.caller_text("u1", "", 950)
    assert (told.seq, told.text) == (1, "")


def test_a_recognition_whose_speech_was_never_reported_has_the_time_it_came() -> None:
    told = Transcript().caller_text("u1", "Hello?", 700)
    assert told == Turn(1, "user", "Hello?", 700, 700)


def test_a_failed_recognition_leaves_what_was_known() -> None:
    transcript = Transcript()
    transcript.caller_started("u1", 0)
    transcript.caller_delta("u1", "I wou", 100)
    transcript.caller_stopped("u1", 500)
    assert transcript.caller_pending()
    assert transcript.caller_failed("u1") == Turn(1, "user", "I wou", 0, 500)
    assert not transcript.caller_pending()
    assert transcript.caller_failed("unknown") is None


def test_a_noise_that_was_no_words_is_no_turn() -> None:
    transcript = Transcript()
    transcript.caller_started("u1", 0)
    transcript.caller_stopped("u1", 200)
    assert transcript.caller_text("u1", "  ", 300) is None
    assert transcript.turns() == []


def test_pending_means_finished_speaking_but_not_written_down() -> None:
    transcript = Transcript()
    transcript.caller_started("u1", 0)
    assert not transcript.caller_pending()
    transcript.caller_stopped("u1", 200)
    assert transcript.caller_pending()
    transcript.caller_text("u1", "yes", 300)
    assert not transcript.caller_pending()


def test_an_interrupted_turn_keeps_what_was_heard() -> None:
    transcript = Transcript()
    transcript.agent_text("a1", "one two three four")
    transcript.agent_started("a1", 1000)
    told = transcript.agent_cut("a1", 2000, heard_ms=1000, received_ms=2000)
    assert told == Turn(1, "assistant", "one two", 1000, 2000, interrupted=True)


def test_text_that_comes_after_the_cut_changes_nothing() -> None:
    transcript = Transcript()
    transcript.agent_delta("a1", "one two")
    transcript.agent_started("a1", 1000)
    transcript.agent_cut("a1", 2000, heard_ms=1000, received_ms=1000)
    assert transcript.agent_text("a1", "one two three four") is None
    transcript.agent_delta("a1", " five")
    assert [turn.text for turn in transcript.turns()] == ["one two"]


def test_text_that_comes_only_after_the_cut_is_cut_too() -> None:
    transcript = Transcript()
    transcript.agent_started("a1", 0)
    assert transcript.agent_cut("a1", 500, heard_ms=500, received_ms=1000) is None
    told = transcript.agent_text("a1", "one two three four")
    assert told == Turn(1, "assistant", "one two", 0, 500, interrupted=True)


def test_an_item_nobody_heard_is_no_turn() -> None:
    transcript = Transcript()
    transcript.agent_text("a1", "Never said.")
    assert transcript.agent_cut("a1", 500, heard_ms=0, received_ms=900) is None
    assert transcript.agent_cut("unknown", 500, heard_ms=100, received_ms=900) is None
    assert transcript.turns() == []


def test_an_item_of_which_no_start_was_reported_began_before_its_cut() -> None:
    transcript = Transcript()
    transcript.agent_text("a1", "one two")
    told = transcript.agent_cut("a1", 1000, heard_ms=300, received_ms=300)
    assert told == Turn(1, "assistant", "one two", 700, 1000, interrupted=True)


def test_the_final_text_corrects_a_turn_that_was_told() -> None:
    transcript = Transcript()
    transcript.agent_delta("a1", "Good")
    transcript.agent_started("a1", 0)
    assert transcript.agent_ended("a1", 800) is None
    told = transcript.agent_text("a1", "Goodbye.")
    assert told == Turn(1, "assistant", "Goodbye.", 0, 800)
    assert transcript.agent_ended("a1", 900) is None


def test_a_correction_of_what_the_caller_said_has_the_same_number() -> None:
    transcript = Transcript()
    first = transcript.caller_text("u1", "to moro", 100)
    again = transcript.caller_text("u1", "tomorrow", 200)
    assert first is not None
    assert again == Turn(first.seq, "user", "tomorrow", 100, 100)
    assert transcript.caller_text("u1", "tomorrow", 300) is None


def test_the_end_of_the_call_makes_everything_final_once() -> None:
    transcript = Transcript()
    said_by_agent(transcript, "a1", "Hello.", 0, 500)
    transcript.caller_started("u1", 600)
    transcript.caller_delta("u1", "I would", 700)
    transcript.caller_started("u2", 800)
    assert transcript.close(1000) == [Turn(2, "user", "I would", 600, 1000)]
    assert transcript.close(1100) == []
    assert all(turn.final for turn in transcript.turns())


@pytest.mark.parametrize(
    ("heard", "received", "kept"),
    [
        (0, 1000, ""),
        (1000, 1000, "I can offer you Thursday."),
        (2000, 1000, "I can offer you Thursday."),
        (500, 1000, "I can offer"),
        (570, 1000, "I can offer you"),
        (10, 0, "I can offer you Thursday."),
        (-5, 1000, ""),
    ],
)
def test_what_was_heard_ends_at_a_word(heard: int, received: int, kept: str) -> None:
    assert heard_part("I can offer you Thursday.", heard, received) == kept


def test_a_script_without_spaces_is_cut_between_characters() -> None:
    text = "这是一个很长的句子" * 5
    assert heard_part(text, 500, 1000) in (text[:22], text[:23])


def test_what_was_heard_never_shrinks_with_time() -> None:
    text = "Two in the afternoon is perfect, thank you."
    lengths = [len(heard_part(text, heard, 1000)) for heard in range(0, 1001, 10)]
    assert lengths == sorted(lengths)
    assert lengths[-1] == len(text)


# --- what is said when its writer may die


def test_a_turn_is_foretold_once_it_is_heard_and_again_when_its_end_is_known():
    transcript = Transcript()
    assert transcript.agent_begun("a", None) is None
    transcript.agent_delta("a", "Good")
    transcript.agent_started("a", 100)
    first = transcript.agent_begun("a", None)
    assert (first.text, first.started_ms, first.ended_ms, first.final) == ("Good", 100, 100, False)
    transcript.agent_delta("a", " morning")
    assert transcript.agent_begun("a", None) is None
    transcript.agent_text("a", "Good morning")
    whole = transcript.agent_begun("a", 1500)
    assert (whole.text, whole.ended_ms) == ("Good morning", 1600)
    assert transcript.agent_begun("a", 1500) is None
    transcript.agent_ended("a", 1610)
    assert transcript.agent_begun("a", 1500) is None


@pytest.mark.parametrize("heard_ms", [0, 10])
def test_a_foretold_turn_of_which_no_word_was_heard_is_taken_back(heard_ms):
    transcript = Transcript()
    transcript.agent_text("a", "Unbelievable")
    transcript.agent_started("a", 100)
    transcript.agent_begun("a", 2000)
    back = transcript.agent_cut("a", 110, heard_ms, 2000)
    assert (back.seq, back.text) == (1, "")
    assert transcript.turns() == []
    assert transcript.close(200) == []


def test_turns_that_were_said_before_keep_their_numbers_and_are_not_told_again():
    transcript = Transcript()
    said = [Turn(1, "assistant", "Hello.", 0, 900), Turn(4, "user", "Hi.", 1000, 1300)]
    transcript.carry_on(said)
    assert transcript.turns() == said
    transcript.caller_started("b", 5000)
    assert [turn.seq for turn in [transcript.caller_text("b", "More.", 5600)]] == [5]
    assert [turn.seq for turn in transcript.close(6000)] == []


@pytest.mark.parametrize(
    ("turn", "changed"),
    [
        (Turn(1, "assistant", "one two three four", 1000, 3000), None),
        (Turn(1, "assistant", "one two three four", 4000, 6000), ("one two", 5000)),
        (Turn(1, "assistant", "one two", 2000, 2000), ("one two", 5000)),
        (Turn(1, "assistant", "one", 4000, 4500, True), None),
        (Turn(1, "assistant", "[pressed 5]", 2000, 2000), None),
        (Turn(1, "user", "one two", 4000, 4000), None),
    ],
)
def test_how_stored_turns_stand_when_nothing_is_heard_any_more(turn, changed):
    found = [(one.text, one.ended_ms) for one in as_heard([turn], 5000)]
    assert found == ([changed] if changed else [])
    assert all(one.interrupted for one in as_heard([turn], 5000))


# --- the turn that is open


def test_the_open_turn_is_what_was_said_since_the_agent_spoke() -> None:
    transcript = Transcript()
    assert transcript.open_turn() == ("", "", False)
    transcript.caller_started("a", 0)
    assert transcript.open_turn() == ("", "", False)
    transcript.caller_text("a", "Hello.", 900)
    assert transcript.open_turn() == ("", "Hello.", True)
    transcript.agent_delta("x", "What is your number?")
    assert transcript.open_turn()[0] == ""  # nobody has heard it yet
    transcript.agent_started("x", 1000)
    assert transcript.open_turn() == ("What is your number?", "", False)
    transcript.caller_started("b", 3000)
    transcript.caller_delta("b", "five five", 3500)
    transcript.caller_started("c", 5000)
    assert transcript.open_turn() == ("What is your number?", "five five", False)
    transcript.caller_delta("c", " six", 5500)
    assert transcript.open_turn() == ("What is your number?", "five five six", True)


def test_pressed_keys_are_no_words_of_the_open_turn() -> None:
    transcript = Transcript()
    transcript.caller_text("a", "Wait.", 900)
    transcript.keys("user", "123#", 1000)
    assert transcript.open_turn() == ("", "Wait.", True)

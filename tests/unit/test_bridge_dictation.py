"""Words that somebody outside wants said: when they are said, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest
from bridge_doubles import CONFIG, Talk
from test_bridge_noise import RECLAIM_AFTER, noise

from topcalls.bridge import prompt
from topcalls.bridge.hold import Reason
from topcalls.core.live_words import MOST_WAITING, Outcome
from topcalls.providers.base import CallerTranscript, ProviderClosed

pytestmark = pytest.mark.unit
WORDS = "The doctor is on the way."
SPEAK = ("speak", WORDS, True)


def in_talk(config: Any = CONFIG) -> Talk:
    """The caller has spoken and was answered; the line is quiet."""
    talk = Talk(config).ring().answer()
    talk.caller_says("Hello?")
    talk.session.respond("Hello.", 1.0)
    talk.advance(1.5)
    talk.calls.clear()
    return talk


def answering(seconds: float = 4.0) -> Talk:
    """The agent is in the middle of an answer."""
    talk = in_talk()
    talk.caller_says("Tell me everything.")
    talk.session.respond("It is a long story.", seconds)
    talk.advance(1.0)
    talk.calls.clear()
    return talk


def speaks(talk: Talk, seconds: float = 2.0, text: str = WORDS) -> None:
    talk.session.respond(text, seconds)
    talk.settle()


def asked(talk: Talk) -> list[tuple[Any, ...]]:
    return [call for call in talk.calls if call[0] in ("respond", "speak")]


def test_words_are_said_after_what_the_agent_is_saying() -> None:
    talk = answering()
    talk.dictate(WORDS)
    assert asked(talk) == []
    talk.advance(3.5)
    assert asked(talk) == [SPEAK]
    speaks(talk)
    talk.advance(2.5)
    assert talk.observer.outcomes == [("wish", Outcome.HEARD)]
    assert talk.observer.texts()[-2:] == [
        ("assistant", "It is a long story."),
        ("assistant", WORDS),
    ]
    talk.end()


def test_words_that_interrupt_cut_the_agent_off() -> None:
    talk = answering()
    talk.dictate(WORDS, interrupt=True)
    assert talk.loudspeaker.log[-1] == "clear"
    assert asked(talk) == [SPEAK]
    speaks(talk)
    talk.advance(2.5)
    assert talk.observer.outcomes == [("wish", Outcome.HEARD)]
    cut = [turn for turn in talk.observer.turns if turn.interrupted]
    assert [turn.speaker for turn in cut] == ["assistant"]
    assert talk.observer.texts()[-1] == ("assistant", WORDS)
    talk.end()


def test_an_answer_of_which_nothing_was_heard_follows_words_that_interrupt() -> None:
    talk = in_talk()
    talk.caller_says("When does the doctor come?")
    talk.calls.clear()
    talk.dictate(WORDS, interrupt=True)
    assert asked(talk) == [SPEAK, ("respond",)]
    talk.end()


def test_a_notice_is_heard_to_its_end_before_words_that_interrupt() -> None:
    talk = in_talk()
    talk.dictate("This call is recorded.", "notice", interruptible=False)
    speaks(talk, 2.0, "This call is recorded.")
    talk.dictate(WORDS, interrupt=True)
    talk.advance(1.0)
    assert SPEAK not in talk.calls
    talk.advance(1.5)
    assert talk.calls[-1] == SPEAK
    assert talk.observer.outcomes == [("notice", Outcome.HEARD)]
    talk.end()


@pytest.mark.parametrize("interrupt", [False, True])
def test_nobody_is_talked_over(interrupt: bool) -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.dictate(WORDS, interrupt=interrupt)
    talk.advance(1.0)
    assert asked(talk) == []
    talk.stop_speech(item)
    talk.advance(1.0)
    assert SPEAK in talk.calls or asked(talk) == [("respond",)]
    talk.end()


def test_words_that_must_be_heard_are_said_over_the_caller_if_they_interrupt() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.dictate(WORDS, interrupt=True, interruptible=False)
    assert asked(talk) == [SPEAK]
    speaks(talk)
    talk.advance(1.5)
    talk.stop_speech(item)
    talk.tell(CallerTranscript(item, "But when does he come?"))
    talk.advance(1.0)
    assert talk.observer.outcomes == [("wish", Outcome.HEARD)]
    assert asked(talk) == [SPEAK, ("respond",)]  # and then the caller is answered
    talk.end()


def test_whoever_is_cut_off_by_the_caller_was_interrupted() -> None:
    talk = in_talk()
    talk.dictate(WORDS)
    speaks(talk, 5.0)
    talk.advance(1.0)
    talk.caller_says("Wait a moment please.", 1.5)
    assert talk.observer.outcomes == [("wish", Outcome.INTERRUPTED)]
    talk.end()


def test_words_of_which_nothing_was_heard_are_said_again() -> None:
    talk = in_talk()
    talk.dictate(WORDS)
    item = talk.start_speech()  # before their first sound: the caller simply goes on talking
    assert asked(talk) == [SPEAK]
    talk.advance(1.0)
    talk.stop_speech(item)
    talk.advance(0.5)
    speaks(talk, 1.0, "I see.")
    talk.advance(2.0)
    assert asked(talk) == [SPEAK, ("respond",), SPEAK]
    speaks(talk)
    talk.advance(2.5)
    assert talk.observer.outcomes == [("wish", Outcome.HEARD)]
    talk.end()


def test_a_call_can_end_with_them() -> None:
    talk = in_talk()
    talk.dictate(WORDS, end_call=True)
    speaks(talk, 1.0)
    talk.advance(2.0)
    assert talk.observer.over.is_set()
    assert talk.observer.ends == [("agent_ended", "said")]
    assert talk.observer.outcomes == [("wish", Outcome.HEARD)]
    talk.is_gone()


def test_a_caller_who_speaks_over_the_goodbye_keeps_the_call() -> None:
    talk = in_talk()
    talk.dictate(WORDS, end_call=True)
    speaks(talk, 5.0)
    talk.advance(1.0)
    talk.caller_says("Wait, one more thing please.", 1.5)
    talk.advance(1.0)
    assert not talk.observer.over.is_set()
    assert asked(talk)[-1] == ("respond",)
    talk.end()


@pytest.mark.parametrize("end_call", [False, True])
def test_after_a_noise_they_are_said_once_more(end_call: bool) -> None:
    talk = in_talk()
    talk.dictate(WORDS, end_call=end_call)
    speaks(talk, 6.0)
    talk.advance(1.0)
    item = noise(talk)
    talk.tell(CallerTranscript(item, ""))
    assert talk.observer.outcomes == []
    talk.advance(RECLAIM_AFTER)
    assert asked(talk)[-1] == SPEAK
    speaks(talk, 1.0)
    talk.advance(1.5)
    assert talk.observer.outcomes == [("wish", Outcome.HEARD)]
    assert talk.observer.over.is_set() is end_call
    if not end_call:
        talk.end()


def test_the_call_is_not_given_away_while_words_wait() -> None:
    talk = in_talk()
    assert talk.bridge.is_quiet
    talk.bridge.hold(Reason.LINE)
    talk.dictate(WORDS)
    assert not talk.bridge.is_quiet
    talk.end()


def test_they_wait_while_the_line_is_on_hold() -> None:
    talk = in_talk()
    talk.bridge.hold(Reason.LINE)
    talk.dictate(WORDS, interrupt=True)
    assert asked(talk) == []
    talk.bridge.resume(Reason.LINE)
    talk.settle()
    assert asked(talk) == [SPEAK]
    talk.end()


def test_a_session_that_is_lost_is_asked_again_in_the_next() -> None:
    talk = in_talk()
    talk.dictate(WORDS)
    talk.tell(ProviderClosed(1006))
    talk.advance(0.5)
    assert asked(talk) == [SPEAK]
    talk.session._items = 10  # whose ids are its own
    speaks(talk)
    talk.advance(2.5)
    assert talk.observer.outcomes == [("wish", Outcome.HEARD)]
    talk.end()


def test_what_is_left_at_the_end_was_not_said() -> None:
    talk = answering()
    talk.dictate(WORDS, "first")
    talk.dictate("More.", "second")
    talk.end()
    assert talk.observer.outcomes == [
        ("first", Outcome.NOT_SAID),
        ("second", Outcome.NOT_SAID),
    ]


def test_only_so_many_wait() -> None:
    talk = answering()
    for number in range(MOST_WAITING + 1):
        talk.dictate(f"{number}.", str(number))
    assert talk.observer.outcomes == [(str(MOST_WAITING), Outcome.NOT_SAID)]
    talk.end()


def test_a_note_is_known_to_the_next_session_too() -> None:
    talk = in_talk()
    talk.bridge.inject("The order was sent.")
    talk.settle()
    note = ("message", "system", prompt.note_message("The order was sent."))
    assert talk.calls == [note]
    talk.tell(ProviderClosed(1006))
    talk.advance(0.5)
    assert talk.calls.count(note) == 1
    talk.end()


def test_a_note_between_two_sessions_is_told_once() -> None:
    talk = in_talk()
    talk.model.gate.clear()
    talk.tell(ProviderClosed(1006))
    talk.bridge.inject("The order was sent.", respond=True)
    talk.settle()
    talk.model.gate.set()
    talk.advance(0.5)
    note = ("message", "system", prompt.note_message("The order was sent."))
    assert talk.calls.count(note) == 1
    assert asked(talk) == [("respond",)]
    talk.end()

"""A conversation that began in another process: what it knows, what it owes, how it counts."""

from __future__ import annotations

import pytest
from bridge_doubles import CONFIG, LIMIT, Talk, configured

from topcalls.bridge.config import Limits
from topcalls.bridge.opening import OpeningPlan
from topcalls.bridge.responses import ANSWER, CONTINUE
from topcalls.bridge.resumption import PATIENCE_SECONDS, Past, owed
from topcalls.core.transcript import Turn
from topcalls.errors import ProviderError

pytestmark = pytest.mark.unit
RACHEL = "Hi, this is Rachel."
HELLO = Turn(1, "assistant", RACHEL, 200, 2200)
ASKED = Turn(2, "user", "Where is my order?", 3000, 4500)
ANSWERED = Turn(3, "assistant", "It is on its way to you.", 5000, 8000)
OPENING = configured(opening=OpeningPlan(RACHEL))


def resumed(*turns: Turn, ago: float = 20.0, config: object = OPENING, **options: object) -> Talk:
    """A call that was answered so long ago, and goes on here."""
    talk = Talk(config, past=Past(turns, ago), **options)  # type: ignore[arg-type]
    return talk.ring().answer()


@pytest.mark.parametrize(
    ("turns", "ask"),
    [
        ([], None),
        ([HELLO], None),
        ([HELLO, ASKED], ANSWER),
        ([HELLO, ASKED, ANSWERED], None),
        ([Turn(1, "assistant", "Hi, this", 200, 900, True)], CONTINUE),
    ],
)
def test_what_the_agent_owes(turns, ask):
    told = owed(turns)
    assert (told.text if ask is CONTINUE and told else told) == ask


def test_the_model_is_told_what_was_said_and_the_caller_has_the_floor() -> None:
    talk = resumed(HELLO, ASKED, ANSWERED)
    assert [call[1:] for call in talk.calls] == [
        ("assistant", RACHEL),
        ("user", ASKED.text),
        ("assistant", ANSWERED.text),
    ]
    talk.caller_says("Thank you.")
    assert talk.calls[-1] == ("respond",)
    talk.session.respond("You are welcome.", 1.0)
    talk.advance(1.5)
    told = [(turn.seq, turn.text) for turn in talk.observer.turns]
    assert told == [(4, "Thank you."), (5, "You are welcome.")]
    assert talk.observer.turns[0].started_ms >= 20_000
    talk.end()


def test_a_caller_who_spoke_last_is_answered() -> None:
    talk = resumed(HELLO, ASKED)
    assert talk.calls[-1] == ("respond",)
    talk.session.respond("It is on its way.", 1.0)
    talk.advance(1.5)
    assert talk.observer.texts() == [("assistant", "It is on its way.")]
    talk.end()


def test_an_agent_that_was_cut_off_says_so_and_finishes() -> None:
    talk = resumed(HELLO, ASKED, ANSWERED, ago=6.5)
    (cut,) = talk.observer.turns
    assert (cut.seq, cut.text, cut.ended_ms, cut.interrupted) == (3, "It is on its", 6500, True)
    assert talk.calls[-2:] == [("message", "assistant", "It is on its"), ("speak", CONTINUE, False)]
    talk.end()


def test_a_sentence_of_which_the_end_is_not_known_counts_as_cut_off() -> None:
    begun = Turn(3, "assistant", "It is on", 5000, 5000)
    talk = resumed(HELLO, ASKED, begun)
    (cut,) = talk.observer.turns
    assert (cut.text, cut.ended_ms, cut.interrupted) == ("It is on", 20_000, True)
    assert talk.calls[-1] == ("speak", CONTINUE, False)
    talk.end()


def test_words_that_nobody_heard_are_taken_back() -> None:
    talk = resumed(HELLO, ASKED, Turn(3, "assistant", "Unbelievable.", 19_990, 21_000))
    assert talk.observer.turns == []
    (back,) = talk.observer.begun
    assert (back.seq, back.text) == (3, "")
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_call_in_which_nothing_was_said_is_opened() -> None:
    talk = resumed(ago=1.0)
    assert talk.calls == [("speak", RACHEL, True)]
    talk.session.respond(RACHEL, 1.0)
    talk.advance(1.5)
    assert talk.observer.texts() == [("assistant", RACHEL)]
    talk.end()


def test_an_unexplained_silence_is_explained() -> None:
    talk = resumed(HELLO)
    talk.advance(PATIENCE_SECONDS + 0.1)
    kind, text, exact = talk.calls[-1]
    assert (kind, exact) == ("speak", False)
    assert "interrupted" in text
    talk.end()


def test_a_caller_who_speaks_needs_no_explanation() -> None:
    talk = resumed(HELLO)
    talk.caller_says("Hello?")
    talk.session.respond("Yes, I am here.", 0.5)
    talk.advance(PATIENCE_SECONDS)
    assert [call for call in talk.calls if call[0] == "speak"] == []
    talk.end()


def test_a_session_that_does_not_come_in_time_ends_the_call_with_an_apology() -> None:
    config = configured(apology=b"\x02" * 8000, apology_text="Sorry.")
    talk = Talk(config, past=Past((HELLO,), 20.0))
    talk.model.gate.clear()
    talk.bridge.start()
    talk.answer()
    talk.advance(Limits().reconnect + 0.1)
    assert talk.model.gave_up.wait(LIMIT)
    talk.advance(1.5)
    assert talk.observer.ends == [("provider_failed", "no_session")]
    assert talk.observer.texts() == [("assistant", "Sorry.")]
    talk.is_gone()


def test_an_ai_that_refuses_ends_the_call() -> None:
    talk = Talk(CONFIG, past=Past((HELLO,), 20.0))
    talk.model.failures = [ProviderError("No.", retryable=False, provider_code="invalid_api_key")]
    talk.bridge.start()
    assert talk.observer.over.wait(LIMIT)
    assert talk.observer.ends == [("provider_failed", "invalid_api_key")]
    talk.is_gone()


def test_what_is_being_said_is_told_when_it_is_heard_and_when_all_of_it_is_known() -> None:
    talk = Talk(OPENING).ring().answer()
    response = talk.session.begin()
    talk.session.say(response, "Hi, this", 1.0, done=False)
    talk.settle()
    talk.advance(0.1)
    (first,) = talk.observer.begun
    assert (first.text, first.ended_ms - first.started_ms) == ("Hi, this", 0)
    talk.session.end(response)
    talk.settle()
    assert len(talk.observer.begun) == 1  # its words are not complete
    talk.end()
    assert talk.observer.texts() == []  # too little of it was heard
    assert [turn.text for turn in talk.observer.begun] == ["Hi, this", ""]


def test_a_quiet_moment_is_one_in_which_nobody_speaks() -> None:
    talk = Talk(OPENING).ring().answer()
    assert not talk.bridge.is_quiet
    talk.session.respond(RACHEL, 1.0)
    talk.settle()
    assert not talk.bridge.is_quiet
    talk.advance(1.5)
    assert talk.bridge.is_quiet
    item = talk.start_speech()
    assert not talk.bridge.is_quiet
    talk.advance(1.0)
    talk.stop_speech(item)
    assert not talk.bridge.is_quiet
    talk.end()

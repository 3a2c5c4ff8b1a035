"""An answer that does not end is ended, between two sentences."""

from __future__ import annotations

import pytest
from bridge_doubles import Talk, configured

from topcalls.bridge.answer_limit import GRACE_MS, PAUSE_MS, AnswerLimit
from topcalls.bridge.opening import OpeningPlan
from topcalls.bridge.responses import Ask
from topcalls.core.transcript import sentences_of
from topcalls.providers.base import AgentTextDelta, AgentTextDone, AudioDelta, AudioDone

pytestmark = pytest.mark.unit

LOUD, QUIET = b"\x01", b"\xff"
SHORT = configured(longest_answer_ms=10_000)


def ms(milliseconds: int, sound: bytes = LOUD) -> bytes:
    return sound * 8 * milliseconds


def limit() -> AnswerLimit:
    return AnswerLimit(10_000, "PCMU")


def test_sound_within_the_limit_is_all_of_the_answer() -> None:
    rule = limit()
    assert rule.admit(ms(9000) + ms(900, QUIET)) is None
    assert rule.admit(ms(100)) is None


def test_the_first_pause_after_the_limit_ends_it() -> None:
    rule = limit()
    assert rule.admit(ms(9000)) is None
    kept = rule.admit(ms(2000) + ms(400, QUIET) + ms(3000))
    assert kept == (2000 + PAUSE_MS) * 8


def test_a_pause_is_found_across_pieces_of_any_length() -> None:
    rule = limit()
    sound = ms(11_000) + ms(400, QUIET) + ms(100)
    admitted = 0
    for start in range(0, len(sound), 1234):
        piece = sound[start : start + 1234]
        kept = rule.admit(piece)
        admitted += len(piece) if kept is None else kept
        if kept is not None:
            break
    assert admitted / 8 == pytest.approx(11_000 + PAUSE_MS, abs=40)


def test_a_breath_within_a_sentence_does_not_end_it() -> None:
    rule = limit()
    assert rule.admit(ms(11_000) + ms(PAUSE_MS - 40, QUIET) + ms(1000)) is None


def test_without_a_pause_it_is_cut_in_the_end() -> None:
    assert limit().admit(ms(60_000)) == (10_000 + GRACE_MS) * 8


@pytest.mark.parametrize(
    ("kept", "part"),
    [
        (1000, "One two three."),
        (1500, "One two three."),
        (1900, "One two three. Four five six!"),
        (0, "One two three."),
    ],
)
def test_the_words_end_with_a_sentence(kept: int, part: str) -> None:
    text = "One two three. Four five six! Seven eight"
    assert sentences_of(text, kept, 3000) == part


def test_words_without_an_end_near_by_are_cut_like_any() -> None:
    text = "word " * 100 + "end. " + "more " * 100
    assert sentences_of(text, 250, 1000) == " ".join(["word"] * 50)


def telling(talk: Talk, seconds: int) -> tuple[str, str]:
    """The model begins an answer that goes on and on; its response and item."""
    response_id = talk.session.begin()
    for second in range(seconds):
        if talk.calls[-1][0] == "truncate":
            break
        talk.tell(AgentTextDelta(response_id, "item", f"Sentence {second}. "))
        talk.tell(AudioDelta(response_id, "item", ms(600) + ms(400, QUIET)))
    return response_id, "item"


def test_the_model_is_stopped_and_forgets_what_nobody_hears() -> None:
    talk = Talk(SHORT).ring().answer()
    talk.caller_says("Tell me everything.")
    telling(talk, 60)
    assert talk.calls[-2:] == [("cancel",), ("truncate", "item", 10_900, 11_000)]
    talk.tell(AgentTextDone("item", "Sentence 0. " * 60))
    talk.tell(AudioDone("item"))
    assert talk.loudspeaker.log == []
    talk.advance(12.0)
    said = " ".join(f"Sentence {number}." for number in range(11))
    assert talk.observer.texts() == [("user", "Tell me everything."), ("assistant", said)]
    assert not talk.observer.turns[-1].interrupted
    talk.caller_says("And then?")
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_what_waited_behind_it_is_said_all_the_same() -> None:
    talk = Talk(SHORT).ring().answer()
    talk.caller_says("Tell me everything.")
    talk.session.begin()
    talk.bridge._conversation._agent.say(Ask("One more thing."))
    talk.session.wanted.clear()
    talk.tell(AudioDelta("resp-1", "item", ms(30_000)))
    assert talk.calls[-1] == ("speak", "One more thing.", True)
    talk.session.respond("One more thing.", 1.0)
    talk.advance(21.5)
    assert talk.observer.texts()[-1] == ("assistant", "One more thing.")
    talk.end()


def test_exact_words_are_said_to_their_end() -> None:
    notice = "A very long notice."
    opening = OpeningPlan(notice)
    talk = Talk(configured(longest_answer_ms=10_000, opening=opening)).ring().answer()
    talk.session.respond(notice, 30.0)
    talk.advance(30.5)
    assert talk.observer.turns[-1].ended_ms >= 30_000
    assert talk.calls == [("speak", notice, True)]
    talk.end()

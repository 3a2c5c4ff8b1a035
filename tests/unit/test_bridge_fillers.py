"""A caller who waits hears a phrase, in the agent's voice."""

from __future__ import annotations

import pytest
from bridge_doubles import CONFIG, LOOK_UP, Talk, Tool, configured

from topcalls.core.filler import FillerPlan
from topcalls.core.token_usage import TokenUsage
from topcalls.providers.base import CallerTranscript, Rendered

pytestmark = pytest.mark.unit

ONE, TWO = "One moment, please.", "Just a second."
PLAN = configured(filler=FillerPlan((ONE, TWO), 1000))
CLIP = b"\x01" * 8 * 800


def asked(config: object = PLAN, **options: object) -> Talk:
    """The agent has spoken, and has been asked something."""
    talk = Talk(config, **options).ring().answer()  # type: ignore[arg-type]
    talk.caller_says("Hello?")
    talk.session.respond("Hello there.", 1.0)
    talk.advance(1.1)
    talk.caller_says("Where is my order?")
    talk.calls.clear()
    return talk


def fillers(talk: Talk) -> list[str]:
    return [name for name in talk.loudspeaker.said if name.startswith("filler")]


def test_a_phrase_is_made_in_time_and_said_after_the_wait() -> None:
    talk = asked()
    talk.advance(0.1)
    assert talk.calls == []
    talk.advance(0.2)
    assert talk.calls == [("render", ONE)]
    talk.tell(Rendered(ONE, CLIP, TokenUsage(output_audio=7)))
    assert fillers(talk) == []
    talk.advance(0.8)
    assert fillers(talk) == ["filler-1"]
    talk.advance(0.9)
    talk.session.respond("It is on its way.", 1.0)
    talk.advance(1.2)
    assert talk.observer.texts()[-2:] == [("assistant", ONE), ("assistant", "It is on its way.")]
    assert ("model", TokenUsage(output_audio=7)) in talk.observer.used
    talk.end()


def test_a_quick_answer_needs_none() -> None:
    talk = asked()
    talk.advance(0.1)
    talk.session.respond("It is on its way.", 1.0)
    talk.advance(5.0)
    assert talk.calls == []
    assert fillers(talk) == []
    talk.end()


def test_a_phrase_that_comes_late_is_said_at_once_if_it_still_helps() -> None:
    talk = asked()
    talk.advance(1.5)
    assert fillers(talk) == []
    talk.tell(Rendered(ONE, CLIP))
    talk.advance(0.1)
    assert fillers(talk) == ["filler-1"]
    talk.end()


def test_a_phrase_that_comes_after_the_answer_is_kept_for_the_next_wait() -> None:
    talk = asked()
    talk.advance(1.5)
    talk.session.respond("It is on its way.", 1.0)
    talk.tell(Rendered(ONE, CLIP))
    talk.advance(1.2)
    assert fillers(talk) == []
    talk.caller_says("Since when?")
    talk.advance(1.2)
    assert fillers(talk) == ["filler-1"]
    assert talk.calls.count(("render", ONE)) == 1
    talk.end()


def test_phrases_take_turns_and_come_ever_later() -> None:
    talk = asked(configured(filler=FillerPlan((ONE, TWO), 700)))
    talk.tell(Rendered(ONE, CLIP))
    talk.tell(Rendered(TWO, CLIP))
    at = []
    for count in (1, 2, 3):
        while len(fillers(talk)) < count:
            talk.advance(0.02)
        at.append(talk.clock.monotonic())
    assert at[1] - at[0] == pytest.approx(0.8 + 1.4, abs=0.06)
    assert at[2] - at[1] == pytest.approx(0.8 + 2.1, abs=0.06)
    talk.advance(1.5)
    assert [text for _, text in talk.observer.texts()[-3:]] == [ONE, TWO, ONE]
    talk.end()


def test_the_answer_ends_a_phrase_that_has_long_to_go() -> None:
    talk = asked()
    talk.advance(0.5)
    talk.tell(Rendered(ONE, CLIP * 3))
    talk.advance(0.7)
    talk.session.respond("It is on its way.", 1.0)
    talk.settle()
    assert talk.loudspeaker.log == ["clear"]
    talk.advance(1.2)
    assert talk.observer.texts()[-1] == ("assistant", "It is on its way.")
    talk.end()


def test_the_last_word_of_a_phrase_is_not_cut() -> None:
    talk = asked()
    talk.advance(0.5)
    talk.tell(Rendered(ONE, CLIP))
    talk.advance(1.2)
    talk.session.respond("It is on its way.", 1.0)
    talk.advance(1.5)
    assert talk.loudspeaker.log == []
    assert talk.observer.texts()[-1] == ("assistant", "It is on its way.")
    talk.end()


def test_nothing_is_said_to_a_caller_who_speaks() -> None:
    talk = asked()
    talk.advance(0.9)
    talk.tell(Rendered(ONE, CLIP))
    item_id = talk.start_speech()
    talk.advance(3.0)
    assert fillers(talk) == []
    talk.stop_speech(item_id)
    talk.tell(CallerTranscript(item_id, "Hello?"))
    talk.end()


def test_a_tool_that_takes_its_time_is_covered_too() -> None:
    tool = Tool(held=True)
    talk = asked(run_tool=tool)
    talk.session.call(LOOK_UP.name)
    talk.advance(0.9)
    talk.tell(Rendered(ONE, CLIP))
    talk.advance(0.3)
    assert fillers(talk) == ["filler-1"]
    tool.gate.set()
    talk.advance(1.0)
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_the_call_does_not_begin_with_one() -> None:
    talk = Talk(PLAN).ring().answer()
    talk.caller_says("Hello?")
    talk.advance(4.0)
    assert talk.calls == [("respond",)]
    talk.end()


def test_a_phrase_that_cannot_be_made_is_tried_again() -> None:
    talk = asked()
    talk.advance(0.5)
    talk.tell(Rendered(ONE, b""))
    talk.advance(2.0)
    assert fillers(talk) == []
    talk.session.respond("It is on its way.", 1.0)
    talk.advance(1.2)
    talk.caller_says("Since when?")
    talk.advance(0.5)
    assert talk.calls.count(("render", ONE)) == 2
    talk.end()


def test_without_a_plan_the_wait_stays_empty() -> None:
    talk = asked(CONFIG)
    talk.advance(6.0)
    assert talk.calls == []
    talk.end()

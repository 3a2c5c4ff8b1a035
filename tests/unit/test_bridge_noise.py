"""What interrupts the agent and what does not: acknowledgements, noises, and going on after one."""

from __future__ import annotations

from bridge_doubles import CONFIG, Talk, configured

from topcalls.bridge import prompt
from topcalls.bridge.opening import OpeningPlan
from topcalls.core.turn_rules import TurnRules
from topcalls.providers.base import (
    CallerTextDelta,
    CallerTranscript,
    CallerTranscriptFailed,
    SessionConfig,
)

STORY = "one two three four five six seven eight"
RULES = TurnRules()
CUT_AFTER = (RULES.wordless_ms + RULES.hangover_ms) / 1000 + 0.02
RECLAIM_AFTER = RULES.reclaim_after_ms / 1000 + 0.02


def telling(config: object = CONFIG, seconds: float = 6.0) -> Talk:
    """The agent has been answering a turn for one second."""
    talk = Talk(config).ring().answer()  # type: ignore[arg-type]
    talk.caller_says("Who is there?")
    talk.session.respond(STORY, seconds)
    talk.advance(1.02)
    talk.calls.clear()
    return talk


def noise(talk: Talk, seconds: float = CUT_AFTER + 0.2) -> str:
    """Something lasts so long that the agent is cut off."""
    item = talk.start_speech()
    talk.advance(seconds)
    assert talk.loudspeaker.log == ["pause", "clear"]
    talk.advance(0.5)
    talk.stop_speech(item)
    return item


# --- acknowledgements


def test_an_acknowledgement_that_takes_its_time_does_not_interrupt() -> None:
    talk = telling()
    item = talk.start_speech()
    talk.advance(1.3)
    talk.stop_speech(item)
    assert talk.loudspeaker.log == ["pause"]  # its words are on their way
    talk.advance(0.4)
    talk.tell(CallerTranscript(item, "Yeah, okay, right."))
    assert talk.loudspeaker.log == ["pause", "resume"]
    talk.advance(1.1)
    assert talk.calls == [("delete", item)]
    talk.end()


def test_acknowledgements_are_those_of_the_calls_language() -> None:
    session = SessionConfig("model", "Be kind.", language="pl-PL")
    talk = telling(configured(session=session))
    item = talk.start_speech()
    talk.tell(CallerTextDelta(item, "No tak"))
    talk.advance(1.5)
    talk.stop_speech(item)
    assert talk.loudspeaker.log == ["pause", "resume"]
    talk.end()


def test_a_short_stop_interrupts() -> None:
    talk = telling()
    item = talk.start_speech()
    talk.advance(0.8)
    talk.stop_speech(item)
    talk.tell(CallerTranscript(item, "Stop!"))
    assert talk.calls[0] == ("cancel",)
    assert talk.calls[-1] == ("respond",)
    talk.end()


# --- noise


def test_the_agent_goes_on_after_a_noise_that_cut_it_off() -> None:
    talk = telling()
    item = noise(talk)
    assert talk.calls[-1] == ("respond",)
    talk.calls.clear()
    talk.tell(CallerTranscript(item, ""))
    assert talk.calls == [
        ("delete", item),
        ("cancel",),
        ("message", "system", prompt.CONTINUE_AFTER_NOISE),
        ("respond",),
    ]
    talk.session.respond("four five six", 1.0)
    talk.advance(1.1)
    assert talk.observer.texts()[-2:] == [("assistant", "one two"), ("assistant", "four five six")]
    talk.end()


def test_the_agent_goes_on_when_a_noise_was_not_answered() -> None:
    talk = telling()
    noise(talk)
    response = talk.session.begin()
    talk.session.end(response, "cancelled")  # as the chain does where there is nothing to answer
    talk.calls.clear()
    talk.advance(RECLAIM_AFTER)
    assert talk.calls == [("message", "system", prompt.CONTINUE_AFTER_NOISE), ("respond",)]
    talk.end()


def test_exact_words_that_a_noise_cut_off_are_said_again() -> None:
    talk = Talk(configured(opening=OpeningPlan("Hello, this is Rachel of the bank."))).ring()
    talk.session.respond("Hello, this is Rachel of the bank.", 6.0)
    talk.answer()
    talk.advance(0.5)
    talk.calls.clear()
    item = noise(talk)
    talk.calls.clear()
    talk.tell(CallerTranscript(item, ""))
    assert talk.calls[-1] == ("speak", "Hello, this is Rachel of the bank.", True)
    assert not any(call[0] == "message" for call in talk.calls)
    talk.end()


def test_a_noise_that_the_model_has_answered_is_left_at_that() -> None:
    talk = telling()
    item = noise(talk)
    talk.session.respond("Pardon?", 0.5)
    talk.advance(0.3)
    talk.calls.clear()
    talk.tell(CallerTranscript(item, ""))
    talk.advance(5.0)
    assert talk.calls == []
    talk.end()


def test_speech_whose_words_are_lost_is_answered() -> None:
    talk = telling()
    item = noise(talk)
    talk.calls.clear()
    talk.tell(CallerTranscriptFailed(item))
    talk.session.respond("Pardon?", 0.5)
    talk.advance(3.0)
    assert talk.calls == []
    assert talk.observer.texts()[-1] == ("assistant", "Pardon?")
    talk.end()


def test_a_second_noise_over_what_goes_on_changes_nothing() -> None:
    talk = telling()
    first = noise(talk)
    talk.tell(CallerTranscript(first, ""))
    second = talk.start_speech()
    talk.advance(0.8)
    talk.stop_speech(second)
    talk.calls.clear()
    talk.tell(CallerTranscript(second, ""))
    assert talk.calls[-2:] == [("message", "system", prompt.CONTINUE_AFTER_NOISE), ("respond",)]
    talk.end()


def test_a_goodbye_that_a_noise_cut_off_is_said_after_all() -> None:
    talk = telling()
    talk.advance(5.5)
    talk.caller_says("That is all.")
    talk.session.call("end_call", text="Goodbye, and have a very nice day.", seconds=6.0)
    talk.advance(0.5)
    talk.loudspeaker.log.clear()
    item = noise(talk)
    talk.calls.clear()
    talk.tell(CallerTranscript(item, ""))
    assert ("message", "system", prompt.CONTINUE_AFTER_NOISE) in talk.calls
    talk.session.call("end_call", text="Goodbye.", seconds=0.5)
    talk.advance(1.5)
    assert talk.observer.ends == [("agent_ended", "")]
    talk.is_gone()

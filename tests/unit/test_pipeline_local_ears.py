"""The chain with ears of our own beside the recogniser's: who begins a turn, ends it, and has its
words."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from bridge_realtime_peer import Heard
from sandbox_openai_speech import silence
from test_pipeline_stages import Ears, Mind, Mouth, of, opened, until  # noqa: F401

from topcalls.bridge import pipeline_ears
from topcalls.bridge.pipeline import PipelineSession
from topcalls.providers.base import (
    AgentTextDone,
    CallerTextDelta,
    CallerTranscript,
    ResponseDone,
    SpeechStarted,
    SpeechStopped,
)
from topcalls.providers.stages import Partial, TurnBegan, TurnEnded

pytestmark = pytest.mark.unit


class Rig:
    """A session after a second of silence."""

    def __init__(self, opened: Any) -> None:  # noqa: F811
        self.heard = Heard()
        self.ears = Ears()
        self.session: PipelineSession = opened(
            self.heard, [self.ears], [Mind(["Gladly."], ["Of course."])], [Mouth()]
        )
        self.session.append_audio(silence(1.0))

    def events(self, count: int) -> list[Any]:
        return self.heard.take(count)


@pytest.fixture
def rig(opened: Any) -> Rig:  # noqa: F811
    return Rig(opened)


def test_a_turn_begins_with_the_first_that_hear_it(rig: Rig) -> None:
    rig.session.begin_turn(700)
    (started,) = rig.events(1)
    assert started.audio_ms == 700
    rig.ears.tell(TurnBegan(650))
    rig.ears.tell(Partial("Hello"))
    assert rig.events(1) == [CallerTextDelta(started.item_id, "Hello")]


def test_a_turn_that_has_words_is_ended_by_the_recogniser(rig: Rig) -> None:
    rig.session.begin_turn(200)
    rig.ears.tell(Partial("Well"))
    rig.session.commit_turn(600)
    started, delta = rig.events(2)
    assert rig.heard.nothing
    rig.ears.tell(TurnEnded(900, "Well, yes."))
    stopped, words = rig.events(2)
    assert isinstance(stopped, SpeechStopped)
    assert words == CallerTranscript(started.item_id, "Well, yes.")
    assert delta.item_id == started.item_id


def test_a_turn_without_words_yet_ends_at_once_and_is_owed_them(rig: Rig) -> None:
    rig.session.begin_turn(200)
    rig.session.commit_turn(600)
    started, stopped = rig.events(2)
    assert stopped == SpeechStopped(600, started.item_id)
    rig.ears.tell(TurnBegan(190))
    rig.ears.tell(Partial("Stop"))
    rig.ears.tell(TurnEnded(610, "Stop it."))
    assert rig.events(2) == [
        CallerTextDelta(started.item_id, "Stop"),
        CallerTranscript(started.item_id, "Stop it."),
    ]


def test_an_answer_waits_for_the_words_it_answers(rig: Rig) -> None:
    rig.session.begin_turn(200)
    rig.session.commit_turn(600)
    rig.session.create_response(tag="ask")
    gevent.idle()
    rig.events(2)
    assert rig.heard.nothing
    rig.ears.tell(TurnEnded(610, "Can you help me?"))
    events = until(rig.heard, ResponseDone)
    assert isinstance(events[0], CallerTranscript)
    assert of(events, AgentTextDone)[0].text == "Gladly."
    assert events[-1].tag == "ask"


def test_a_sound_that_comes_to_no_words_is_not_waited_for_for_ever(rig: Rig) -> None:
    rig.session.create_response()
    until(rig.heard, ResponseDone)
    rig.session.begin_turn(200)
    rig.session.commit_turn(600)
    rig.session.create_response(tag="ask")
    started, _ = rig.events(2)
    for _ in range(pipeline_ears.OWED_MS // 100):
        rig.session.append_audio(silence(0.1))
    assert rig.events(2) == [
        CallerTranscript(started.item_id, ""),
        ResponseDone("", "ask", "cancelled", "nothing_to_answer"),
    ]


def test_a_recogniser_that_heard_nothing_says_so(rig: Rig) -> None:
    rig.session.begin_turn(200)
    rig.session.commit_turn(600)
    started, _ = rig.events(2)
    rig.ears.tell(TurnBegan(190))
    rig.ears.tell(TurnEnded(600, ""))
    assert rig.events(1) == [CallerTranscript(started.item_id, "")]


def test_who_goes_on_before_the_words_are_there_has_them_all_in_the_later_turn(rig: Rig) -> None:
    rig.session.begin_turn(100)
    rig.session.commit_turn(400)
    first, _ = rig.events(2)
    rig.session.begin_turn(800)
    (second,) = rig.events(1)
    assert isinstance(second, SpeechStarted)
    rig.ears.tell(TurnEnded(990, "No, I mean Thursday."))
    failed, stopped, words = rig.events(3)
    assert failed == CallerTranscript(first.item_id, "")
    assert isinstance(stopped, SpeechStopped)
    assert words == CallerTranscript(second.item_id, "No, I mean Thursday.")
    rig.session.create_response(tag="ask")
    assert of(until(rig.heard, ResponseDone), AgentTextDone)[0].text == "Gladly."


def test_a_recogniser_alone_is_as_before(rig: Rig) -> None:
    rig.session.commit_turn(600)  # of nothing
    rig.ears.tell(TurnBegan(100))
    rig.ears.tell(TurnEnded(600, "Hello."))
    kinds = [type(event) for event in rig.events(3)]
    assert kinds == [SpeechStarted, SpeechStopped, CallerTranscript]


def test_a_closed_session_is_told_nothing(rig: Rig) -> None:
    rig.session.close()
    rig.session.begin_turn(100)
    rig.session.commit_turn(200)
    assert rig.heard.nothing


def test_a_turn_that_is_to_be_split_and_ends_is_over(rig: Rig) -> None:
    rig.session.begin_turn(200)
    rig.session.end_turn(1000)
    rig.session.commit_turn(900)
    rig.ears.tell(TurnEnded(900, "Well then."))
    assert until(rig.heard, CallerTranscript)[-1].text == "Well then."
    rig.session.create_response()
    assert of(until(rig.heard, ResponseDone), AgentTextDone)[0].text == "Gladly."


def test_a_noise_that_our_ears_take_for_speech_is_split_without_words(rig: Rig) -> None:
    rig.session.begin_turn(200)
    rig.session.end_turn(1000)
    rig.session.append_audio(silence(0.1))
    assert until(rig.heard, CallerTranscript)[-1].text == ""
    rig.session.speak("Ask.", exact=False)
    assert of(until(rig.heard, ResponseDone), AgentTextDone)[0].text == "Gladly."

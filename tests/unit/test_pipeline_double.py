"""The chain of OpenAI's recogniser, model and voice, against the double of the service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gevent
import pytest
from bridge_realtime_peer import Heard
from sandbox_openai_realtime import QUICK, double, scenario
from sandbox_openai_speech import silence, spoken

from topcalls.bridge.pipeline import Chain, Pipeline, PipelineSession
from topcalls.clock import SystemClock
from topcalls.core.builtin_tools import END_CALL
from topcalls.core.tools import ToolSpec
from topcalls.errors import ProviderError
from topcalls.providers.base import (
    AgentTextDelta,
    AgentTextDone,
    AudioDelta,
    CallerTranscript,
    ProviderEvent,
    ResponseDone,
    ResponseStarted,
    SessionConfig,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
)
from topcalls.providers.openai.chat import ChatCompletions
from topcalls.providers.openai.chat_features import openai_features
from topcalls.providers.openai.speech import SpeechEndpoint
from topcalls.providers.openai.transcription import RealtimeTranscription
from topcalls.sandbox.openai.http_server import OpenAIDouble

pytestmark = pytest.mark.unit

ORDER = ToolSpec("look_up", "Look up an order.")
SETTINGS = SessionConfig("", "Be kind.", language="en-US", tools=(ORDER, END_CALL))
STORY = "Once upon a time there was a telephone. It rang every day, and nobody answered. The end."
SCRIPT = scenario(
    {"when": "hello", "speak": "Do you have a minute?"},
    {"when": "order", "tool": {"name": "look_up", "arguments": {"order": 7}}, "then": "On its way"},
    {"when": "bye", "speak": "Goodbye and thank you", "tool": {"name": "end_call"}},
    {"when": "story", "speak": STORY},
    {"when": "limit", "fail": "rate_limit"},
    {"when": "tear", "fail": "cut", "speak": "This sentence will never come to its end"},
    {"when": "noise", "fail": "garbage", "speak": "That was strange"},
)
KEY = "sk-test"
LIMIT = 5.0


@pytest.fixture
def server() -> Iterator[OpenAIDouble]:
    server = double(SCRIPT, behaviour=replace(QUICK, transcription="before"))
    yield server
    server.stop()


@pytest.fixture
def heard() -> Heard:
    return Heard()


def mind(server: OpenAIDouble, model: str = "gpt-6-luna") -> ChatCompletions:
    return ChatCompletions(server.base_url, KEY, model, features=openai_features(model))


def chain(server: OpenAIDouble, **changes: Any) -> Chain:
    stages = Chain(
        (RealtimeTranscription(server.base_url, KEY),),
        (mind(server),),
        (SpeechEndpoint(server.base_url, KEY, "gpt-4o-mini-tts"),),
    )
    return replace(stages, **changes)


def opened(stages: Chain, heard: Heard) -> PipelineSession:
    return Pipeline(lambda _: stages, SystemClock()).open(SETTINGS, heard)


@pytest.fixture
def session(server: OpenAIDouble, heard: Heard) -> Iterator[PipelineSession]:
    session = opened(chain(server), heard)
    yield session
    session.close()


def until(heard: Heard, kind: type) -> list[ProviderEvent]:
    found = [heard.next()]
    while not isinstance(found[-1], kind):
        found.append(heard.next())
    return found


def of(events: list[ProviderEvent], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def said(server: OpenAIDouble, session: PipelineSession, heard: Heard, words: str) -> list[Any]:
    """The caller says this, and then nothing for a while; what that leads to."""
    sound = spoken(words)
    server.hearing.said("call-1", "talk", words, sound)
    session.append_audio(silence(0.4) + sound + silence(0.8))
    return until(heard, CallerTranscript)


def answered(session: PipelineSession, heard: Heard) -> list[Any]:
    session.create_response(tag="a")
    return until(heard, ResponseDone)


def messages(session: PipelineSession) -> list[tuple[str, str]]:
    return [(item.role, item.text) for item in session._messages()]


def test_exact_words_are_spoken(session: PipelineSession, heard: Heard) -> None:
    session.speak("Good morning, this is Rachel. Hello.", tag="opening")
    events = until(heard, ResponseDone)
    assert events[0] == ResponseStarted(events[-1].response_id, "opening")
    sound = b"".join(event.audio for event in of(events, AudioDelta))
    expected = sum(len(spoken(t)) for t in ("Good morning, this is Rachel.", "Hello."))
    assert len(sound) == pytest.approx(expected, abs=200)
    assert [e.text for e in of(events, AgentTextDone)] == ["Good morning, this is Rachel. Hello."]
    assert "".join(e.text for e in of(events, AgentTextDelta)).startswith("Good morning, this is")
    assert events[-1].status == "completed"


def test_a_turn_comes_with_its_words(
    server: OpenAIDouble, session: PipelineSession, heard: Heard
) -> None:
    events = said(server, session, heard, "Hello there my friend")
    began, ended = of(events, SpeechStarted)[0], of(events, SpeechStopped)[0]
    assert began.item_id == ended.item_id == events[-1].item_id
    assert began.audio_ms == pytest.approx(450, abs=120)
    assert ended.audio_ms == pytest.approx(400 + len(spoken("Hello there my friend")) / 8, abs=150)
    assert events[-1].text == "Hello there my friend"
    assert heard.nothing
    events = answered(session, heard)
    assert of(events, AgentTextDone)[0].text == "Do you have a minute?"
    assert events[-1].tag == "a"
    assert events[-1].usage.output_text > 0


def test_a_tool_is_called_and_its_result_used(
    server: OpenAIDouble, session: PipelineSession, heard: Heard
) -> None:
    said(server, session, heard, "Where is my order")
    events = answered(session, heard)
    (call,) = of(events, ToolCall)
    assert (call.name, call.arguments, call.complete) == ("look_up", '{"order": 7}', True)
    session.add_tool_output(call.call_id, '{"status":"sent"}')
    assert of(answered(session, heard), AgentTextDone)[0].text == "On its way"


def test_a_goodbye_comes_before_the_end_of_the_call(
    server: OpenAIDouble, session: PipelineSession, heard: Heard
) -> None:
    said(server, session, heard, "Thank you and bye")
    kinds = [type(event) for event in answered(session, heard)]
    assert kinds.index(AudioDelta) < kinds.index(ToolCall)


def test_what_was_cut_off_is_forgotten(
    server: OpenAIDouble, session: PipelineSession, heard: Heard
) -> None:
    said(server, session, heard, "Tell me a story")
    events = answered(session, heard)
    item = of(events, AgentTextDone)[0].item_id
    received_ms = sum(len(event.audio) for event in of(events, AudioDelta)) // 8
    first_ms = len(spoken("Once upon a time there was a telephone.")) // 8
    session.truncate(item, first_ms + 20, received_ms)
    assert messages(session)[1:] == [
        ("user", "Tell me a story"),
        ("assistant", "Once upon a time there was a telephone."),
    ]


def test_a_cancelled_answer_stops_and_the_next_begins(
    server: OpenAIDouble, session: PipelineSession, heard: Heard
) -> None:
    said(server, session, heard, "Tell me a story")
    session.create_response(tag="first")
    item = until(heard, AudioDelta)[-1].item_id
    session.create_response(tag="withdrawn")
    session.cancel_response()
    session.truncate(item, 0, 500)
    session.speak("Second words", tag="second")
    done = until(heard, ResponseDone)[-1]
    assert (done.tag, done.status) == ("first", "cancelled")
    events = until(heard, ResponseDone)
    assert {event.tag for event in of(events, ResponseStarted)} == {"second"}
    assert {event.item_id for event in of(events, AudioDelta)} != {item}
    assert messages(session)[1:] == [("user", "Tell me a story"), ("assistant", "Second words")]


def test_requests_queue(session: PipelineSession, heard: Heard) -> None:
    for number in range(3):
        session.speak(f"Number {number}", tag=str(number))
    assert [until(heard, ResponseDone)[-1].tag for _ in range(3)] == ["0", "1", "2"]


def test_a_noise_is_not_answered(session: PipelineSession, heard: Heard) -> None:
    session.speak("Anything else?")
    until(heard, ResponseDone)
    session.create_response(tag="noise")
    events = until(heard, ResponseDone)
    assert [(e.tag, e.status) for e in of(events, ResponseDone)] == [("noise", "cancelled")]


def test_an_answer_that_a_noise_cut_off_goes_on(
    server: OpenAIDouble, session: PipelineSession, heard: Heard
) -> None:
    said(server, session, heard, "Tell me a story")
    session.create_response(tag="first")
    item = until(heard, AudioDelta)[-1].item_id
    session.cancel_response()
    session.truncate(item, 300, 500)
    session.add_message("system", "Go on where you stopped.")
    session.create_response(tag="again")
    events = until(heard, ResponseDone) + until(heard, ResponseDone)
    assert [(e.tag, e.status) for e in of(events, ResponseDone)] == [
        ("first", "cancelled"),
        ("again", "completed"),
    ]


def test_directions_are_followed_and_not_remembered(session: PipelineSession, heard: Heard) -> None:
    session.speak("Ask whether they are still there.", exact=False)
    assert of(until(heard, ResponseDone), AgentTextDone)[0].text == "Are you still there?"
    assert messages(session)[1:] == [("assistant", "Are you still there?")]


# --- what fails is replaced


def test_a_failing_model_is_replaced(server: OpenAIDouble, heard: Heard) -> None:
    stages = chain(server, minds=(mind(server, "gpt-6-luna+server-error"), mind(server)))
    session = opened(stages, heard)
    said(server, session, heard, "Hello there my friend")
    assert of(answered(session, heard), AgentTextDone)[0].text == "Do you have a minute?"
    assert session._minds.name == "gpt-6-luna"
    session.close()


def test_an_answer_that_breaks_off_is_continued_without_repeating(
    server: OpenAIDouble, heard: Heard
) -> None:
    stages = chain(server, minds=(mind(server, "gpt-6-luna+cut"), mind(server)))
    session = opened(stages, heard)
    said(server, session, heard, "Tell me a story")
    text = of(answered(session, heard), AgentTextDone)[0].text
    assert text.startswith("Once upon a time there was a telephone.")
    assert text.count("Once upon") == 1
    session.close()


def test_a_failing_voice_is_replaced(server: OpenAIDouble, heard: Heard) -> None:
    voices = tuple(
        SpeechEndpoint(server.base_url, KEY, model) for model in ("tts-1+forbidden", "tts-1")
    )
    session = opened(chain(server, voices=voices), heard)
    session.speak("Good morning.")
    assert until(heard, ResponseDone)[-1].status == "completed"
    session.close()


def test_a_recogniser_that_dies_is_replaced_and_no_word_is_lost(
    server: OpenAIDouble, heard: Heard
) -> None:
    ears = tuple(RealtimeTranscription(server.base_url, KEY) for _ in range(2))
    session = opened(chain(server, recognizers=ears), heard)
    words = "Hello there my friend"
    sound = spoken(words)
    server.hearing.said("call-1", "talk", words, sound)
    session.append_audio(silence(0.4) + sound[:4000])
    until(heard, SpeechStarted)
    server.realtime.wait_for_connection(0)._websocket.cut()
    server.realtime.wait_for_connection(1)
    session.append_audio(sound[4000:] + silence(0.8))
    events = until(heard, CallerTranscript)
    assert events[-1].text == words
    assert of(events, SpeechStarted) == []
    session.close()


def test_the_last_stage_that_fails_is_told(server: OpenAIDouble, heard: Heard) -> None:
    session = opened(chain(server, minds=(mind(server, "gpt-6-luna+quota"),)), heard)
    said(server, session, heard, "Hello there my friend")
    done = answered(session, heard)[-1]
    assert done.status == "failed"
    assert done.error.extra["provider_code"] == "insufficient_quota"
    session.close()


def test_without_a_recogniser_there_is_no_session(server: OpenAIDouble, heard: Heard) -> None:
    ears = (RealtimeTranscription(server.base_url, "bad"),)
    with pytest.raises(ProviderError) as caught:
        opened(chain(server, recognizers=ears), heard)
    assert not caught.value.retryable


def test_garbage_in_the_stream_is_passed_over(
    server: OpenAIDouble, session: PipelineSession, heard: Heard
) -> None:
    said(server, session, heard, "What a noise")
    assert of(answered(session, heard), AgentTextDone)[0].text == "That was strange"


def test_a_closed_session_tells_nothing(
    server: OpenAIDouble, session: PipelineSession, heard: Heard
) -> None:
    connection = server.realtime.wait_for_connection()
    session.speak("Good morning.")
    session.close()
    assert connection.closed.wait(LIMIT)
    gevent.idle()
    assert heard.nothing

"""The OpenAI Realtime session on a real socket, against a server that follows the test's script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from bridge_realtime_peer import (
    LIMIT,
    Heard,
    RealtimePeer,
    audio_delta,
    open_session,
    realtime_peer,
    response_event,
)

from topcalls.core.token_usage import TokenUsage
from topcalls.providers.base import (
    AgentTextDelta,
    AgentTextDone,
    AudioDelta,
    AudioDone,
    CallerTextDelta,
    CallerTranscript,
    CallerTranscriptFailed,
    Ears,
    ProviderClosed,
    ProviderFailed,
    ResponseDone,
    ResponseStarted,
    SessionConfig,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
)
from topcalls.providers.openai.realtime import OpenAIRealtime, OpenAIRealtimeSession

CONFIG = SessionConfig("gpt-realtime-2.1", "Be kind.", ears=Ears(0.6, 300, 500))
HALF_SECOND = b"\xff" * 4000


@pytest.fixture
def peer() -> Iterator[RealtimePeer]:
    with realtime_peer() as peer:
        yield peer


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def session(peer: RealtimePeer, heard: Heard) -> Iterator[OpenAIRealtimeSession]:
    session = open_session(peer, CONFIG, heard)
    yield session
    session.close()


def start_response(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession, tag: str = "answer"
) -> None:
    """A response resp_1 is under way."""
    session.create_response(tag=tag)
    peer.expect("response.create")
    peer.send(response_event("created"))
    assert heard.next() == ResponseStarted("resp_1", tag)


# --- events


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            {"type": "input_audio_buffer.speech_started", "audio_start_ms": 700, "item_id": "u1"},
            SpeechStarted(1000, "u1"),
        ),
        (
            {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 2500, "item_id": "u1"},
            SpeechStopped(2000, "u1"),
        ),
        (
            {
                "type": "conversation.item.input_audio_transcription.delta",
                "item_id": "u1",
                "delta": "He",
            },
            CallerTextDelta("u1", "He"),
        ),
        (
            {
                "type": "conversation.item.input_audio_transcription.completed",
                "item_id": "u1",
                "transcript": "Hello",
            },
            CallerTranscript("u1", "Hello"),
        ),
        (
            {"type": "conversation.item.input_audio_transcription.failed", "item_id": "u1"},
            CallerTranscriptFailed("u1"),
        ),
        (
            {
                "type": "response.output_audio_transcript.delta",
                "response_id": "resp_1",
                "item_id": "a1",
                "delta": "Hi",
            },
            AgentTextDelta("resp_1", "a1", "Hi"),
        ),
        (
            {
                "type": "response.output_audio_transcript.done",
                "response_id": "resp_1",
                "item_id": "a1",
                "transcript": "Hi.",
            },
            AgentTextDone("a1", "Hi."),
        ),
        (
            {"type": "response.output_audio.done", "response_id": "resp_1", "item_id": "a1"},
            AudioDone("a1"),
        ),
        (audio_delta(b"\x01\x02"), AudioDelta("resp_1", "item_a", b"\x01\x02")),
        (
            {
                "type": "response.output_item.done",
                "response_id": "resp_1",
                "item": {
                    "id": "f1",
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "look_up",
                    "arguments": "{}",
                    "status": "completed",
                },
            },
            ToolCall("resp_1", "c1", "look_up", "{}"),
        ),
        (
            {
                "type": "response.output_item.done",
                "response_id": "resp_1",
                "item": {
                    "id": "f1",
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "look_up",
                    "arguments": '{"a',
                    "status": "incomplete",
                },
            },
            ToolCall("resp_1", "c1", "look_up", '{"a', complete=False),
        ),
    ],
)
def test_events_come_up_in_our_own_words(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession, event: Any, expected: Any
) -> None:
    peer.send(event)
    assert heard.next() == expected


@pytest.mark.parametrize(
    "nonsense",
    [
        "this is not json",
        "[]",
        "{}",
        '{"type": 7}',
        '{"type": "response.brand_new", "field": 1}',
        '{"type": "response.created"}',
        '{"type": "error"}',
        '{"type": "response.output_audio.delta", "item_id": "a", "delta": "%%%"}',
        '{"type": "input_audio_buffer.speech_started", "audio_start_ms": null, "item_id": "u"}',
    ],
)
def test_nonsense_costs_only_itself(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession, nonsense: str
) -> None:
    peer.send(nonsense, {"type": "response.output_audio.done", "response_id": "r", "item_id": "x"})
    assert heard.next() == AudioDone("x")


def test_two_audio_items_of_one_response_are_told_apart(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    start_response(peer, heard, session)
    done = {"type": "response.output_audio.done", "response_id": "resp_1", "item_id": "item_a"}
    peer.send(audio_delta(b"a"), audio_delta(b"b", item="item_b"), done)
    assert heard.take(3) == [
        AudioDelta("resp_1", "item_a", b"a"),
        AudioDelta("resp_1", "item_b", b"b"),
        AudioDone("item_a"),
    ]


def test_a_response_ends_with_its_tag_and_what_it_cost(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    start_response(peer, heard, session, tag="opening")
    usage = {"output_token_details": {"audio_tokens": 40}}
    peer.send(response_event("done", status="completed", usage=usage))
    assert heard.next() == ResponseDone(
        "resp_1", "opening", "completed", usage=TokenUsage(output_audio=40)
    )


def test_a_failed_response_says_whether_to_try_again(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    start_response(peer, heard, session)
    details = {"error": {"type": "x", "code": "rate_limit_exceeded"}}
    peer.send(response_event("done", status="failed", status_details=details))
    done = heard.next()
    assert isinstance(done, ResponseDone)
    assert done.error is not None
    assert done.error.retryable


# --- asking


def test_audio_goes_up_as_it_is(peer: RealtimePeer, session: OpenAIRealtimeSession) -> None:
    session.append_audio(b"\xff\x7f")
    assert peer.expect("input_audio_buffer.append")["audio"] == "/38="


def test_words_to_say(peer: RealtimePeer, session: OpenAIRealtimeSession) -> None:
    session.speak("Good morning.")
    body = peer.expect("response.create")["response"]
    assert 'Say exactly: "Good morning."' in body["instructions"]


def test_a_tool_result_and_the_answer_to_it(
    peer: RealtimePeer, session: OpenAIRealtimeSession
) -> None:
    session.add_tool_output("c1", '{"ok":true}')
    session.create_response()
    item = peer.expect("conversation.item.create")["item"]
    assert item == {"type": "function_call_output", "call_id": "c1", "output": '{"ok":true}'}
    assert "response" not in peer.expect("response.create")


def test_a_request_during_a_response_is_sent_after_it(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    start_response(peer, heard, session)
    session.create_response(tag="next")
    peer.send(response_event("done", status="completed"))
    peer.expect("response.create")
    peer.send(response_event("created", "resp_2"))
    assert heard.take(2)[1] == ResponseStarted("resp_2", "next")


def test_a_request_the_server_has_no_room_for_is_repeated(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    session.create_response(tag="mine")
    event_id = peer.expect("response.create")["event_id"]
    peer.send(response_event("created", "resp_other"))
    error = {"code": "conversation_already_has_active_response", "event_id": event_id}
    peer.send({"type": "error", "error": error})
    peer.send(response_event("done", "resp_other", status="completed"))
    assert heard.next() == ResponseStarted("resp_other", "mine")


def test_a_refused_request_is_a_failed_response(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    session.create_response(tag="mine")
    event_id = peer.expect("response.create")["event_id"]
    peer.send({"type": "error", "error": {"code": "server_error", "event_id": event_id}})
    done = heard.next()
    assert isinstance(done, ResponseDone)
    assert (done.tag, done.status) == ("mine", "failed")


def test_a_cancelled_response_falls_silent_at_once(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    start_response(peer, heard, session)
    session.cancel_response()
    assert peer.expect("response.cancel")["response_id"] == "resp_1"
    call = {"id": "f1", "type": "function_call", "call_id": "c1", "name": "x", "arguments": "{}"}
    text = {"response_id": "resp_1", "item_id": "a", "delta": "x", "transcript": "x"}
    peer.send(
        audio_delta(b"late"),
        {"type": "response.output_audio.done", **text},
        {"type": "response.output_audio_transcript.delta", **text},
        {"type": "response.output_audio_transcript.done", **text},
        {"type": "response.output_item.done", "response_id": "resp_1", "item": call},
        response_event("done", status="cancelled", status_details={"reason": "client_cancelled"}),
    )
    assert heard.next() == ResponseDone("resp_1", "answer", "cancelled", "client_cancelled")
    assert peer.expect("conversation.item.delete")["item_id"] == "f1"


def test_a_response_cancelled_before_it_had_an_id_is_never_heard_of(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    session.create_response()
    peer.expect("response.create")
    session.cancel_response()
    peer.send(response_event("created"), audio_delta(b"late"))
    assert peer.expect("response.cancel")["response_id"] == "resp_1"
    peer.send(response_event("done", status="completed"))
    session.create_response(tag="second")
    peer.expect("response.create")
    peer.send(response_event("created", "resp_2"))
    assert heard.next() == ResponseStarted("resp_2", "second")


@pytest.mark.parametrize(
    ("played", "received", "end"), [(300, 500, 300), (500, 500, 500), (900, 500, 500), (1, 900, 1)]
)
def test_an_item_is_cut_where_it_was_heard_and_never_beyond_its_end(
    peer: RealtimePeer,
    heard: Heard,
    session: OpenAIRealtimeSession,
    played: int,
    received: int,
    end: int,
) -> None:
    peer.send(audio_delta(HALF_SECOND))
    heard.next()
    session.truncate("item_a", played, received)
    event = peer.expect("conversation.item.truncate")
    assert (event["item_id"], event["content_index"], event["audio_end_ms"]) == ("item_a", 0, end)


@pytest.mark.parametrize(("item", "played"), [("item_a", 0), ("item_a", -20), ("never_seen", 400)])
def test_an_item_of_which_nothing_was_heard_is_deleted(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession, item: str, played: int
) -> None:
    peer.send(audio_delta(HALF_SECOND))
    heard.next()
    session.truncate(item, played, 500)
    assert peer.expect("conversation.item.delete")["item_id"] == item


@pytest.mark.parametrize(
    "code",
    ["response_cancel_not_active", "item_truncate_invalid_item_id", "invalid_value", None],
)
def test_other_errors_leave_the_session_open(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession, code: str | None
) -> None:
    peer.send({"type": "error", "error": {"type": "invalid_request_error", "code": code}})
    peer.send(audio_delta(b"a"))
    assert isinstance(heard.next(), AudioDelta)


# --- the end


@pytest.mark.parametrize(
    ("code", "retryable"), [("session_expired", True), ("insufficient_quota", False)]
)
def test_a_fatal_error_ends_the_session(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession, code: str, retryable: bool
) -> None:
    peer.send({"type": "error", "error": {"code": code, "message": "over"}})
    failed = heard.next()
    assert isinstance(failed, ProviderFailed)
    assert failed.error.retryable is retryable


def test_a_close_by_the_server_is_told_with_its_code(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    assert peer.connection is not None
    peer.connection.close(1001, "maximum duration")
    assert heard.next() == ProviderClosed(1001, "maximum duration")


def test_a_cut_connection_is_told(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    assert peer.connection is not None
    peer.connection.abort()
    closed = heard.next()
    assert isinstance(closed, ProviderClosed)
    assert closed.code == 1006


def test_nothing_comes_up_and_nothing_fails_after_close(
    peer: RealtimePeer, heard: Heard, session: OpenAIRealtimeSession
) -> None:
    session.close()
    peer.send(audio_delta(b"late"))
    session.append_audio(b"x")
    session.create_response()
    session.close()
    assert peer.closed.get(timeout=LIMIT)[0] == 1000
    assert heard.nothing


def test_it_pings_while_it_is_open(peer: RealtimePeer, heard: Heard) -> None:
    session = open_session(peer, CONFIG, heard, ping_interval=0.01)
    pinged = gevent.event.Event()
    session._connection.ping = lambda: pinged.set() or True  # type: ignore[method-assign]
    assert pinged.wait(LIMIT)
    session.close()


def test_the_azure_key_travels_in_its_own_header() -> None:
    model = OpenAIRealtime("sk-secret", "https://unit.openai.azure.com/openai/v1")
    assert model._headers == {"api-key": "sk-secret"}

"""What the Realtime double refuses, with which code and which parameter; and what it merges how."""

from __future__ import annotations

import base64
import json

import pytest
from sandbox_openai_realtime import CLIENT_EVENTS, QUICK, PureClient, scenario
from sandbox_openai_speech import spoken

from topcalls.sandbox.openai.realtime_session import SessionRequest
from topcalls.sandbox.openai.realtime_shapes import CLIENT_EVENTS as SHAPES
from topcalls.sandbox.openai.realtime_shapes import check_client_event

SERVER_VAD = {"type": "server_vad"}


@pytest.fixture
def client():
    client = PureClient([scenario()])
    client.until("session.created")
    return client


def error_of(client, kind, **fields):
    """The error that an event is answered with; the event id is echoed."""
    client.send(kind, event_id="evt_1", **fields)
    (error,) = client.fresh()
    assert error["error"]["event_id"] == "evt_1"
    return error["error"]["code"], error["error"]["param"]


def session_error(client, **session):
    before = json.dumps(client.session.config)
    found = error_of(client, "session.update", session={"type": "realtime", **session})
    assert json.dumps(client.session.config) == before
    return found


def audio_input(**settings):
    return {"audio": {"input": settings}}


def test_the_double_knows_exactly_the_client_events_of_the_vendors_package():
    assert set(SHAPES) == set(CLIENT_EVENTS)


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({"voice": "marin"}, "unknown_parameter", "session.voice"),
        ({"modalities": ["audio"]}, "unknown_parameter", "session.modalities"),
        ({"temperature": 0.8}, "unknown_parameter", "session.temperature"),
        ({"input_audio_format": "g711_ulaw"}, "unknown_parameter", "session.input_audio_format"),
        ({"turn_detection": None}, "unknown_parameter", "session.turn_detection"),
        (
            {"max_response_output_tokens": 5},
            "unknown_parameter",
            "session.max_response_output_tokens",
        ),
        (audio_input(formats={}), "unknown_parameter", "session.audio.input.formats"),
        ({"output_modalities": ["audio", "text"]}, "invalid_value", "session.output_modalities"),
        ({"output_modalities": ["video"]}, "invalid_value", "session.output_modalities[0]"),
        ({"instructions": 5}, "invalid_type", "session.instructions"),
        ({"max_output_tokens": 0}, "integer_below_min_value", "session.max_output_tokens"),
        ({"max_output_tokens": 4097}, "integer_above_max_value", "session.max_output_tokens"),
        ({"max_output_tokens": "many"}, "invalid_type", "session.max_output_tokens"),
        ({"tool_choice": "some"}, "invalid_value", "session.tool_choice"),
        ({"model": "gpt-realtime-9"}, "invalid_value", "session.model"),
        ({"reasoning": {"effort": "huge"}}, "invalid_value", "session.reasoning.effort"),
        (
            {"audio": {"output": {"voice": "robot"}}},
            "invalid_value",
            "session.audio.output.voice",
        ),
        (
            {"audio": {"output": {"voice": {"id": "x"}}}},
            "invalid_value",
            "session.audio.output.voice.id",
        ),
        (
            {"audio": {"output": {"speed": 2}}},
            "decimal_above_max_value",
            "session.audio.output.speed",
        ),
        (
            audio_input(format={"type": "g711_ulaw"}),
            "invalid_value",
            "session.audio.input.format.type",
        ),
        (
            audio_input(format={"type": "audio/pcmu", "rate": 8000}),
            "unknown_parameter",
            "session.audio.input.format.rate",
        ),
        (
            audio_input(format={"type": "audio/pcm", "rate": 16000}),
            "integer_below_min_value",
            "session.audio.input.format.rate",
        ),
        (audio_input(format="pcm16"), "invalid_type", "session.audio.input.format"),
        (
            audio_input(turn_detection={}),
            "missing_required_parameter",
            "session.audio.input.turn_detection.type",
        ),
        (
            audio_input(turn_detection={"type": "none"}),
            "invalid_value",
            "session.audio.input.turn_detection.type",
        ),
        (
            audio_input(turn_detection={**SERVER_VAD, "threshold": 1.1}),
            "decimal_above_max_value",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            audio_input(turn_detection={**SERVER_VAD, "idle_timeout_ms": 4999}),
            "integer_below_min_value",
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        (
            audio_input(turn_detection={**SERVER_VAD, "eagerness": "low"}),
            "unknown_parameter",
            "session.audio.input.turn_detection.eagerness",
        ),
        (
            audio_input(turn_detection={"type": "semantic_vad", "threshold": 0.5}),
            "unknown_parameter",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            audio_input(turn_detection={**SERVER_VAD, "create_response": "yes"}),
            "invalid_type",
            "session.audio.input.turn_detection.create_response",
        ),
        (
            audio_input(noise_reduction={"type": "medium_field"}),
            "invalid_value",
            "session.audio.input.noise_reduction.type",
        ),
        (
            audio_input(transcription={"model": "gpt-live-transcribe"}),
            "invalid_value",
            "session.audio.input.turn_detection",
        ),
        (
            audio_input(
                transcription={"model": "gpt-transcribe", "language": "en", "languages": ["en"]}
            ),
            "invalid_value",
            "session.audio.input.transcription.languages",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f"}}]},
            "missing_required_parameter",
            "session.tools[0].name",
        ),
        (
            {"tools": [{"type": "function", "name": "f", "strict": True}]},
            "unknown_parameter",
            "session.tools[0].strict",
        ),
        (
            {"tools": [{"type": "function", "name": "not a name"}]},
            "invalid_value",
            "session.tools[0].name",
        ),
        ({"tools": {}}, "invalid_type", "session.tools"),
        (
            {"truncation": {"type": "retention_ratio"}},
            "missing_required_parameter",
            "session.truncation.retention_ratio",
        ),
    ],
)
def test_session_update_is_refused_as_a_whole(client, session, code, param):
    assert session_error(client, **{"instructions": "never set", **session}) == (code, param)


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({}, "missing_required_parameter", "session.type"),
        ({"type": "speech"}, "invalid_value", "session.type"),
        ({"type": "transcription"}, "invalid_value", "session.type"),
        ("x", "invalid_type", "session"),
    ],
)
def test_session_type_is_demanded(client, session, code, param):
    assert error_of(client, "session.update", session=session) == (code, param)


@pytest.mark.parametrize(
    ("kind", "fields", "code", "param"),
    [
        ("session.update", {}, "missing_required_parameter", "session"),
        ("transcription_session.update", {"session": {}}, "invalid_value", "type"),
        ("input_audio_buffer.append", {}, "missing_required_parameter", "audio"),
        ("input_audio_buffer.append", {"audio": "a b!"}, "invalid_value", "audio"),
        ("input_audio_buffer.append", {"audio": "abc"}, "invalid_value", "audio"),
        ("input_audio_buffer.append", {"audio": 5}, "invalid_type", "audio"),
        ("input_audio_buffer.commit", {}, "input_audio_buffer_commit_empty", None),
        ("input_audio_buffer.commit", {"final": True}, "unknown_parameter", "final"),
        ("output_audio_buffer.clear", {}, "invalid_value", "type"),
        ("response.cancel", {}, "response_cancel_not_active", None),
        ("response.cancel", {"response_id": "resp_x"}, "response_cancel_not_active", None),
        ("conversation.item.create", {}, "missing_required_parameter", "item"),
        ("conversation.item.create", {"item": {}}, "missing_required_parameter", "item.type"),
        (
            "conversation.item.create",
            {"item": {"type": "message", "role": "user"}},
            "missing_required_parameter",
            "item.content",
        ),
        ("conversation.item.delete", {"item_id": "x"}, "item_delete_invalid_item_id", "item_id"),
        (
            "conversation.item.retrieve",
            {"item_id": "x"},
            "item_retrieve_invalid_item_id",
            "item_id",
        ),
        ("conversation.item.truncate", {"item_id": "x"}, "missing_required_parameter", None),
        (
            "conversation.item.truncate",
            {"item_id": "x", "content_index": 0, "audio_end_ms": 1.5},
            "invalid_type",
            "audio_end_ms",
        ),
        ("response.create", {"response": {"voice": "x"}}, "unknown_parameter", "response.voice"),
        (
            "response.create",
            {"response": {"modalities": ["audio"]}},
            "unknown_parameter",
            "response.modalities",
        ),
        (
            "response.create",
            {"response": {"output_modalities": ["text", "audio"]}},
            "invalid_value",
            "response.output_modalities",
        ),
        (
            "response.create",
            {"response": {"conversation": "other"}},
            "invalid_value",
            "response.conversation",
        ),
        (
            "response.create",
            {"response": {"metadata": {str(n): "" for n in range(17)}}},
            "object_above_max_properties",
            "response.metadata",
        ),
        (
            "response.create",
            {"response": {"metadata": {"key": "x" * 513}}},
            "string_above_max_length",
            "response.metadata.key",
        ),
        (
            "response.create",
            {"response": {"input": [{"type": "item_reference", "id": "item_no"}]}},
            "item_retrieve_invalid_item_id",
            "item_id",
        ),
    ],
)
def test_client_events_are_refused(client, kind, fields, code, param):
    found_code, found_param = error_of(client, kind, **fields)
    assert found_code == code
    assert param is None or found_param == param


def message(role="user", kind="input_text", **part):
    return {"type": "message", "role": role, "content": [{"type": kind, **part}]}


@pytest.mark.parametrize(
    ("item", "code", "param"),
    [
        (message(text="x") | {"id": "i" * 33}, "string_above_max_length", "item.id"),
        (message(text="x") | {"id": "not an id"}, "invalid_value", "item.id"),
        (message(kind="text", text="x"), "invalid_value", "item.content[0].type"),
        (message(role="robot", text="x"), "invalid_value", "item.role"),
        (
            message(role="assistant", kind="output_audio", audio=""),
            "invalid_value",
            "item.content[0].type",
        ),
        (message(kind="input_audio", audio="?"), "invalid_value", "item.content[0].audio"),
        (message(), "missing_required_parameter", "item.content[0].text"),
        (
            {"type": "function_call_output", "call_id": "call/1", "output": ""},
            "invalid_value",
            "item.call_id",
        ),
        (
            {"type": "function_call_output", "call_id": "call_1", "output": {}},
            "invalid_type",
            "item.output",
        ),
    ],
)
def test_items_are_refused(client, item, code, param):
    assert error_of(client, "conversation.item.create", item=item) == (code, param)


def test_event_ids_are_limited(client):
    client.send("input_audio_buffer.clear", event_id="x" * 513)
    assert client.fresh()[0]["error"]["code"] == "string_above_max_length"
    client.send("input_audio_buffer.clear", event_id=7)
    assert client.fresh()[0]["error"]["event_id"] is None


def test_audio_beyond_the_limit_is_refused(client):
    too_long = base64.b64encode(bytes(15 * 1024 * 1024 + 3)).decode()
    found = error_of(client, "input_audio_buffer.append", audio=too_long)
    assert found == ("string_above_max_length", "audio")


@pytest.mark.parametrize("frame", ["[]", "5", '"x"', "", "{", "[" * 5000])
def test_frames_that_are_no_objects(client, frame):
    client.send_text(frame)
    assert client.fresh()[0]["error"]["code"] == "invalid_json"


def test_taken_ids_and_unknown_neighbours(client):
    client.send("conversation.item.create", item=message(text="x") | {"id": "mine"})
    client.fresh()
    again = message(text="y") | {"id": "mine"}
    assert error_of(client, "conversation.item.create", item=again)[0] == "item_create_duplicate_id"
    found = error_of(
        client, "conversation.item.create", item=message(text="x"), previous_item_id="no"
    )
    assert found == ("item_create_invalid_previous_item_id", "previous_item_id")


def test_update_changes_only_what_it_names(client):
    client.configure(
        instructions="Be brief.",
        tools=[{"type": "function", "name": "f", "parameters": {"type": "object"}}],
        **audio_input(turn_detection={**SERVER_VAD, "threshold": 0.7}),
    )
    session = client.configure(**audio_input(turn_detection={**SERVER_VAD, "threshold": 0.6}))
    assert session["instructions"] == "Be brief."
    assert session["tools"][0]["name"] == "f"
    vad = session["audio"]["input"]["turn_detection"]
    assert (vad["threshold"], vad["prefix_padding_ms"]) == (0.6, 300)
    session = client.configure(
        instructions="", tools=[], **audio_input(turn_detection=None, noise_reduction=None)
    )
    assert (session["instructions"], session["tools"]) == ("", [])
    assert session["audio"]["input"]["turn_detection"] is None
    session = client.configure(
        **audio_input(
            turn_detection={"type": "semantic_vad", "eagerness": "low"},
            noise_reduction={"type": "far_field"},
            format={"type": "audio/pcma"},
        )
    )
    vad = session["audio"]["input"]["turn_detection"]
    assert vad["create_response"] is True
    assert "threshold" not in vad
    assert session["audio"]["input"]["noise_reduction"] == {"type": "far_field", "strength": 1.0}
    assert session["audio"]["input"]["format"] == {"type": "audio/pcma"}


def test_everything_documented_is_accepted(client):
    mcp = {"type": "mcp", "server_label": "x", "server_url": "https://example.com"}
    session = client.configure(
        model="gpt-realtime-2.1",
        output_modalities=["text"],
        max_output_tokens=4096,
        tool_choice={"type": "function", "name": "f"},
        tools=[{"type": "function", "name": "f", "description": "d", "parameters": {}}, mcp],
        truncation={
            "type": "retention_ratio",
            "retention_ratio": 0.8,
            "token_limits": {"post_instructions": 8000},
        },
        tracing={"workflow_name": "x", "group_id": "g", "metadata": {}},
        include=["item.input_audio_transcription.logprobs"],
        reasoning={"effort": "minimal"},
        parallel_tool_calls=False,
        prompt=None,
        audio={
            "input": {
                "format": {"type": "audio/pcmu"},
                "transcription": {"model": "gpt-transcribe", "language": "en", "prompt": "p"},
                "turn_detection": {**SERVER_VAD, "idle_timeout_ms": 30000},
            },
            "output": {"format": {"type": "audio/pcmu"}, "voice": {"id": "voice_1"}, "speed": 0.25},
        },
    )
    assert session["audio"]["output"]["voice"] == {"id": "voice_1"}
    assert session_error(client, tracing=None) == ("cannot_update_tracing", "session.tracing")


def test_voice_is_fixed_once_heard(client):
    client.configure(audio={"output": {"voice": "cedar"}})
    client.send("response.create", response={"instructions": 'Say exactly: "Hi"'})
    client.until("response.done")
    client.fresh()
    other = {"output": {"voice": "marin"}}
    assert session_error(client, audio=other) == (
        "cannot_update_voice",
        "session.audio.output.voice",
    )
    assert error_of(client, "response.create", response={"audio": other}) == (
        "cannot_update_voice",
        "response.audio.output.voice",
    )
    client.configure(audio={"output": {"voice": "cedar"}})


def test_transcription_sessions_listen_only():
    client = PureClient([], QUICK, request=SessionRequest("transcription", ""))
    (created,) = client.until("session.created")
    assert created["session"]["type"] == "transcription"
    assert "output" not in created["session"]["audio"]
    session = {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "turn_detection": None,
                "transcription": {"model": "gpt-live-transcribe"},
            }
        },
    }
    client.send("session.update", session=session)
    client.until("session.updated")
    client.hearing.said("call-1", "talk", "Hello there", spoken("Hello there"))
    client.append(spoken("Hello there"))
    client.send("input_audio_buffer.commit")
    completed = client.until("conversation.item.input_audio_transcription.completed")[-1]
    assert completed["transcript"] == "Hello there"
    client.send("response.create")
    assert client.until("error")
    assert error_of(client, "session.update", session={"type": "realtime"})[1] == "session.type"


def test_shapes_accept_every_example_of_a_client():
    for event in (
        {"type": "response.create", "response": {"conversation": "none", "input": []}},
        {"type": "response.create", "response": None, "event_id": None},
        {"type": "response.cancel", "response_id": None},
        {
            "type": "conversation.item.create",
            "previous_item_id": "root",
            "item": {
                **message("assistant", "output_text", text="x"),
                "status": "completed",
                "object": "realtime.item",
            },
        },
        {
            "type": "conversation.item.create",
            "item": {"type": "function_call", "name": "f", "arguments": "{}"},
        },
    ):
        check_client_event(event)

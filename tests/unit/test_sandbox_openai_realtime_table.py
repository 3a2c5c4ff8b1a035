"""The contract of the Realtime double, step by step: what is sent in answer to what, in order.

Every step is played without a socket and over a real one. Every event is validated on arrival.
"""

from __future__ import annotations

import pytest
from sandbox_openai_realtime import (
    GONE,
    QUICK,
    PureClient,
    SocketClient,
    double,
    kinds,
    scenario,
)
from sandbox_openai_speech import silence, spoken
from websocket import WebSocketBadStatusException

SCRIPT = scenario(
    {"when": "hello", "speak": "Do you have a minute"},
    {"when": "order", "tool": {"name": "look_up", "arguments": {"order": 7}}, "then": "On its way"},
    {"when": "wait", "speak": "One moment.\n\nHere it is now."},
    {"when": "fail", "fail": "server_error"},
    {"when": "limit", "fail": "rate_limit"},
    {"when": "cut", "speak": "This will be cut off in the middle", "fail": "cut"},
    {"when": "anything", "speak": "I see what you mean there", "repeat": True},
)
TOOL = {
    "type": "function",
    "name": "look_up",
    "description": "Looks up an order.",
    "parameters": {"type": "object", "properties": {"order": {"type": "integer"}}},
}
ITEM = ["conversation.item.added", "conversation.item.done"]
OPENING = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
]
TAIL = [
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
]
DELTAS = {"response.output_audio.delta", "response.output_audio_transcript.delta"}
ASIDE = {"rate_limits.updated"}
TRANSCRIPTION = "conversation.item.input_audio_transcription"
STEPS = {}
PLAYS = []


def step(name, *, needs_socket=False):
    """Registers a function as the proof of one row of the contract."""

    def register(function):
        STEPS[name] = function
        for transport in ["socket"] if needs_socket else ["session", "socket"]:
            PLAYS.append(pytest.param(name, transport, id=f"{name}-{transport}"))
        return function

    return register


@pytest.fixture
def connect(request):
    """Opens clients of a double whose caller says what the test registers."""
    cleanup = []

    def open_client(behaviour=QUICK, **how):
        if request.param == "session":
            client = PureClient([SCRIPT], behaviour, **how)
            client.double = None
        else:
            server = double(SCRIPT, behaviour=behaviour)
            cleanup.append(server.stop)
            client = SocketClient(server)
            client.double = server
            client.hearing = server.hearing
            cleanup.append(client.hang_up)
        return client

    yield open_client
    for action in reversed(cleanup):
        action()


def without(events, *dropped):
    """The sequence of types, without deltas of content and what has no fixed place."""
    skip = DELTAS | ASIDE | set(dropped)
    return kinds([event for event in events if event["type"] not in skip])


def caller_says(client, words, quiet=0.6):
    """The caller speaks these words, then is silent."""
    client.hearing.said("call-1", "talk", words, spoken(words))
    client.append(silence(0.2), spoken(words), silence(quiet))


def respond(client, **response):
    """A response from beginning to end."""
    client.send("response.create", response=response)
    return client.until("response.done")


def type_in(client, text):
    """A text of the user."""
    part = {"type": "input_text", "text": text}
    client.send(
        "conversation.item.create", item={"type": "message", "role": "user", "content": [part]}
    )
    return client.until("conversation.item.done")


def check_sound(events):
    """Text is ahead of sound; the ids belong together; the usage adds up."""
    text = sound = 0
    for event in events:
        text += event["type"] == "response.output_audio_transcript.delta"
        sound += event["type"] == "response.output_audio.delta"
        assert text or not sound
    assert sound > 1
    done = events[-1]["response"]
    said = "".join(
        event["delta"]
        for event in events
        if event["type"] == "response.output_audio_transcript.delta"
    )
    transcripts = [part["transcript"] for item in done["output"] for part in item["content"]]
    assert said == "".join(transcripts)
    usage = done["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["output_token_details"]["audio_tokens"] > 0


@step("connect")
def connects(connect):
    client = connect()
    (created,) = client.until("session.created")
    session = created["session"]
    assert session["type"] == "realtime"
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 200
    assert session["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert session["expires_at"] > 0


@step("beta header", needs_socket=True)
def beta_header(connect):
    client = connect()
    old = SocketClient(client.double, headers=["OpenAI-Beta: realtime=v1"])
    code, reason = old.wait_closed()
    assert (code, reason) == (4000, "invalid_request_error.beta_api_shape_disabled")
    assert [event["error"]["code"] for event in old.events] == ["beta_api_shape_disabled"]


@step("bad key", needs_socket=True)
def bad_key(connect):
    client = connect()
    for key in ("sk-bad", "tc_live_something"):
        with pytest.raises(WebSocketBadStatusException) as refused:
            SocketClient(client.double, key=key)
        assert refused.value.status_code == 401
        assert b'"invalid_api_key"' in refused.value.resp_body


@step("configure")
def configure(connect):
    client = connect()
    client.until("session.created")
    session = client.configure(instructions="Be brief.", audio={"output": {"speed": 1.2}})
    assert session["instructions"] == "Be brief."
    assert session["audio"]["output"] == {
        "format": {"type": "audio/pcm", "rate": 24000},
        "voice": "marin",
        "speed": 1.2,
    }
    client.send("session.update", event_id="mine", session={"instructions": "Without type."})
    (error,) = client.until("error")
    assert error["error"]["code"] == "missing_required_parameter"
    assert error["error"]["param"] == "session.type"
    assert error["error"]["event_id"] == "mine"
    assert client.configure()["instructions"] == "Be brief."


@step("text in")
def text_in(connect):
    client = connect()
    client.until("session.created")
    assert kinds(type_in(client, "Good morning")) == ITEM


@step("greet")
def greet(connect):
    client = connect()
    client.until("session.created")
    events = respond(client, instructions='Greet. Say exactly: "Hello, this is Rachel."')
    assert without(events) == [*OPENING, *TAIL, "response.done"]
    check_sound(events)
    assert events[0]["response"]["status"] == "in_progress"
    done = events[-1]["response"]
    assert done["status"] == "completed"
    assert done["output"][0]["content"] == [
        {"type": "output_audio", "transcript": "Hello, this is Rachel."}
    ]
    if not client.of("rate_limits.updated"):
        client.until("rate_limits.updated")


@step("caller speaks")
def caller_speaks(connect):
    client = connect()
    client.telephone()
    client.append(silence(0.5), spoken("Hello"))
    started = client.until("input_audio_buffer.speech_started")[-1]
    assert 200 <= started["audio_start_ms"] <= 280
    assert started["item_id"].startswith("item_")


@step("caller stops")
def caller_stops(connect):
    client = connect()
    client.telephone(input={"transcription": {"model": "gpt-transcribe"}})
    caller_says(client, "Hello there")
    client.until("input_audio_buffer.speech_started")
    events = client.until("response.done")
    assert without(events, f"{TRANSCRIPTION}.delta", f"{TRANSCRIPTION}.completed") == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        *ITEM,
        *OPENING,
        *TAIL,
        "response.done",
    ]
    check_sound(events)
    assert events[-1]["response"]["output"][0]["content"][0]["transcript"] == "Do you have a minute"
    if not client.of(f"{TRANSCRIPTION}.completed"):
        client.until(f"{TRANSCRIPTION}.completed")
    (completed,) = client.of(f"{TRANSCRIPTION}.completed")
    (stopped,) = client.of("input_audio_buffer.speech_stopped")
    deltas = [event["delta"] for event in client.of(f"{TRANSCRIPTION}.delta")]
    assert completed["transcript"] == "".join(deltas) == "Hello there"
    assert completed["item_id"] == stopped["item_id"]


@step("VAD, create_response:false")
def vad_without_response(connect):
    client = connect()
    client.telephone(vad={"create_response": False, "interrupt_response": False})
    caller_says(client, "Hello there")
    assert without(client.until("conversation.item.done")) == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        *ITEM,
    ]
    client.configure()
    assert not client.of("response.created")
    assert without(respond(client))[0] == "response.created"


@step("idle timeout")
def idle_timeout(connect):
    client = connect()
    client.telephone(vad={"idle_timeout_ms": 5000})
    respond(client, instructions='Say exactly: "Are you there?"')
    client.append(silence(7.0), frame=1600)
    events = client.until("response.done")
    assert without(events) == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
        *ITEM,
        *OPENING,
        *TAIL,
        "response.done",
    ]
    (timed_out,) = client.of("input_audio_buffer.timeout_triggered")
    assert 5000 <= timed_out["audio_end_ms"] - timed_out["audio_start_ms"] <= 5200
    played = len(spoken("Are you there?")) / 8
    assert timed_out["audio_start_ms"] == pytest.approx(played, abs=2)


@step("barge-in, interrupt_response:true")
def barge_in(connect):
    slow = QUICK.__class__(first_audio=0.02, speed=2.0)
    client = connect(slow)
    client.telephone()
    client.send("response.create", response={"instructions": f'Say exactly: "{"long " * 12}"'})
    client.until("response.output_audio.delta")
    caller_says(client, "Hello there")
    events = client.until("response.done")
    assert without(events) == ["input_audio_buffer.speech_started", *TAIL, "response.done"]
    assert events[-1]["response"]["status"] == "cancelled"
    assert events[-1]["response"]["status_details"] == {
        "type": "cancelled",
        "reason": "turn_detected",
    }
    done = next(item for item in events if item["type"] == "response.output_item.done")
    assert done["item"]["status"] == "incomplete"
    answer = client.until("response.done")[-1]["response"]
    assert answer["output"][0]["content"][0]["transcript"] == "Do you have a minute"


@step("client cancel")
def client_cancel(connect):
    client = connect(QUICK.__class__(first_audio=0.02, speed=2.0))
    client.send("response.cancel", event_id="too early")
    error = client.until("error")[-1]["error"]
    assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "too early")
    client.send("response.create", response={"instructions": f'Say exactly: "{"long " * 12}"'})
    started = client.until("response.output_audio.delta")
    client.send("response.cancel", response_id=started[-1]["response_id"])
    events = client.until("response.done")
    assert without(events) == [*TAIL, "response.done"]
    assert events[-1]["response"]["status_details"]["reason"] == "client_cancelled"


@step("truncate")
def truncate(connect):
    client = connect()
    client.until("session.created")
    item_id = respond(client, instructions='Say exactly: "Hello you"')[-1]["response"]["output"][0][
        "id"
    ]
    user_id = type_in(client, "Hello")[-1]["item"]["id"]
    length = len(spoken("Hello you")) // 8
    for audio_end_ms, target, code in (
        (length + 1, item_id, "invalid_value"),
        (0, item_id, "unsupported_content_type"),
        (10, user_id, "unsupported_content_type"),
        (10, "item_unknown", "item_truncate_invalid_item_id"),
    ):
        ask = {"item_id": target, "content_index": 0, "audio_end_ms": audio_end_ms}
        client.send("conversation.item.truncate", **ask)
        assert client.until("error")[-1]["error"]["code"] == code
    for audio_end_ms in (length, 200):
        ask = {"item_id": item_id, "content_index": 0, "audio_end_ms": audio_end_ms}
        client.send("conversation.item.truncate", **ask)
        (truncated,) = client.until("conversation.item.truncated")
        assert ask.items() <= truncated.items()
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=201)
    message = client.until("error")[-1]["error"]["message"]
    assert message == "Audio content of 200ms is already shorter than 201ms"


@step("manual turn")
def manual_turn(connect):
    client = connect()
    client.telephone(vad=None)
    client.append(silence(0.08))
    client.send("input_audio_buffer.commit")
    assert client.until("error")[-1]["error"]["code"] == "input_audio_buffer_commit_empty"
    caller_says(client, "Hello there")
    client.send("input_audio_buffer.commit")
    assert without(client.until("conversation.item.done")) == [
        "input_audio_buffer.committed",
        *ITEM,
    ]
    events = respond(client)
    assert without(events) == [*OPENING, *TAIL, "response.done"]
    said = events[-1]["response"]["output"][0]["content"][0]["transcript"]
    assert said == "Do you have a minute"


def ask_for_order(client):
    """The model calls a function; the call."""
    client.configure(tools=[TOOL])
    client.hearing.calls["call-1"] = "talk"
    type_in(client, "Where is my order")
    return respond(client)


@step("tool")
def tool(connect):
    client = connect()
    events = ask_for_order(client)
    assert without(events, "response.function_call_arguments.delta") == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    (call,) = events[-1]["response"]["output"]
    assert (call["type"], call["name"], call["arguments"]) == (
        "function_call",
        "look_up",
        '{"order": 7}',
    )
    deltas = [event["delta"] for event in client.of("response.function_call_arguments.delta")]
    assert len(deltas) > 1
    assert "".join(deltas) == call["arguments"]


@step("tool result")
def tool_result(connect):
    client = connect()
    (call,) = ask_for_order(client)[-1]["response"]["output"]
    output = {"type": "function_call_output", "call_id": "call_nobody", "output": "{}"}
    client.send("conversation.item.create", item=output)
    assert client.until("error")[-1]["error"]["code"] == "invalid_tool_call_id"
    client.send("conversation.item.create", item={**output, "call_id": call["call_id"]})
    assert without(client.until("conversation.item.done")) == ITEM
    events = respond(client)
    assert without(events) == [*OPENING, *TAIL, "response.done"]
    assert events[-1]["response"]["output"][0]["content"][0]["transcript"] == "On its way"


@step("two creates")
def two_creates(connect):
    client = connect()
    client.send("response.create", response={"instructions": 'Say exactly: "The first one"'})
    client.send("response.create", event_id="second", response={})
    error = client.until("error")[-1]["error"]
    assert error["code"] == "conversation_already_has_active_response"
    assert error["event_id"] == "second"
    assert client.of("response.created")[0]["response"]["id"] in error["message"]
    done = client.until("response.done")[-1]["response"]
    assert done["status"] == "completed"
    assert len(client.of("response.created")) == 1


@step("two items")
def two_items(connect):
    client = connect()
    client.hearing.calls["call-1"] = "talk"
    type_in(client, "wait")
    events = respond(client)
    done = events[-1]["response"]
    assert [item["content"][0]["transcript"] for item in done["output"]] == [
        "One moment.",
        "Here it is now.",
    ]
    order = [
        (event["type"], event["output_index"])
        for event in events
        if event["type"] in ("response.output_audio.delta", "response.output_audio.done")
    ]
    first_of_second = order.index(("response.output_audio.delta", 1))
    assert order.index(("response.output_audio.done", 0)) > first_of_second
    assert [index for kind, index in order if kind.endswith("delta")] == sorted(
        index for kind, index in order if kind.endswith("delta")
    )


@step("failed")
def failed(connect):
    client = connect()
    client.hearing.calls["call-1"] = "talk"
    for text, code in (("fail", "server_error"), ("limit", "rate_limit_exceeded")):
        type_in(client, text)
        events = respond(client)
        assert without(events) == ["response.created", "response.done"]
        done = events[-1]["response"]
        assert done["status"] == "failed"
        assert done["status_details"]["error"]["code"] == code
        assert done["output"] == []


@step("60 min")
def sixty_minutes(connect):
    client = connect(QUICK.__class__(session_seconds=0.1))
    code, reason = client.wait_closed()
    assert (code, reason) == (1001, "Your session hit the maximum duration of 60 minutes.")
    assert client.events[-1]["error"]["code"] == "session_expired"


@step("cut")
def cut(connect):
    client = connect()
    client.hearing.calls["call-1"] = "talk"
    type_in(client, "cut")
    client.send("response.create")
    assert client.wait_closed() == (1006, GONE)
    assert client.of("response.output_audio.delta")
    assert not client.of("response.output_audio.done")


@step("garbage")
def garbage(connect):
    client = connect()
    client.until("session.created")
    client.send_text("this is not JSON")
    assert client.until("error")[-1]["error"]["code"] == "invalid_json"
    client.send_text('{"event_id": "no type"}')
    error = client.until("error")[-1]["error"]
    assert (error["code"], error["param"]) == ("missing_required_parameter", "type")
    assert error["event_id"] == "no type"
    client.send_text('{"type": "response.audio.delta"}')
    error = client.until("error")[-1]["error"]
    assert (error["code"], error["param"]) == ("invalid_value", "type")
    assert client.configure()["type"] == "realtime"


@pytest.mark.parametrize(("name", "connect"), PLAYS, indirect=["connect"])
def test_step(name, connect):
    STEPS[name](connect)


def test_the_whole_contract_is_proved():
    assert set(STEPS) == {
        "connect",
        "beta header",
        "bad key",
        "configure",
        "text in",
        "greet",
        "caller speaks",
        "caller stops",
        "VAD, create_response:false",
        "idle timeout",
        "barge-in, interrupt_response:true",
        "client cancel",
        "truncate",
        "manual turn",
        "tool",
        "tool result",
        "two creates",
        "two items",
        "failed",
        "60 min",
        "cut",
        "garbage",
    }

"""The HTTP double as the vendor's own client package sees it."""

from __future__ import annotations

import audioop
import io
import json
import wave
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import gevent
import openai
import pytest
from openai.types import Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel
from sandbox_openai_realtime import double, scenario
from sandbox_openai_speech import silence, spoken

from topcalls.sandbox.openai.chat import REFUSAL
from topcalls.sandbox.openai.script import GREETING, SAY_AGAIN

MODEL = "gpt-6-luna"
SCRIPT = scenario(
    {"when": "hello", "speak": "Do you have a minute"},
    {
        "when": "order",
        "speak": "One moment.",
        "tool": {"name": "look_up", "arguments": {"order": 7, "note": "long enough to be split"}},
        "then": "Your order is on its way",
    },
    {"when": "break", "fail": "server_error"},
    {"when": "anything", "speak": "Tell me more", "repeat": True},
)
TOOLS = [
    {
        "type": "function",
        "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}},
    }
]


@pytest.fixture
def server():
    server = double(SCRIPT)
    yield server
    server.stop()


@pytest.fixture
def client(server):
    with openai.OpenAI(api_key="sk-test", base_url=server.base_url, timeout=5) as client:
        yield client


@pytest.fixture
def hearing(server):
    return server.hearing


def say(hearing, text):
    """The called person says it, in a call of the scenario."""
    hearing.said("call-1", "talk", text, spoken(text))


def user(text):
    return {"role": "user", "content": text}


def ask(client, *messages, model=MODEL, **options):
    """A completion, validated strictly."""
    answer = client.chat.completions.create(model=model, messages=list(messages), **options)
    return ChatCompletion.model_validate(answer.to_dict())


def refused(client, **request):
    """The error object of a request that must be refused with 400."""
    request = {"model": MODEL, "messages": [user("hello")], **request}
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(**request)
    return error.value


def test_models_tell_their_end(client):
    models = {model.id: model for model in client.models.list()}
    assert models["gpt-realtime"].to_dict()["shutdown_date"] == "2027-01-20"
    assert "shutdown_date" not in models["gpt-realtime-2.1"].to_dict()
    Model.model_validate(client.models.retrieve("gpt-6-luna").to_dict())
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-0")


def test_every_answer_is_dated(client):
    headers = client.models.with_raw_response.list().headers
    told = parsedate_to_datetime(headers["date"])
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)


def test_keys(server):
    for key in ("sk-bad", "tc_test_x"):
        with openai.OpenAI(api_key=key, base_url=server.base_url) as client:
            with pytest.raises(openai.AuthenticationError) as error:
                client.models.list()
            assert error.value.code == "invalid_api_key"
            assert key not in str(error.value)


def test_unknown_path_is_a_vendor_error(client):
    with pytest.raises(openai.NotFoundError, match="Invalid URL"):
        client.post("/foo", cast_to=object)


def test_chat_follows_the_scenario(client, hearing):
    say(hearing, "hello there")
    answer = ask(client, {"role": "system", "content": "You are Rachel."}, user("hello there"))
    assert answer.choices[0].message.content == "Do you have a minute"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_rules_are_used_up_by_earlier_turns(client, hearing):
    say(hearing, "hello there")
    said = {"role": "assistant", "content": "Do you have a minute"}
    answer = ask(client, user("hello there"), said, user("hello there"))
    assert answer.choices[0].message.content == "Tell me more"


def test_without_scenario_it_is_polite(client):
    assert ask(client, user("hello")).choices[0].message.content
    directed = {"role": "developer", "content": 'Say exactly: "Goodbye for now."'}
    assert ask(client, directed).choices[0].message.content == "Goodbye for now."
    prompt = {"role": "system", "content": "You are Rachel, a dentist's assistant. " * 20}
    assert ask(client, prompt).choices[0].message.content == GREETING
    assert ask(client, user("[unintelligible]")).choices[0].message.content == SAY_AGAIN


def test_stream_of_text(client, hearing):
    say(hearing, "hello there")
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[user("hello there")],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [ChatCompletionChunk.model_validate(chunk.to_dict()) for chunk in stream]
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(piece or "" for piece in pieces) == "Do you have a minute"
    assert len([piece for piece in pieces if piece]) > 2
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0
    assert len({chunk.id for chunk in chunks}) <= len(chunks)
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_function_call_is_split_over_chunks_and_answered(client, hearing):
    say(hearing, "where is my order")
    request = {"model": MODEL, "tools": TOOLS, "reasoning_effort": "none", "stream": True}
    messages = [user("where is my order")]
    chunks = list(client.chat.completions.create(messages=messages, **request))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert calls[0].function.name == "look_up"
    assert calls[0].id.startswith("call_")
    assert all(call.id is None and call.function.name is None for call in calls[1:])
    arguments = "".join(call.function.arguments for call in calls)
    assert json.loads(arguments) == {"order": 7, "note": "long enough to be split"}
    assert len(calls) > 3
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    function = {"name": "look_up", "arguments": arguments}
    messages += [
        {
            "role": "assistant",
            "content": "One moment.",
            "tool_calls": [{"id": calls[0].id, "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": calls[0].id, "content": '{"status": "sent"}'},
    ]
    answer = client.chat.completions.create(
        model=MODEL, messages=messages, tools=TOOLS, reasoning_effort="none"
    )
    assert answer.choices[0].message.content == "Your order is on its way"


def test_function_call_in_one_piece(client, hearing):
    say(hearing, "where is my order")
    answer = ask(client, user("where is my order"), tools=TOOLS, reasoning_effort="none")
    (call,) = answer.choices[0].message.tool_calls
    assert json.loads(call.function.arguments)["order"] == 7
    assert answer.choices[0].message.content == "One moment."
    without = ask(client, user("where is my order"))
    assert without.choices[0].message.tool_calls is None


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "f"}}])
def test_forced_function(client, choice):
    parameters = {"type": "object", "properties": {"count": {"type": "integer", "minimum": 3}}}
    tools = [{"type": "function", "function": {"name": "f", "parameters": parameters}}]
    answer = ask(client, user("hello"), tools=tools, tool_choice=choice, reasoning_effort="none")
    (call,) = answer.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"count": 3}


class Analysis(BaseModel):
    """What a post-call analysis may ask for."""

    class Field(BaseModel):
        name: str
        confidence: float

    summary: str
    goal_reached: bool
    score: int
    follow_up: str | None
    fields: list[Field]


def test_structured_answer(client):
    answer = client.chat.completions.parse(
        model=MODEL, messages=[user("transcript")], response_format=Analysis
    )
    analysis = answer.choices[0].message.parsed
    assert isinstance(analysis, Analysis)
    assert "sandbox" in analysis.summary
    assert analysis.fields[0].name


def test_json_object(client):
    wanted = {"type": "json_object"}
    answer = ask(client, user("Answer in JSON"), response_format=wanted)
    assert json.loads(answer.choices[0].message.content)
    assert refused(client, response_format=wanted).param == "messages"


def test_outcomes_by_model_name(client):
    message = ask(client, user("hello"), model=f"{MODEL}+refusal").choices[0].message
    assert (message.refusal, message.content) == (REFUSAL, None)
    cut = ask(client, user("hello"), model=f"{MODEL}+length").choices[0]
    assert cut.finish_reason == "length"
    filtered = ask(client, user("hello"), model=f"{MODEL}+content-filter").choices[0]
    assert filtered.finish_reason == "content_filter"


def test_token_limit_cuts(client):
    answer = ask(client, user("hello"), max_completion_tokens=2).choices[0]
    assert answer.finish_reason == "length"
    assert len(answer.message.content) <= 8


def test_cut_structured_answer_is_not_json(client):
    name = "analysis"
    schema = {"type": "object", "properties": {"summary": {"type": "string"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": name, "schema": schema}}
    answer = ask(client, user("x"), model=f"{MODEL}+length", response_format=wanted).choices[0]
    with pytest.raises(ValueError, match="Unterminated|Expecting"):
        json.loads(answer.message.content)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("rate-limit", openai.RateLimitError),
        ("quota", openai.RateLimitError),
        ("server-error", openai.InternalServerError),
        ("forbidden", openai.PermissionDeniedError),
        ("not-found", openai.NotFoundError),
    ],
)
def test_failures_by_model_name(client, fault, error):
    once = client.with_options(max_retries=0)
    with pytest.raises(error) as caught:
        ask(once, user("hello"), model=f"{MODEL}+{fault}")
    if fault == "rate-limit":
        assert caught.value.response.headers["retry-after"] == "1"
    with pytest.raises(error):
        once.audio.speech.create(
            model=f"tts-1+{fault}", voice="alloy", input="x", response_format="pcm"
        )


@pytest.mark.parametrize("fault", ["rate-limit-once", "server-error-once"])
def test_a_single_failure_is_healed_by_the_clients_retry(client, fault):
    assert ask(client, user("hello"), model=f"{MODEL}+{fault}").choices


def test_script_can_fail_too(client, hearing):
    say(hearing, "break it")
    with pytest.raises(openai.InternalServerError):
        ask(client.with_options(max_retries=0), user("break it"))


def test_stream_is_cut_in_the_middle(client):
    stream = client.chat.completions.create(
        model=f"{MODEL}+cut", messages=[user("hello")], stream=True
    )
    seen = []
    with pytest.raises(openai.APIConnectionError):
        for chunk in stream:
            seen.append(chunk)
    assert seen
    assert all(chunk.choices[0].finish_reason is None for chunk in seen)
    with pytest.raises(openai.APIConnectionError):
        ask(client.with_options(max_retries=0), user("hello"), model=f"{MODEL}+cut")


def test_a_client_that_stops_listening_does_no_harm(client):
    for _ in range(3):
        stream = client.chat.completions.create(model=MODEL, messages=[user("x")], stream=True)
        next(iter(stream))
        stream.close()
    assert ask(client, user("hello")).choices


@pytest.mark.parametrize(
    ("request_part", "param"),
    [
        ({"max_tokens": 10}, "max_tokens"),
        ({"temperature": 0.2}, "temperature"),
        ({"tools": TOOLS}, "reasoning_effort"),
        ({"tools": TOOLS, "reasoning_effort": "low"}, "reasoning_effort"),
        (
            {"tools": [{"type": "function", "name": "flat"}], "reasoning_effort": "none"},
            "tools[0].function",
        ),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "tool_call_id": "x", "content": ""}]}, "messages.[0].role"),
        ({"extra_body": {"nonsense": 1}}, "nonsense"),
        ({"reasoning_effort": "enormous"}, "reasoning_effort"),
        ({"n": 2}, "n"),
    ],
)
def test_refusals(client, request_part, param):
    error = refused(client, **request_part)
    assert error.param == param


def test_unanswered_call_is_refused(client):
    function = {"name": "look_up", "arguments": "{}"}
    call = {"id": "call_1", "type": "function", "function": function}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    error = refused(client, messages=[user("x"), said, user("y")])
    assert "call_1" in error.message


def test_older_models_take_max_tokens_and_tools(client):
    answer = ask(client, user("x"), model="gpt-4.1-mini", max_tokens=100, tools=TOOLS)
    assert answer.choices[0].message.content


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        {
            "type": "object",
            "properties": {"a": {"type": "string"}},
            "required": [],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"a": {"type": "string", "default": "x"}},
            "required": ["a"],
            "additionalProperties": False,
        },
    ],
)
def test_strict_schemas_are_checked(client, schema):
    wanted = {"name": "answer", "strict": True, "schema": schema}
    error = refused(client, response_format={"type": "json_schema", "json_schema": wanted})
    assert "Invalid schema for response_format 'answer'" in error.message


def test_body_that_is_not_json(client):
    with pytest.raises(openai.BadRequestError, match="could not parse"):
        client.post("/chat/completions", cast_to=object, content=b"{nonsense")


def test_speech_comes_in_odd_pieces(client):
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input="Hello there", response_format="pcm"
    ) as response:
        pieces = list(response.iter_bytes())
    sound = b"".join(pieces)
    assert any(len(piece) % 2 for piece in pieces)
    wanted = audioop.ulaw2lin(spoken("Hello there"), 2)
    assert len(sound) == pytest.approx(3 * len(wanted), rel=0.01)
    assert audioop.rms(sound, 2) == pytest.approx(audioop.rms(wanted, 2), rel=0.2)


def test_speech_as_wav(client):
    answer = client.audio.speech.create(
        model="tts-1", voice="alloy", input="Hello", response_format="wav"
    )
    with wave.open(io.BytesIO(answer.content)) as reader:
        assert (reader.getframerate(), reader.getnchannels()) == (24000, 1)


def test_speech_refusals(client):
    for request in ({"input": "x" * 4097}, {"response_format": "mp3"}, {"speed": 9}):
        with pytest.raises(openai.BadRequestError):
            client.audio.speech.create(
                **{"model": "tts-1", "voice": "a", "input": "x", "response_format": "pcm"} | request
            )


def wav(pcmu, rate=8000, channels=1):
    """A recording as a file to upload."""
    pcm = audioop.ulaw2lin(pcmu, 2)
    pcm, _ = audioop.ratecv(pcm, 2, 1, 8000, rate, None)
    if channels == 2:
        pcm = audioop.tostereo(pcm, 2, 1, 1)
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, 2, rate, 0, "NONE", ""))
        writer.writeframes(pcm)
    return ("turn.wav", file.getvalue())


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (8000, 2), (24000, 2)])
def test_transcription(client, hearing, rate, channels):
    say(hearing, "Where is my order")
    file = wav(silence(0.2) + spoken("Where is my order") + silence(0.3), rate, channels)
    answer = client.audio.transcriptions.create(
        model="gpt-transcribe", file=file, language="en", prompt="phone"
    )
    assert answer.text == "Where is my order"
    assert answer.usage.input_tokens > 0


def test_transcription_of_two_utterances_as_text_and_as_stream(client, hearing):
    for text in ("Hello there", "Where is my order"):
        say(hearing, text)
    file = wav(spoken("Hello there") + silence(0.5) + spoken("Where is my order"))
    plain = client.audio.transcriptions.create(
        model="gpt-transcribe", file=file, response_format="text"
    )
    assert plain.strip() == "Hello there Where is my order"
    stream = client.audio.transcriptions.create(model="gpt-transcribe", file=file, stream=True)
    events = list(stream)
    assert "".join(event.delta for event in events[:-1]) == plain.strip()
    assert (events[-1].type, events[-1].text) == ("transcript.text.done", plain.strip())


def test_transcription_of_unknown_sound_and_of_none(client):
    make = client.audio.transcriptions.create
    assert make(model="gpt-transcribe", file=wav(spoken("Noise"))).text == "[unintelligible]"
    assert make(model="gpt-transcribe", file=wav(silence(1))).text == ""


def test_transcription_refusals(client):
    make = client.audio.transcriptions.create
    for request in (
        {"file": ("x.wav", b"no wave at all")},
        {"file": wav(silence(0.2)), "response_format": "srt"},
    ):
        with pytest.raises(openai.BadRequestError):
            make(**{"model": "gpt-transcribe"} | request)
    with pytest.raises(openai.BadRequestError, match="multipart"):
        client.post("/audio/transcriptions", cast_to=object, content=b"{}")


def test_many_requests_at_once(server):
    with openai.OpenAI(api_key="sk-test", base_url=server.base_url) as client:
        jobs = [gevent.spawn(ask, client, user(f"number {index}")) for index in range(20)]
        gevent.joinall(jobs, timeout=20, raise_error=True)
        assert all(job.value.choices for job in jobs)

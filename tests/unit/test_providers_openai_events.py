"""What is sent to the Realtime API, and how its errors are classified."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from topcalls.core.spoken_forms import SpokenForms
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolSpec
from topcalls.errors import ProviderError
from topcalls.providers.base import Ears, SessionConfig
from topcalls.providers.openai import realtime_errors as errors
from topcalls.providers.openai import realtime_events as events
from topcalls.providers.openai.realtime import socket_url

CONFIG = SessionConfig(
    model="gpt-realtime-2.1",
    instructions="Be kind.",
    voice="marin",
    language="de-CH",
    tools=(ToolSpec("end_call", "Hang up."),),
    ears=Ears(0.7, 250, 600),
    noise_reduction="near_field",
    max_output_tokens=900,
    speed=1.1,
    reasoning_effort="low",
)


def test_every_setting_has_its_place() -> None:
    update = events.session_update(CONFIG, "evt")
    session = update["session"]
    assert (update["type"], update["event_id"]) == ("session.update", "evt")
    assert session["type"] == "realtime"
    assert session["instructions"] == "Be kind."
    assert session["max_output_tokens"] == 900
    assert session["reasoning"] == {"effort": "low"}
    assert session["tools"] == [
        {
            "type": "function",
            "name": "end_call",
            "description": "Hang up.",
            "parameters": {"type": "object", "properties": {}},
        }
    ]
    assert session["audio"]["output"] == {
        "format": {"type": "audio/pcmu"},
        "voice": "marin",
        "speed": 1.1,
    }
    assert session["audio"]["input"] == {
        "format": {"type": "audio/pcmu"},
        "noise_reduction": {"type": "near_field"},
        "transcription": {"model": "gpt-transcribe", "language": "de"},
        "turn_detection": {
            "type": "server_vad",
            "threshold": 0.7,
            "prefix_padding_ms": 250,
            "silence_duration_ms": 600,
            "create_response": False,
            "interrupt_response": False,
        },
    }


def test_what_is_not_chosen_is_left_to_the_vendor() -> None:
    session = events.session_update(SessionConfig("m", "i", audio_format="audio/pcma"), "e")[
        "session"
    ]
    assert session["max_output_tokens"] == "inf"
    assert "reasoning" not in session
    assert "speed" not in session["audio"]["output"]
    assert session["audio"]["input"]["noise_reduction"] is None
    assert session["audio"]["input"]["transcription"] == {"model": "gpt-transcribe"}
    assert session["audio"]["output"]["format"] == {"type": "audio/pcma"}


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("gpt-transcribe", {"keywords": ["Acme", "Bright Smile"]}),
        ("gpt-4o-transcribe", {"prompt": "Expect: Acme, Bright Smile."}),
        ("whisper-1", {"prompt": "Expect: Acme, Bright Smile."}),
        ("gpt-realtime-whisper", {}),
    ],
)
def test_words_to_expect_are_told_as_each_model_takes_them(model: str, told: Any) -> None:
    config = replace(CONFIG, transcription_model=model, keywords=("Acme", "Bright Smile"))
    session = events.session_update(config, "e")["session"]
    expected = {"model": model, "language": "de", **told}
    assert session["audio"]["input"]["transcription"] == expected
    assert len(events.expected_words("gpt-transcribe", ["x"] * 150)["keywords"]) == 100


def test_exact_words_are_told_as_they_are_to_be_said() -> None:
    reading = SpokenForms("de-CH").read("Das kostet 12,50 €.")
    body = events.spoken("Das kostet 12,50 €.", CONFIG, exact=True, reading=reading)
    assert '"Das kostet zwölf Euro fünfzig."' in body["instructions"]


def test_a_custom_voice_is_named_by_its_id() -> None:
    config = SessionConfig("m", "i", voice="voice_123")
    output = events.session_update(config, "e")["session"]["audio"]["output"]
    assert output["voice"] == {"id": "voice_123"}


def test_audio_is_appended_as_base64_json() -> None:
    audio = bytes(range(256))
    event = json.loads(events.append(audio))
    assert event["type"] == "input_audio_buffer.append"
    assert base64.b64decode(event["audio"]) == audio


def test_exact_words_are_quoted_so_that_they_end_where_they_end() -> None:
    body = events.spoken('Say "hi" now.', CONFIG, exact=True)
    assert "Say exactly: \"Say 'hi' now.\"" in body["instructions"]
    assert "de-CH" in body["instructions"]
    assert body["tool_choice"] == "none"


def test_free_words_keep_the_sessions_instructions() -> None:
    body = events.spoken("Greet the caller.", CONFIG, exact=False)
    assert body["instructions"].startswith("Be kind.")
    assert body["instructions"].endswith("Greet the caller.")


@pytest.mark.parametrize(
    ("role", "kind"),
    [("user", "input_text"), ("system", "input_text"), ("assistant", "output_text")],
)
def test_messages_have_the_content_type_of_their_role(role: str, kind: str) -> None:
    item = events.message(role, "Hello")["item"]
    assert item["role"] == role
    assert item["content"] == [{"type": kind, "text": "Hello"}]


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        ({"status": "completed"}, ("completed", "")),
        (
            {"status": "cancelled", "status_details": {"reason": "client_cancelled"}},
            ("cancelled", "client_cancelled"),
        ),
        (
            {"status": "incomplete", "status_details": "content_filter"},
            ("incomplete", "content_filter"),
        ),
        ({"status": "completed", "status_details": None}, ("completed", "")),
        ({"status": "new_word"}, ("completed", "")),
        ({}, ("completed", "")),
    ],
)
def test_the_end_of_a_response_is_read_defensively(
    response: dict[str, Any], outcome: tuple[str, str]
) -> None:
    assert events.response_outcome(response) == (*outcome, None)


@pytest.mark.parametrize("details", [None, "boom", {}, {"error": "text"}])
def test_a_failed_response_always_has_an_error(details: Any) -> None:
    _, _, error = events.response_outcome({"status": "failed", "status_details": details})
    assert isinstance(error, ProviderError)
    assert error.retryable


def test_usage_is_counted_from_whatever_is_told() -> None:
    usage = {
        "input_token_details": {
            "text_tokens": 5,
            "audio_tokens": 7,
            "cached_tokens": 3,
            "cached_tokens_details": {"text_tokens": 1, "audio_tokens": 2},
        },
        "output_token_details": {"text_tokens": 2, "audio_tokens": 11},
    }
    assert events.usage({"usage": usage}) == TokenUsage(5, 7, 3, 2, 11, 2)
    assert events.usage({"usage": None}) == TokenUsage()
    assert events.usage({"usage": {"input_token_details": "?"}}) == TokenUsage()


@pytest.mark.parametrize(
    ("status", "body", "retryable"),
    [
        (401, b'{"error":{"code":"invalid_api_key"}}', False),
        (403, b"", False),
        (404, b"<html>", False),
        (408, b"", True),
        (429, b'{"error":{"code":"rate_limit_exceeded"}}', True),
        (429, b'{"error":{"code":"insufficient_quota"}}', False),
        (500, b"[]", True),
        (503, b'{"error":null}', True),
        (302, b"", False),
    ],
)
def test_http_answers_decide_once_whether_to_try_again(
    status: int, body: bytes, retryable: bool
) -> None:
    error = errors.handshake_error(status, body)
    assert error.retryable is retryable
    assert error.extra["status"] == status


@pytest.mark.parametrize(
    ("code", "retryable", "fatal"),
    [
        ("insufficient_quota", False, True),
        ("invalid_api_key", False, True),
        ("account_deactivated", False, True),
        ("billing_hard_limit_reached", False, True),
        ("session_expired", True, True),
        ("server_error", True, False),
        ("rate_limit_exceeded", True, False),
        ("inference_rate_limit_exceeded", True, False),
        ("something_new", True, False),
    ],
)
def test_error_codes_are_classified(code: str, retryable: bool, fatal: bool) -> None:
    error = errors.provider_error({"code": code, "message": "vendor text"})
    assert error.retryable is retryable
    assert errors.is_fatal(code) is fatal
    assert error.extra["provider_code"] == code
    assert "vendor text" not in str(error)


def test_an_error_without_a_code_is_known_by_its_type() -> None:
    assert errors.provider_error({"type": "server_error"}).extra["provider_code"] == "server_error"
    assert errors.provider_error({}).extra["provider_code"] == "unknown"


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://api.openai.com/v1", "wss://api.openai.com/v1/realtime?model=m%201"),
        ("http://127.0.0.1:9801/v1/", "ws://127.0.0.1:9801/v1/realtime?model=m%201"),
        ("wss://voice.example/api", "wss://voice.example/api/realtime?model=m%201"),
        ("ws://[::1]:8/v1", "ws://[::1]:8/v1/realtime?model=m%201"),
    ],
)
def test_the_socket_is_derived_from_the_base_url(base: str, url: str) -> None:
    assert socket_url(base, "m 1") == url


@pytest.mark.parametrize("base", ["", "api.openai.com/v1", "ftp://x/v1", "https:///v1"])
def test_a_base_url_that_is_no_web_address_is_named(base: str) -> None:
    with pytest.raises(ProviderError) as caught:
        socket_url(base, "m")
    assert caught.value.field == "openai_base_url"
    assert not caught.value.retryable

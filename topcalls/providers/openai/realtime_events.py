"""The Realtime protocol (GA) as data: client events to send, and parts of server events read.

Pure. Only what the gateway uses; everything a server may leave out or send as something else is
read defensively.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any

from topcalls.core.pronunciation import MOST_KEYWORDS
from topcalls.core.spoken_forms import Reading
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolSpec
from topcalls.errors import ProviderError
from topcalls.providers.base import Ears, ResponseStatus, SessionConfig
from topcalls.providers.languages import language_code
from topcalls.providers.openai.realtime_audio import wire_of
from topcalls.providers.openai.realtime_errors import provider_error

DEFAULT_TRANSCRIPTION = "gpt-transcribe"  # the one that works with server VAD
TOKEN_MS = 100
"""Of a caller's sound in one audio token, as OpenAI counts the costs of the Realtime API."""

_CONTENT_TYPE = {"user": "input_text", "system": "input_text", "assistant": "output_text"}
_STATUSES: dict[Any, ResponseStatus] = {
    "completed": "completed",
    "cancelled": "cancelled",
    "incomplete": "incomplete",
    "failed": "failed",
}


def append(audio: bytes) -> str:
    """Caller audio, as ready JSON: this is sent 25 to 50 times per second and call."""
    encoded = b2a_base64(audio, newline=False).decode("ascii")
    return f'{{"type":"input_audio_buffer.append","audio":"{encoded}"}}'


def session_update(config: SessionConfig, event_id: str) -> dict[str, Any]:
    """All settings of a session. The model's ears only report: we create the responses."""
    session: dict[str, Any] = {
        "type": "realtime",
        "instructions": config.instructions,
        "output_modalities": ["audio"],
        "audio": {"input": _audio_input(config), "output": _audio_output(config)},
        "tools": [_tool(tool) for tool in config.tools],
        "tool_choice": "auto",
        "max_output_tokens": config.max_output_tokens or "inf",
        "truncation": "auto",
    }
    if config.reasoning_effort:
        session["reasoning"] = {"effort": config.reasoning_effort}
    return {"type": "session.update", "event_id": event_id, "session": session}


def transcriber(config: SessionConfig) -> str:
    """The model that writes down what the caller says."""
    return config.transcription_model or DEFAULT_TRANSCRIPTION


def _audio_input(config: SessionConfig) -> dict[str, Any]:
    model = transcriber(config)
    transcription: dict[str, Any] = {"model": model, **expected_words(model, config.keywords)}
    if config.language:
        transcription["language"] = language_code(config.language)
    noise = config.noise_reduction
    return {
        "format": wire_of(config).format,
        "noise_reduction": {"type": noise} if noise else None,
        "transcription": transcription,
        "turn_detection": None if config.ears.local else _turn_detection(config.ears),
    }


def _turn_detection(ears: Ears) -> dict[str, Any]:
    ours = {"create_response": False, "interrupt_response": False}
    if ears.semantic:
        return {"type": "semantic_vad", "eagerness": "auto", **ours}
    return {
        "type": "server_vad",
        "threshold": ears.threshold,
        "prefix_padding_ms": ears.prefix_ms,
        "silence_duration_ms": ears.silence_ms,
        **ours,
    }


def expected_words(model: str, keywords: Sequence[str]) -> dict[str, Any]:
    """How a transcription model is told which words to expect; each family has its own way."""
    if not keywords or model.startswith("gpt-realtime-whisper"):
        return {}
    if model.startswith(("gpt-transcribe", "gpt-live-transcribe")):
        return {"keywords": list(keywords[:MOST_KEYWORDS])}
    return {"prompt": f"Expect: {', '.join(keywords[:MOST_KEYWORDS])}."}


def _audio_output(config: SessionConfig) -> dict[str, Any]:
    voice: Any = {"id": config.voice} if config.voice.startswith("voice_") else config.voice
    output: dict[str, Any] = {"format": wire_of(config).format, "voice": voice}
    if config.speed is not None:
        output["speed"] = config.speed
    return output


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }


def spoken(
    text: str, config: SessionConfig, *, exact: bool, reading: Reading | None = None
) -> dict[str, Any]:
    """What a response must be told to say `text`, or something as `text` tells. `reading`: how an
    exact one is said.

    Instructions of a response replace those of the session, so the manner is said again.
    """
    if exact:
        quoted = (reading.spoken if reading else text).replace('"', "'")
        language = f" The words are in the language {config.language}." if config.language else ""
        instructions = (
            "You are on the telephone. Speak naturally and clearly, as a person would." + language
        ) + f' Say exactly: "{quoted}" Say nothing before or after these words.'
    else:
        instructions = f"{config.instructions}\n\n# Now\n{text}"
    return {"instructions": instructions, "tool_choice": "none"}


def message(role: str, text: str) -> dict[str, Any]:
    """Words that join the conversation as a message of `role`."""
    content = [{"type": _CONTENT_TYPE[role], "text": text}]
    return _item({"type": "message", "role": role, "content": content})


def tool_output(call_id: str, output: str) -> dict[str, Any]:
    """The result of a function call."""
    return _item({"type": "function_call_output", "call_id": call_id, "output": output})


def _item(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "conversation.item.create", "item": item}


def commit(event_id: str) -> dict[str, Any]:
    """What was appended becomes an item of the caller's."""
    return {"type": "input_audio_buffer.commit", "event_id": event_id}


def truncate(item_id: str, content_index: int, audio_end_ms: int) -> dict[str, Any]:
    """Cut an audio item. The service refuses 0 and anything beyond the item's length."""
    return {
        "type": "conversation.item.truncate",
        "item_id": item_id,
        "content_index": content_index,
        "audio_end_ms": audio_end_ms,
    }


def delete(item_id: str) -> dict[str, Any]:
    """Take an item out of the conversation."""
    return {"type": "conversation.item.delete", "item_id": item_id}


# --- reading


def response_outcome(
    response: Mapping[str, Any],
) -> tuple[ResponseStatus, str, ProviderError | None]:
    """Status, reason and error of a `response.done`; details have been seen as a plain string."""
    status = _STATUSES.get(response.get("status"), "completed")
    details = response.get("status_details")
    if not isinstance(details, Mapping):
        details = {"reason": details} if isinstance(details, str) else {}
    reason = details.get("reason")
    error = details.get("error")
    problem = None
    if status == "failed":
        problem = provider_error(error if isinstance(error, Mapping) else {})
    return status, reason if isinstance(reason, str) else "", problem


def usage(response: Mapping[str, Any]) -> TokenUsage:
    """Tokens of a `response.done`; what is not told counts as none."""
    total = _mapping(response.get("usage"))
    read = _mapping(total.get("input_token_details"))
    cached = _mapping(read.get("cached_tokens_details"))
    written = _mapping(total.get("output_token_details"))
    return TokenUsage(
        input_text=_count(read.get("text_tokens")),
        input_audio=_count(read.get("audio_tokens")),
        input_cached=_count(read.get("cached_tokens")),
        output_text=_count(written.get("text_tokens")),
        output_audio=_count(written.get("audio_tokens")),
        input_cached_audio=_count(cached.get("audio_tokens")),
    )


def hearing_usage(event: Mapping[str, Any]) -> TokenUsage:
    """How much sound was transcribed, as a transcript tells: in seconds, or in audio tokens."""
    told = _mapping(event.get("usage"))
    seconds = told.get("seconds")
    if isinstance(seconds, int | float):
        return TokenUsage(heard_ms=round(seconds * 1000))
    tokens = _count(_mapping(told.get("input_token_details")).get("audio_tokens"))
    return TokenUsage(heard_ms=tokens * TOKEN_MS)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0

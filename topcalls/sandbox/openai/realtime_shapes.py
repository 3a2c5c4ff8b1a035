"""What clients may send over a Realtime socket (GA protocol), field by field.

`check_client_event` refuses anything else, with the path of the field at fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topcalls.sandbox.openai.validation import (
    Refusal,
    Shape,
    anything,
    choice,
    either,
    flag,
    invalid_value,
    list_of,
    mapping,
    missing,
    nullable,
    number,
    record,
    tagged,
    text,
)

VOICES = (
    *("alloy", "ash", "ballad", "coral", "echo"),
    *("sage", "shimmer", "verse", "marin", "cedar"),
)
LONGEST_APPEND = 15 * 1024 * 1024

_KEY = "[a-zA-Z0-9_-]+"
_format = tagged(
    "type",
    {
        "audio/pcm": record({"type": anything, "rate": number(24000, 24000, whole=True)}),
        "audio/pcmu": record({"type": anything}),
        "audio/pcma": record({"type": anything}),
    },
)
_turn_detection = tagged(
    "type",
    {
        "server_vad": record(
            {
                "type": anything,
                "threshold": number(0.0, 1.0),
                "prefix_padding_ms": number(0, 10_000, whole=True),
                "silence_duration_ms": number(0, 10_000, whole=True),
                "create_response": flag,
                "interrupt_response": flag,
                "idle_timeout_ms": nullable(number(5000, 30_000, whole=True)),
            }
        ),
        "semantic_vad": record(
            {
                "type": anything,
                "eagerness": choice("low", "medium", "high", "auto"),
                "create_response": flag,
                "interrupt_response": flag,
            }
        ),
    },
)
_transcription = record(
    {
        "model": text(),
        "language": text(),
        "languages": list_of(text()),
        "keywords": list_of(text()),
        "prompt": text(),
        "delay": choice("minimal", "low", "medium", "high", "xhigh"),
    }
)
_audio_input = record(
    {
        "format": _format,
        "noise_reduction": nullable(
            record({"type": choice("near_field", "far_field"), "strength": number(0, 10)})
        ),
        "transcription": nullable(_transcription),
        "turn_detection": nullable(_turn_detection),
    }
)
_voice = either(choice(*VOICES), record({"id": text(pattern="voice_[a-zA-Z0-9_-]+")}, ("id",)))
_modalities = list_of(choice("text", "audio"))
_reasoning = record({"effort": choice("minimal", "low", "medium", "high", "xhigh")})
_function_tool = record(
    {
        "type": anything,
        "name": text(64, _KEY),
        "description": text(),
        "parameters": mapping,
    },
    ("type", "name"),
)
_mcp_tool = record(
    {
        "type": anything,
        "server_label": text(),
        "server_url": text(),
        "server_description": text(),
        "tunnel_id": text(),
        "connector_id": text(),
        "authorization": text(),
        "allowed_tools": anything,
        "allowed_callers": list_of(text()),
        "defer_loading": flag,
        "require_approval": anything,
        "headers": nullable(mapping),
    },
    ("type", "server_label"),
)
_tools = list_of(tagged("type", {"function": _function_tool, "mcp": _mcp_tool}))
_tool_choice = either(
    choice("auto", "none", "required"),
    tagged(
        "type",
        {
            "function": record({"type": anything, "name": text()}, ("name",)),
            "mcp": record(
                {"type": anything, "server_label": text(), "name": nullable(text())},
                ("server_label",),
            ),
        },
    ),
)
_prompt = record({"id": text(), "version": nullable(text()), "variables": nullable(mapping)})
_truncation = either(
    choice("auto", "disabled"),
    record(
        {
            "type": choice("retention_ratio"),
            "retention_ratio": number(0.0, 1.0),
            "token_limits": record({"post_instructions": number(0, 10**6, whole=True)}),
        },
        ("type", "retention_ratio"),
    ),
)
_tracing = either(
    choice("auto"),
    record({"workflow_name": text(), "group_id": text(), "metadata": mapping}),
)
_include = list_of(choice("item.input_audio_transcription.logprobs"))


def _count_or_inf(value: Any, path: str) -> None:
    if value != "inf":
        number(1, 4096, whole=True)(value, path)


_realtime_session = record(
    {
        "type": anything,
        "model": text(),
        "instructions": text(),
        "output_modalities": _modalities,
        "audio": record(
            {
                "input": _audio_input,
                "output": record({"format": _format, "voice": _voice, "speed": number(0.25, 1.5)}),
            }
        ),
        "tools": _tools,
        "tool_choice": _tool_choice,
        "max_output_tokens": _count_or_inf,
        "truncation": _truncation,
        "tracing": nullable(_tracing),
        "include": nullable(_include),
        "prompt": nullable(_prompt),
        "reasoning": _reasoning,
        "parallel_tool_calls": flag,
    }
)
_transcription_session = record(
    {
        "type": anything,
        "audio": record({"input": _audio_input}),
        "include": nullable(_include),
    }
)
_session = tagged("type", {"realtime": _realtime_session, "transcription": _transcription_session})

_item_id = text(32, _KEY)
_common_item = {
    "id": _item_id,
    "type": anything,
    "object": choice("realtime.item"),
    "status": choice("completed", "incomplete", "in_progress"),
}


def _base64_text(value: Any, path: str) -> None:
    text()(value, path)


def _message(role: str, parts: Mapping[str, Shape]) -> Shape:
    return record(
        {**_common_item, "role": choice(role), "content": list_of(tagged("type", parts))},
        ("role", "content"),
    )


_messages = tagged(
    "role",
    {
        "system": _message(
            "system", {"input_text": record({"type": anything, "text": text()}, ("text",))}
        ),
        "user": _message(
            "user",
            {
                "input_text": record({"type": anything, "text": text()}, ("text",)),
                "input_audio": record(
                    {"type": anything, "audio": _base64_text, "transcript": nullable(text())},
                    ("audio",),
                ),
                "input_image": record(
                    {
                        "type": anything,
                        "image_url": text(),
                        "detail": choice("auto", "low", "high"),
                    },
                    ("image_url",),
                ),
            },
        ),
        "assistant": _message(
            "assistant", {"output_text": record({"type": anything, "text": text()}, ("text",))}
        ),
    },
)
_items: dict[str, Shape] = {
    "message": _messages,
    "function_call": record(
        {**_common_item, "name": text(64), "call_id": text(64, _KEY), "arguments": text()},
        ("name", "arguments"),
    ),
    "function_call_output": record(
        {**_common_item, "call_id": text(64, _KEY), "output": text()}, ("call_id", "output")
    ),
    "mcp_approval_response": record(
        {
            **_common_item,
            "approval_request_id": text(),
            "approve": flag,
            "reason": nullable(text()),
        },
        ("approval_request_id", "approve"),
    ),
}
_reference = record({"type": anything, "id": text()}, ("id",))


def _metadata(value: Any, path: str) -> None:
    mapping(value, path)
    if len(value) > 16:
        raise Refusal(
            "object_above_max_properties",
            f"Invalid '{path}': too many properties. Expected an object with at most 16 "
            f"properties, but got an object with {len(value)} properties instead.",
            path,
        )
    for key, item in value.items():
        text(64)(key, path)
        text(512)(item, f"{path}.{key}")


_response = record(
    {
        "instructions": text(),
        "output_modalities": _modalities,
        "audio": record({"output": record({"format": _format, "voice": _voice})}),
        "tools": _tools,
        "tool_choice": _tool_choice,
        "max_output_tokens": _count_or_inf,
        "conversation": choice("auto", "none"),
        "input": list_of(tagged("type", {**_items, "item_reference": _reference})),
        "metadata": nullable(_metadata),
        "prompt": nullable(_prompt),
        "reasoning": _reasoning,
        "parallel_tool_calls": flag,
    }
)


def _event(fields: Mapping[str, Shape], required: tuple[str, ...] = ()) -> Shape:
    return record({"type": anything, "event_id": nullable(text(512)), **fields}, required)


CLIENT_EVENTS: dict[str, Shape] = {
    "session.update": _event({"session": _session}, ("session",)),
    "input_audio_buffer.append": _event({"audio": _base64_text}, ("audio",)),
    "input_audio_buffer.commit": _event({}),
    "input_audio_buffer.clear": _event({}),
    "conversation.item.create": _event(
        {"item": tagged("type", _items), "previous_item_id": nullable(text())}, ("item",)
    ),
    "conversation.item.retrieve": _event({"item_id": text()}, ("item_id",)),
    "conversation.item.truncate": _event(
        {
            "item_id": text(),
            "content_index": number(0, 10**6, whole=True),
            "audio_end_ms": number(0, 10**9, whole=True),
        },
        ("item_id", "content_index", "audio_end_ms"),
    ),
    "conversation.item.delete": _event({"item_id": text()}, ("item_id",)),
    "response.create": _event({"response": nullable(_response)}),
    "response.cancel": _event({"response_id": nullable(text())}),
    "output_audio_buffer.clear": _event({}),
}


def check_client_event(event: Mapping[str, Any]) -> None:
    """Raise `Refusal` unless `event` is one that the GA protocol knows, well formed."""
    kind = event.get("type")
    if kind is None:
        raise missing("type")
    if not isinstance(kind, str) or kind not in CLIENT_EVENTS:
        raise invalid_value(kind, "type", list(CLIENT_EVENTS))
    CLIENT_EVENTS[kind](event, "")

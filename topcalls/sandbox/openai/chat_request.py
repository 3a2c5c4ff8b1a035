"""What a chat completion may ask for: shapes, and the rules between fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from topcalls.sandbox.openai.models import is_reasoning, needs_no_effort_for_tools
from topcalls.sandbox.openai.schemas import strict_problem
from topcalls.sandbox.openai.switches import split_model
from topcalls.sandbox.openai.validation import (
    Refusal,
    Shape,
    anything,
    choice,
    either,
    flag,
    list_of,
    mapping,
    nullable,
    number,
    record,
    tagged,
    text,
)

_PARTS = tagged(
    "type",
    {
        "text": record({"type": anything, "text": text()}, ("text",)),
        "image_url": record({"type": anything, "image_url": mapping}, ("image_url",)),
        "input_audio": record({"type": anything, "input_audio": mapping}, ("input_audio",)),
    },
)


def _content(value: Any, path: str) -> None:
    if isinstance(value, list):
        list_of(_PARTS)(value, path)
    else:
        text()(value, path)


_call = record(
    {
        "id": text(),
        "type": choice("function"),
        "function": record({"name": text(), "arguments": text()}, ("name", "arguments")),
    },
    ("id", "type", "function"),
)
_named = {"role": anything, "content": _content, "name": text()}
_message = tagged(
    "role",
    {
        "system": record(_named, ("content",)),
        "developer": record(_named, ("content",)),
        "user": record(_named, ("content",)),
        "assistant": record(
            {
                **_named,
                "content": nullable(_content),
                "tool_calls": list_of(_call),
                "refusal": nullable(text()),
            }
        ),
        "tool": record(
            {"role": anything, "content": _content, "tool_call_id": text()},
            ("content", "tool_call_id"),
        ),
    },
)
_function = record(
    {
        "name": text(64, "[a-zA-Z0-9_-]+"),
        "description": text(),
        "parameters": mapping,
        "strict": nullable(flag),
    },
    ("name",),
)
_tool = tagged(
    "type", {"function": record({"type": anything, "function": _function}, ("function",))}
)
_tool_choice = either(
    choice("none", "auto", "required"),
    record({"type": choice("function"), "function": record({"name": text()}, ("name",))}),
)
_response_format = tagged(
    "type",
    {
        "text": record({"type": anything}),
        "json_object": record({"type": anything}),
        "json_schema": record(
            {
                "type": anything,
                "json_schema": record(
                    {
                        "name": text(64, "[a-zA-Z0-9_-]+"),
                        "description": text(),
                        "schema": mapping,
                        "strict": nullable(flag),
                    },
                    ("name",),
                ),
            },
            ("json_schema",),
        ),
    },
)
_FIELDS: dict[str, Shape] = {
    "model": text(),
    "messages": list_of(_message),
    "tools": list_of(_tool, 128),
    "tool_choice": _tool_choice,
    "parallel_tool_calls": flag,
    "response_format": _response_format,
    "stream": nullable(flag),
    "stream_options": nullable(record({"include_usage": flag, "include_obfuscation": flag})),
    "max_completion_tokens": nullable(number(1, 10**6, whole=True)),
    "max_tokens": nullable(number(1, 10**6, whole=True)),
    "reasoning_effort": nullable(choice("none", "minimal", "low", "medium", "high", "xhigh")),
    "verbosity": nullable(choice("low", "medium", "high")),
    "temperature": nullable(number(0, 2)),
    "top_p": nullable(number(0, 1)),
    "presence_penalty": nullable(number(-2, 2)),
    "frequency_penalty": nullable(number(-2, 2)),
    "n": nullable(number(1, 1, whole=True)),
    "seed": nullable(number(-(2**63), 2**63, whole=True)),
    "stop": anything,
    "store": nullable(flag),
    "metadata": nullable(mapping),
    "service_tier": nullable(choice("auto", "default", "flex", "scale", "priority")),
    "user": text(),
    "safety_identifier": text(),
    "prompt_cache_key": text(),
    "logit_bias": nullable(mapping),
    "logprobs": nullable(flag),
    "top_logprobs": nullable(number(0, 20, whole=True)),
}


def check_chat_request(body: Any) -> None:
    """Raise `Refusal` for what the service answers with HTTP 400."""
    record(_FIELDS, ("model", "messages"))(body, "")
    if not body["messages"]:
        raise Refusal(
            "empty_array",
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got "
            "an empty array instead.",
            "messages",
        )
    name, _ = split_model(body["model"])
    if is_reasoning(name):
        _check_reasoning(body, name)
    _check_tool_messages(body["messages"])
    _check_format(body)


def _check_reasoning(body: Mapping[str, Any], name: str) -> None:
    if body.get("max_tokens") is not None:
        raise Refusal(
            "unsupported_parameter",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
            "'max_completion_tokens' instead.",
            "max_tokens",
        )
    for key in ("temperature", "top_p"):
        if body.get(key) not in (None, 1):
            raise Refusal(
                "unsupported_value",
                f"Unsupported value: '{key}' does not support {body[key]} with this model. Only "
                "the default (1) value is supported.",
                key,
            )
    has_effort = body.get("reasoning_effort") != "none"
    if body.get("tools") and has_effort and needs_no_effort_for_tools(name):
        raise Refusal(
            None,
            f"Function tools with reasoning_effort are not supported for {name} in "
            "/v1/chat/completions. Please use /v1/responses instead.",
            "reasoning_effort",
        )


def _check_tool_messages(messages: Sequence[Mapping[str, Any]]) -> None:
    """Every result follows its call, and every call is followed by its result."""
    open_calls: list[str] = []
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                raise Refusal(
                    None,
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'.",
                    f"messages.[{index}].role",
                )
            open_calls.remove(message["tool_call_id"])
            continue
        _check_no_open_calls(open_calls, index)
        open_calls = [call["id"] for call in message.get("tool_calls") or ()]
    _check_no_open_calls(open_calls, len(messages))


def _check_no_open_calls(open_calls: Sequence[str], index: int) -> None:
    if open_calls:
        raise Refusal(
            None,
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            f"{', '.join(open_calls)}",
            f"messages.[{index}].role",
        )


def _check_format(body: Mapping[str, Any]) -> None:
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema" and split_model(body["model"])[1] == "no-schema":
        raise Refusal(
            None,
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this "
            "model.",
            "response_format",
        )
    if wanted.get("type") == "json_object" and "json" not in str(body["messages"]).lower():
        raise Refusal(
            None,
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'.",
            "messages",
        )
    description = wanted.get("json_schema") or {}
    if description.get("strict") and (problem := strict_problem(description.get("schema"))):
        raise Refusal(
            None,
            f"Invalid schema for response_format '{description['name']}': {problem}",
            "response_format",
        )

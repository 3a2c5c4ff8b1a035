"""Chat completions: the scripted mind's answer, whole or as a stream of chunks. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from topcalls.ids import new_id
from topcalls.sandbox.hearing import UNINTELLIGIBLE
from topcalls.sandbox.openai.analyst import read_conversation
from topcalls.sandbox.openai.conversation import text_tokens
from topcalls.sandbox.openai.schemas import example
from topcalls.sandbox.openai.script import Answer, Mind, Situation
from topcalls.sandbox.openai.switches import split_model
from topcalls.sandbox.scenario import ModelRule, ToolUse

REFUSAL = "I'm sorry, I can't assist with that request."
_TOLD = ("system", "developer")
"""Roles of messages that tell the model what to do."""

_HINTS = {
    "summary": "A rehearsed conversation in the sandbox; nobody real was called.",
    "language": "en",
}


@dataclass(frozen=True)
class Completion:
    """The one choice of a completion. `fail` is a failure that the script wants instead."""

    model: str
    content: str | None = None
    refusal: str | None = None
    calls: tuple[tuple[str, ToolUse], ...] = ()
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    fail: str = ""

    @property
    def usage(self) -> dict[str, Any]:
        """The vendor's usage object."""
        produced = f"{self.content or ''}{[call.arguments for _, call in self.calls]}"
        spent = text_tokens(produced)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": spent,
            "total_tokens": self.prompt_tokens + spent,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


def complete(
    body: Mapping[str, Any], rules_of: Callable[[list[str]], Sequence[ModelRule]]
) -> Completion:
    """The completion of a request that has been checked.

    `rules_of` finds the rules of the scenario in which the caller's words were said.
    """
    name, fault = split_model(body["model"])
    base = Completion(name, prompt_tokens=text_tokens(json.dumps(body["messages"])))
    if fault == "refusal":
        return replace(base, refusal=REFUSAL)
    if fault == "content-filter":
        return replace(base, content="", finish_reason="content_filter")
    completion = _formatted(body, base) or _scripted(body, base, rules_of)
    if fault == "length" or _is_over_limit(body, completion):
        content = completion.content or ""
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or 10**6
        kept = content[: min(len(content) // 2, limit * 4)]
        return replace(completion, content=kept, finish_reason="length", calls=())
    return completion


def whole(completion: Completion, created: int) -> dict[str, Any]:
    """The answer to a request without `stream`."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": completion.content,
        "refusal": completion.refusal,
        "annotations": [],
    }
    if completion.calls:
        message["tool_calls"] = [
            {
                "id": call_id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.written},
            }
            for call_id, call in completion.calls
        ]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": completion.finish_reason,
    }
    return {
        **_head(completion, created, "chat.completion"),
        "choices": [choice],
        "usage": completion.usage,
    }


def chunks(
    completion: Completion, created: int, *, with_usage: bool = False
) -> Iterator[dict[str, Any]]:
    """The answer as a stream: role, pieces of text or calls, the end, and the usage if wanted."""
    head = _head(completion, created, "chat.completion.chunk")
    usage = {"usage": None} if with_usage else {}

    def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**head, "choices": [choice], **usage}

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for piece in _pieces(completion.content or ""):
        yield chunk({"content": piece})
    for piece in _pieces(completion.refusal or ""):
        yield chunk({"refusal": piece})
    for index, (call_id, call) in enumerate(completion.calls):
        function = {"name": call.name, "arguments": ""}
        first = {"index": index, "id": call_id, "type": "function", "function": function}
        yield chunk({"tool_calls": [first]})
        arguments = call.written
        for start in range(0, len(arguments), 5):
            more = {"index": index, "function": {"arguments": arguments[start : start + 5]}}
            yield chunk({"tool_calls": [more]})
    yield chunk({}, completion.finish_reason)
    if with_usage:
        yield {**head, "choices": [], "usage": completion.usage}


def _head(completion: Completion, created: int, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{new_id().replace('-', '')}",
        "object": kind,
        "created": created,
        "model": completion.model,
        "service_tier": "default",
        "system_fingerprint": "fp_sandbox",
    }


def _formatted(body: Mapping[str, Any], base: Completion) -> Completion | None:
    """The answer to a request for JSON."""
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_object":
        return replace(base, content=json.dumps({"answer": _HINTS["summary"]}))
    if wanted.get("type") == "json_schema":
        schema = wanted["json_schema"].get("schema") or {"type": "object"}
        answer = read_conversation(body["messages"], schema)
        if answer is None:
            answer = example(schema, hints=_HINTS)
        return replace(base, content=json.dumps(answer))
    return None


def _scripted(
    body: Mapping[str, Any],
    base: Completion,
    rules_of: Callable[[list[str]], Sequence[ModelRule]],
) -> Completion:
    """The mind goes through the conversation again, turn by turn, up to the answer wanted now."""
    messages = body["messages"]
    said = [_text(item) for item in messages if item["role"] == "user"]
    mind = Mind(rules_of([words for words in said if words != UNINTELLIGIBLE]))
    tools = {
        tool["function"]["name"]: tool["function"].get("parameters", {})
        for tool in body.get("tools") or ()
    }
    choice = body.get("tool_choice", "auto")
    if isinstance(choice, Mapping):
        choice = choice["function"]
    prompt = "\n".join(_text(item) for item in messages if item["role"] in _TOLD)
    fresh: list[Mapping[str, Any]] = []
    for message in messages:
        if message["role"] != "assistant":
            fresh.append(message)
            continue
        situation = _situation(fresh, tools, prompt)
        if situation.heard or situation.has_tool_results:
            mind.answer(situation)
        fresh = []
    answer = mind.answer(replace(_situation(fresh, tools, prompt), tool_choice=choice))
    return _completion(base, answer)


def _situation(
    fresh: Sequence[Mapping[str, Any]], tools: Mapping[str, Any], prompt: str
) -> Situation:
    heard = [_text(item) for item in fresh if item["role"] == "user"]
    told = [_text(item) for item in fresh if item["role"] in _TOLD]
    return Situation(
        heard=" ".join(heard) or None,
        instructions=told[-1] if told else "",
        has_tool_results=any(item["role"] == "tool" for item in fresh),
        tools=tools,
        prompt=prompt,
    )


def _completion(base: Completion, answer: Answer) -> Completion:
    calls = tuple((f"call_{new_id().replace('-', '')[:24]}", call) for call in answer.calls)
    return replace(
        base,
        content=" ".join(answer.speeches) or None,
        calls=calls,
        finish_reason="tool_calls" if calls else "stop",
        fail=answer.fail,
    )


def _is_over_limit(body: Mapping[str, Any], completion: Completion) -> bool:
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    return limit is not None and text_tokens(completion.content or "") > limit


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content)


def _pieces(text: str) -> list[str]:
    return [
        word if index == 0 else f" {word}" for index, word in enumerate(text.split(" ")) if text
    ]

"""Chat Completions, streamed: OpenAI's own and every server that speaks like it.

Servers differ in what they take, so what is sent follows the `ChatFeatures` of the server; and in
what they give, so what comes is read tolerantly: a tool's call whole or in pieces, with or without
index and id, usage or none, an error in the middle of the stream, an end without `[DONE]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from topcalls.core.dialogue import FunctionCall, Message
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolSpec
from topcalls.errors import ProviderError
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.net.http import HttpError
from topcalls.net.http_stream import StreamedAnswer, StreamingClient
from topcalls.providers import vendor_errors
from topcalls.providers.openai.chat_features import ChatFeatures, features_of
from topcalls.providers.stages import ChatCalls, ChatEnded, ChatEvent, ChatRequest, ChatText

STALL_SECONDS = 4.0
_COMPLETE = (None, "", "stop", "tool_calls", "function_call")

log = get_logger(__name__)


def chat_headers(base_url: str, api_key: str) -> dict[str, str]:
    """The key where this server looks for it; many own servers want one, whatever it is."""
    if (urlsplit(base_url).hostname or "").endswith(".openai.azure.com"):
        return {"api-key": api_key}
    return {"Authorization": f"Bearer {api_key or 'none'}"}


class ChatCompletions:
    """One model at one base URL."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        *,
        features: ChatFeatures | None = None,
        vendor: str = "The language model",
        stall_timeout: float = STALL_SECONDS,
    ) -> None:
        self.name = model
        self._features = features or features_of(base_url, model)
        self._vendor = vendor
        self._timeout = stall_timeout
        headers = {**chat_headers(base_url, api_key), "Content-Type": "application/json"}
        self._client = StreamingClient(base_url, headers)

    def answer(self, request: ChatRequest) -> Iterator[ChatEvent]:
        """See `providers.stages.ChatModel`."""
        body = orjson.dumps(chat_body(self.name, request, self._features))
        reading = _Reading(self._vendor)
        try:
            with self._client.request(
                "POST", "/chat/completions", body, timeout=self._timeout
            ) as answer:
                if answer.status != 200:
                    raise vendor_errors.refused(self._vendor, answer.status, _code_in(answer))
                for line in answer.lines():
                    yield from reading.line(line)
        except HttpError as error:
            raise vendor_errors.from_http(self._vendor, error) from None
        yield from reading.end()


def chat_body(model: str, request: ChatRequest, features: ChatFeatures) -> dict[str, Any]:
    """The request's JSON."""
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        "messages": [_message(item, features) for item in _ordered(request.messages, features)],
    }
    if features.stream_options is not None:
        body["stream_options"] = dict(features.stream_options)
    if request.tools and features.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        if features.parallel_tools is not None:
            body["parallel_tool_calls"] = features.parallel_tools
    if features.effort is not None:
        body["reasoning_effort"] = features.effort
    if request.max_output_tokens is not None and features.token_limit:
        body[features.token_limit] = request.max_output_tokens
    if request.temperature is not None and features.temperature:
        body["temperature"] = request.temperature
    return body


def _ordered(messages: Any, features: ChatFeatures) -> Iterator[Message]:
    """What a server does not take as it is becomes a note: system messages after the first, and
    tools that another model has called."""
    for index, message in enumerate(messages):
        if index and message.role == "system" and not features.late_system:
            yield Message("user", f"[Note, not said by the caller: {message.text}]")
        elif message.role == "tool" and not features.tools:
            yield Message("user", f"[Note, not said by the caller: a tool gave {message.text}]")
        elif message.calls and not features.tools:
            if message.text:
                yield Message("assistant", message.text)
        else:
            yield message


def _message(message: Message, features: ChatFeatures) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.answers, "content": message.text}
    if not message.calls:
        role = features.system_role if message.role == "system" else message.role
        return {"role": role, "content": message.text}
    calls = [
        {
            "id": call.call_id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments or "{}"},
        }
        for call in message.calls
    ]
    return {"role": "assistant", "content": message.text or None, "tool_calls": calls}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    return {"type": "function", "function": function}


# --- reading


@dataclass
class _Call:
    call_id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass
class _Reading:
    """The lines of one answer."""

    vendor: str
    _calls: dict[Any, _Call] = field(default_factory=dict)
    _reason: str = ""
    _ended: bool = False
    _usage: TokenUsage = field(default_factory=TokenUsage)

    def line(self, line: bytes) -> Iterator[ChatEvent]:
        """One line of the event stream; what is none of ours is passed over."""
        if not line.startswith(b"data:"):
            return
        data = line[5:].strip()
        if data == b"[DONE]":
            self._ended = True
            return
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            log.warning("Unintelligible chunk from a language model")
            return
        if isinstance(chunk, Mapping):
            yield from self._chunk(chunk)

    def _chunk(self, chunk: Mapping[str, Any]) -> Iterator[ChatEvent]:
        if chunk.get("error"):
            raise ProviderError(
                f"{self.vendor} failed in mid-answer.",
                retryable=True,
                provider_code=_code(chunk["error"]),
            )
        if isinstance(chunk.get("usage"), Mapping):
            self._usage = _usage(chunk["usage"])
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or choice.get("message") or {}
            text = delta.get("content") or delta.get("refusal")
            if isinstance(text, str) and text:
                yield ChatText(text)
            for position, call in enumerate(delta.get("tool_calls") or ()):
                self._call(position, call)
            reason = choice.get("finish_reason")
            if reason is not None:
                self._ended = True
                self._reason = "" if reason in _COMPLETE else str(reason)

    def _call(self, position: int, piece: Mapping[str, Any]) -> None:
        """A tool's call, or a piece of one. Without an index, a new id begins a new call."""
        key = piece.get("index")
        if key is None:
            key = piece.get("id") or (next(reversed(self._calls), position))
        call = self._calls.setdefault(key, _Call())
        function = piece.get("function") or {}
        call.call_id = call.call_id or str(piece.get("id") or "")
        call.name = call.name or str(function.get("name") or "")
        arguments = function.get("arguments")
        if isinstance(arguments, Mapping):
            call.arguments = orjson.dumps(arguments).decode()
        elif isinstance(arguments, str):
            call.arguments += arguments

    def end(self) -> Iterator[ChatEvent]:
        """The stream is over."""
        if not self._ended:
            raise vendor_errors.unreachable(self.vendor, "the answer broke off")
        calls = tuple(
            FunctionCall(call.call_id or f"call_{new_id()}", call.name, call.arguments)
            for call in self._calls.values()
            if call.name
        )
        if calls and not self._reason:
            yield ChatCalls(calls)
        yield ChatEnded(self._reason, self._usage)


def _usage(usage: Mapping[str, Any]) -> TokenUsage:
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else 0
    return TokenUsage(
        input_text=_count(usage.get("prompt_tokens")),
        input_cached=_count(cached),
        output_text=_count(usage.get("completion_tokens")),
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _code_in(answer: StreamedAnswer) -> str:
    try:
        return _code(orjson.loads(answer.error_body())["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError, HttpError):
        return ""


def _code(error: Any) -> str:
    if not isinstance(error, Mapping):
        return "error"
    code = error.get("code") or error.get("type")
    return code if isinstance(code, str) else "error"

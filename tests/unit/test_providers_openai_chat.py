"""Chat completions as servers really send them, and as they want to be asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from gevent.pywsgi import WSGIServer

from topcalls.core.dialogue import FunctionCall, Message
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolSpec
from topcalls.errors import ProviderError
from topcalls.providers.openai.chat import ChatCompletions, chat_body
from topcalls.providers.openai.chat_features import ChatFeatures, features_of, openai_features
from topcalls.providers.stages import ChatCalls, ChatEnded, ChatRequest, ChatText

pytestmark = pytest.mark.unit

HELLO = (Message("system", "Be kind."), Message("user", "Hello"))
LOOK_UP = ToolSpec("look_up", "Look it up.")


class Server:
    """Answers every request with the same lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.status = "200 OK"
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._server = WSGIServer(("127.0.0.1", 0), self._answer, log=None, error_log=None)
        self._server.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def say(self, *chunks: Any, done: bool = True) -> None:
        self.lines = [
            chunk if isinstance(chunk, str) else f"data: {json.dumps(chunk)}" for chunk in chunks
        ]
        self.lines += ["data: [DONE]"] if done else []

    def stop(self) -> None:
        self._server.stop()

    def _answer(self, environ: Any, start: Any) -> list[bytes]:
        self.requests.append(json.loads(environ["wsgi.input"].read()))
        self.headers.append({k: v for k, v in environ.items() if k.startswith("HTTP_")})
        start(self.status, [("Content-Type", "text/event-stream")])
        return ["\n\n".join(self.lines).encode() + b"\n\n"]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def asked(server: Server, **more: Any) -> list[Any]:
    chat = ChatCompletions(server.url, "key", "model", stall_timeout=2.0)
    return list(chat.answer(ChatRequest(HELLO, **more)))


def test_text_comes_in_pieces_and_usage_at_the_end(server: Server) -> None:
    server.say(
        delta(role="assistant", content=""),
        delta(content="Hel"),
        delta(content="lo."),
        delta("stop"),
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}},
    )
    assert asked(server) == [
        ChatText("Hel"),
        ChatText("lo."),
        ChatEnded("", TokenUsage(9, output_text=2)),
    ]


WHOLE = {"id": "a", "function": {"name": "look_up", "arguments": '{"n":1}'}}
PIECES = [
    {"index": 0, "id": "a", "function": {"name": "look_up", "arguments": ""}},
    {"index": 0, "function": {"arguments": '{"n"'}},
    {"index": 0, "function": {"arguments": ":1}"}},
]
OBJECT = {"index": 0, "id": "a", "function": {"name": "look_up", "arguments": {"n": 1}}}


@pytest.mark.parametrize("calls", [[WHOLE], PIECES, [OBJECT], [{**WHOLE, "index": 0}]])
def test_a_call_comes_whole_or_in_pieces(server: Server, calls: list[Any]) -> None:
    server.say(*(delta(tool_calls=[call]) for call in calls), delta("tool_calls"))
    (found, _) = asked(server)
    assert found == ChatCalls((FunctionCall("a", "look_up", '{"n":1}'),))


def test_calls_without_index_or_id_stay_apart(server: Server) -> None:
    other = {"id": "b", "function": {"name": "look_up", "arguments": "{}"}}
    server.say(delta(tool_calls=[WHOLE]), delta(tool_calls=[other]), delta("stop"))
    assert [call.call_id for call in asked(server)[0].calls] == ["a", "b"]
    nameless = {"function": {"name": "look_up", "arguments": "{}"}}
    server.say(delta(tool_calls=[nameless]), delta("stop"))
    assert asked(server)[0].calls[0].call_id.startswith("call_")


def test_an_end_without_done_is_an_end(server: Server) -> None:
    server.say(delta(content="Yes."), delta("stop"), done=False)
    assert asked(server)[-1] == ChatEnded()


def test_noise_between_the_lines_is_passed_over(server: Server) -> None:
    server.say(": ping", "event: x", "data: {", "data: 7", "data: {}", delta(content="Yes."))
    assert asked(server)[0] == ChatText("Yes.")


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_why_an_answer_is_not_complete(server: Server, reason: str) -> None:
    server.say(delta(content="Ye"), delta(tool_calls=[WHOLE]), delta(reason))
    events = asked(server)
    assert events[-1].reason == reason
    assert not any(isinstance(event, ChatCalls) for event in events)  # it may be cut off


def test_an_answer_that_breaks_off_fails(server: Server) -> None:
    server.say(delta(content="Ye"), done=False)
    with pytest.raises(ProviderError) as caught:
        asked(server)
    assert caught.value.retryable


def test_an_error_in_the_stream_fails(server: Server) -> None:
    server.say(delta(content="Ye"), {"error": {"message": "x", "code": "overloaded"}})
    with pytest.raises(ProviderError) as caught:
        asked(server)
    assert caught.value.extra["provider_code"] == "overloaded"


@pytest.mark.parametrize(
    ("status", "retryable"),
    [("401 No", False), ("404 No", False), ("429 Slow", True), ("503 Busy", True)],
)
def test_refusals(server: Server, status: str, retryable: bool) -> None:
    server.status = status
    server.lines = ["<html>not json</html>"]
    with pytest.raises(ProviderError) as caught:
        asked(server)
    assert caught.value.retryable is retryable


def test_a_server_that_is_not_there() -> None:
    chat = ChatCompletions("http://127.0.0.1:9/v1", "", "model")
    with pytest.raises(ProviderError) as caught:
        list(chat.answer(ChatRequest(HELLO)))
    assert caught.value.retryable


def test_the_key_goes_where_the_server_wants_it(server: Server) -> None:
    server.say(delta("stop"))
    asked(server)
    assert server.headers[0]["HTTP_AUTHORIZATION"] == "Bearer key"
    azure = ChatCompletions("https://x.openai.azure.com/openai/v1/", "key", "m")
    assert azure._client.headers["api-key"] == "key"


# --- asking

FULL = ChatRequest(
    (
        *HELLO,
        Message("assistant", "", (FunctionCall("a", "look_up", ""),)),
        Message("tool", "red", answers="a"),
        Message("system", "Hurry."),
    ),
    (LOOK_UP,),
    100,
    0.5,
)


def test_a_plain_server_gets_the_least() -> None:
    body = chat_body("llama", FULL, features_of("http://127.0.0.1:8000/v1", "llama"))
    assert body["max_tokens"] == 100
    assert body["temperature"] == 0.5
    assert not {"stream_options", "reasoning_effort", "max_completion_tokens"} & set(body)
    assert body["tools"][0]["function"]["name"] == "look_up"
    call = body["messages"][2]["tool_calls"][0]
    assert call == {
        "id": "a",
        "type": "function",
        "function": {"name": "look_up", "arguments": "{}"},
    }
    assert body["messages"][3] == {"role": "tool", "tool_call_id": "a", "content": "red"}


def test_openais_newest_answer_without_reasoning() -> None:
    body = chat_body("gpt-6-luna", FULL, features_of("https://api.openai.com/v1", "gpt-6-luna"))
    assert (body["reasoning_effort"], body["max_completion_tokens"]) == ("none", 100)
    assert "temperature" not in body
    assert "reasoning_effort" not in chat_body("gpt-4.1", FULL, openai_features("gpt-4.1"))
    assert chat_body("gpt-4.1", FULL, openai_features("gpt-4.1"))["temperature"] == 0.5


def test_where_system_messages_come_first_later_ones_are_notes() -> None:
    gemini = features_of("https://generativelanguage.googleapis.com/v1beta/openai/", "gemini")
    roles = [item["role"] for item in chat_body("gemini", FULL, gemini)["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "user"]


def test_a_server_without_tools_is_offered_none_and_told_of_none() -> None:
    body = chat_body("small", FULL, ChatFeatures(tools=False))
    assert "tools" not in body
    assert [item["role"] for item in body["messages"]] == ["system", "user", "user", "system"]
    assert "red" in body["messages"][2]["content"]

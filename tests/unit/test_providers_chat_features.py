"""Every kind of server is sent what it understands, and refuses the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from gevent.pywsgi import WSGIServer
from sandbox_openai_realtime import double, scenario

from topcalls.core.dialogue import FunctionCall, Message
from topcalls.core.tools import ToolSpec
from topcalls.errors import ConfigError, ProviderError
from topcalls.providers.openai.chat import ChatCompletions
from topcalls.providers.openai.chat_features import MAKERS, features_of
from topcalls.providers.stages import ChatEnded, ChatRequest, ChatText

pytestmark = pytest.mark.unit

LEAST = {"model", "messages", "stream", "max_tokens", "temperature", "tools"}
UNDERSTANDS = {
    "gemini": LEAST | {"stream_options", "reasoning_effort"},
    "ollama": LEAST | {"stream_options"},
    "vllm": LEAST | {"stream_options"},
    "llamacpp": LEAST | {"stream_options"},
    "least": LEAST,
}
FULL = ChatRequest(
    (
        Message("system", "Be kind."),
        Message("user", "Where is it?"),
        Message("assistant", "", (FunctionCall("a", "look_up", "{}"),)),
        Message("tool", "red", answers="a"),
        Message("system", "Hurry."),
    ),
    (ToolSpec("look_up", "Look it up."),),
    100,
    0.5,
)


class StrictServer:
    """Refuses every field, and every role in the wrong place, that it does not understand."""

    def __init__(self, fields: set[str], *, late_system: bool) -> None:
        self._fields = fields
        self._late_system = late_system
        self._server = WSGIServer(("127.0.0.1", 0), self._answer, log=None, error_log=None)
        self._server.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def stop(self) -> None:
        self._server.stop()

    def _answer(self, environ: Any, start: Any) -> list[bytes]:
        body = json.loads(environ["wsgi.input"].read())
        roles = [message["role"] for message in body["messages"]]
        unknown = set(body) - self._fields or {"developer"} & set(roles)
        if unknown or ("system" in roles[1:] and not self._late_system):
            start("400 Bad Request", [("Content-Type", "application/json")])
            return [json.dumps({"error": {"code": "unknown", "message": str(unknown)}}).encode()]
        start("200 OK", [("Content-Type", "text/event-stream")])
        chunk = {"choices": [{"delta": {"content": "Yes."}, "finish_reason": "stop"}]}
        return [f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()]


@pytest.fixture(params=sorted(UNDERSTANDS))
def maker(request: Any) -> Iterator[tuple[str, StrictServer]]:
    server = StrictServer(UNDERSTANDS[request.param], late_system=request.param == "ollama")
    yield request.param, server
    server.stop()


def ask(url: str, said: str, model: str = "m") -> list[Any]:
    chat = ChatCompletions(url, "sk-test", model, features=features_of(url, model, said))
    return list(chat.answer(FULL))


def test_a_server_that_is_told_of_takes_everything(maker: tuple[str, StrictServer]) -> None:
    name, server = maker
    assert ask(server.url, name) == [ChatText("Yes."), ChatEnded()]


def test_what_it_is_wrongly_said_to_understand_it_refuses(maker: tuple[str, StrictServer]) -> None:
    name, server = maker
    for wrong in (
        "parallel_tools=yes",
        "system_role=developer",
        "token_limit=max_completion_tokens",
    ):
        with pytest.raises(ProviderError):
            ask(server.url, f"{name} {wrong}")


def test_a_server_nobody_knows_is_sent_the_least() -> None:
    server = StrictServer(LEAST, late_system=False)
    assert ask(server.url, "")[0] == ChatText("Yes.")
    server.stop()


@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-4.1"])
def test_openais_own_service_takes_its_richest_requests(model: str) -> None:
    server = double(scenario({"when": "hello", "speak": "Do you have a minute?"}))
    url = server.base_url
    for said in ("openai", "azure parallel_tools=no", "openai system_role=developer"):
        chat = ChatCompletions(url, "sk-test", model, features=features_of(url, model, said))
        request = ChatRequest((Message("system", "Be kind."), Message("user", "hello")), FULL.tools)
        assert any(isinstance(event, ChatText) for event in chat.answer(request))
    server.stop()


def test_makers_are_known_by_their_address() -> None:
    def same(url: str, maker: str) -> bool:
        return features_of(url, "gpt-6-luna") == features_of("", "gpt-6-luna", maker)

    assert same("https://api.openai.com/v1", "openai")
    assert same("https://x.openai.azure.com/openai/v1/", "azure")
    assert same("https://generativelanguage.googleapis.com/v1beta/openai/", "gemini")
    assert same("http://127.0.0.1:11434/v1", "ollama")
    assert same("http://127.0.0.1:8000/v1", "least")


def test_features_are_changed_one_by_one() -> None:
    said = "vllm, tools=no usage=no temperature=no late_system=yes token_limit=none effort=low"
    features = features_of("", "m", said)
    assert (features.tools, features.stream_options, features.temperature) == (False, None, False)
    assert (features.late_system, features.token_limit, features.effort) == (True, "", "low")
    changed = features_of("https://api.openai.com/v1", "gpt-6-luna", "effort=unset")
    assert changed.effort is None
    assert changed.token_limit == "max_completion_tokens"


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("olama", "Did you mean 'ollama'?"),
        ("vllm tool=no", "Did you mean 'tools'?"),
        ("vllm tools=maybe", "Choose from yes, no."),
        ("vllm ollama", "Choose from tools"),
        ("tools", "Choose from openai"),
    ],
)
def test_what_cannot_be_understood_names_the_setting_and_the_remedy(said: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        features_of("", "", said)
    assert caught.value.field == "chat_features"
    assert remedy in (caught.value.remedy or "")


def test_there_is_a_preset_for_each_maker() -> None:
    assert set(MAKERS) == {"openai", "azure", *UNDERSTANDS}

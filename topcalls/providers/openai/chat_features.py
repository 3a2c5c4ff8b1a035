"""What a server of chat completions understands, by its maker, and as an operator says.

Servers that "speak OpenAI" refuse, or worse, ignore different fields; so only what a server is
known to understand is sent to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from topcalls.core.suggestions import did_you_mean
from topcalls.errors import ConfigError

_SETTING: Final = "chat_features"
_OLLAMA_PORT: Final = 11434


@dataclass(frozen=True)
class ChatFeatures:
    """What a server understands beyond the least that all of them do.

    `token_limit` is the name of the field that limits the answer ("": there is none). `effort` is
    the reasoning effort asked for (None: the field is left out). `late_system`: messages of
    `system_role` may come after the first. Not `tools`: the server has none, and none are offered.
    `parallel_tools`: whether several may be called at once (None: the field is left out).
    """

    token_limit: str = "max_tokens"
    stream_options: Mapping[str, bool] | None = None
    effort: str | None = None
    temperature: bool = True
    late_system: bool = True
    tools: bool = True
    parallel_tools: bool | None = None
    system_role: str = "system"


_USAGE: Final = {"include_usage": True}
_BY_MAKER: Final = {
    "gemini": ChatFeatures(stream_options=_USAGE, effort="none", late_system=False),
    "ollama": ChatFeatures(stream_options=_USAGE),
    "vllm": ChatFeatures(stream_options=_USAGE, late_system=False),
    "llamacpp": ChatFeatures(stream_options=_USAGE, late_system=False),
    "least": ChatFeatures(late_system=False),
}
_OPENAI: Final = ("openai", "azure")
MAKERS: Final = (*_OPENAI, *_BY_MAKER)


def openai_features(model: str) -> ChatFeatures:
    """OpenAI's own service, by model: with tools, its newest only answer without reasoning."""
    old = model.startswith(("gpt-3", "gpt-4"))
    return ChatFeatures(
        token_limit="max_completion_tokens",
        stream_options={"include_usage": True, "include_obfuscation": False},
        effort="none" if model.startswith(("gpt-5.1", "gpt-5.6", "gpt-6")) else None,
        temperature=old,
    )


def features_of(base_url: str, model: str, said: str = "") -> ChatFeatures:
    """What is known of the server at this address and of this model on it, and what was `said` of
    it: the setting `chat_features`.

    Raises `ConfigError` for a setting that says nothing we know.
    """
    maker, changes = _read(said)
    maker = maker or _maker_at(base_url)
    features = openai_features(model) if maker in _OPENAI else _BY_MAKER[maker]
    return replace(features, **changes)


def _maker_at(base_url: str) -> str:
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if host == "api.openai.com":
        return "openai"
    if host.endswith(".openai.azure.com"):
        return "azure"
    if host == "generativelanguage.googleapis.com":
        return "gemini"
    return "ollama" if parts.port == _OLLAMA_PORT else "least"


# --- what the operator says


def _read(said: str) -> tuple[str, dict[str, Any]]:
    """Maker ("": not said) and changes."""
    words = said.replace(",", " ").split()
    maker = words.pop(0) if words and "=" not in words[0] else ""
    if maker and maker not in MAKERS:
        raise _fault(f"'{maker}' is no kind of server.", maker, MAKERS)
    return maker, dict(pair for word in words for pair in _change(word))


def _change(word: str) -> Iterator[tuple[str, Any]]:
    name, _, value = word.partition("=")
    read = _CHANGES.get(name)
    if read is None:
        raise _fault(f"'{name}' is no feature.", name, tuple(_CHANGES))
    yield read(name, value)


def _fault(message: str, given: str, choices: tuple[str, ...]) -> ConfigError:
    remedy = f"Choose from {', '.join(choices)}.{did_you_mean(given, choices)}"
    return ConfigError(f"chat_features: {message}", field=_SETTING, remedy=remedy)


def _one_of(name: str, value: str, choices: Mapping[str, Any]) -> Any:
    if value not in choices:
        raise _fault(f"'{value}' is no value of {name}.", value, tuple(choices))
    return choices[value]


_YES_NO: Final = {"yes": True, "no": False}


def _as(field: str, choices: Mapping[str, Any]) -> Callable[[str, str], tuple[str, Any]]:
    return lambda name, value: (field, _one_of(name, value, choices))


_CHANGES: Final[Mapping[str, Callable[[str, str], tuple[str, Any]]]] = {
    "tools": _as("tools", _YES_NO),
    "parallel_tools": _as("parallel_tools", _YES_NO),
    "usage": _as("stream_options", {"yes": _USAGE, "no": None}),
    "temperature": _as("temperature", _YES_NO),
    "late_system": _as("late_system", _YES_NO),
    "system_role": _as("system_role", {"system": "system", "developer": "developer"}),
    "token_limit": _as(
        "token_limit",
        {
            "max_tokens": "max_tokens",
            "max_completion_tokens": "max_completion_tokens",
            "none": "",
        },
    ),
    "effort": _as(
        "effort",
        {
            "unset": None,
            **{effort: effort for effort in ("none", "minimal", "low", "medium", "high")},
        },
    ),
}

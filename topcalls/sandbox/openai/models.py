"""The models that the double lists, with the shutdown dates the vendor has announced."""

from __future__ import annotations

from typing import Any

_CREATED = 1764547200
_MODELS: dict[str, str | None] = {
    "gpt-realtime-2.1": None,
    "gpt-realtime-2.1-mini": None,
    "gpt-realtime-2": None,
    "gpt-realtime-1.5": None,
    "gpt-realtime": "2027-01-20",
    "gpt-realtime-mini": "2027-01-20",
    "gpt-6": None,
    "gpt-6-luna": None,
    "gpt-5-mini": "2026-12-11",
    "gpt-5-nano": "2026-12-11",
    "gpt-4.1-mini": "2027-01-14",
    "gpt-4o-mini": "2027-01-14",
    "gpt-transcribe": None,
    "gpt-live-transcribe": None,
    "gpt-realtime-whisper": None,
    "whisper-1": "2027-02-26",
    "gpt-4o-transcribe": "2027-02-26",
    "gpt-4o-mini-transcribe": "2027-02-26",
    "gpt-4o-mini-tts": "2027-01-06",
    "tts-1": "2027-01-06",
    "tts-1-hd": "2027-01-06",
}


def model_list() -> dict[str, Any]:
    """`GET /v1/models`."""
    return {"object": "list", "data": [_view(name) for name in _MODELS]}


def model(name: str) -> dict[str, Any] | None:
    """`GET /v1/models/{model}`; None if there is no such model."""
    return _view(name) if name in _MODELS else None


def is_reasoning(name: str) -> bool:
    """Whether a chat model reasons, and so takes neither `max_tokens` nor a temperature."""
    return name.startswith(("gpt-5", "gpt-6", "o1", "o3", "o4"))


def needs_no_effort_for_tools(name: str) -> bool:
    """Whether chat completions refuse functions unless `reasoning_effort` is `none`."""
    return name.startswith(("gpt-6", "gpt-5.6"))


def _view(name: str) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "system",
    }
    if shutdown := _MODELS[name]:
        view["shutdown_date"] = shutdown
    return view

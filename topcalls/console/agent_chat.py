"""A conversation with an agent in writing, as the form of its page holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from werkzeug.datastructures import MultiDict

_VALUE: Final = "request_data."
_GAVE: Final = "gave."


def said(given: MultiDict[str, str]) -> list[dict[str, Any]]:
    """What was said before, with what is said now: what tools gave, and words. A conversation that
    cannot be read begins anew."""
    turns = _before(given.get("said", ""))
    for name, text in given.items():
        if name.startswith(_GAVE):
            turns.append({"role": "tool", "tool_call_id": name.removeprefix(_GAVE), "text": text})
    if words := given.get("text", "").strip():
        turns.append({"role": "user", "text": words})
    return turns


def values(given: MultiDict[str, str]) -> dict[str, str]:
    """What the texts of the agent are filled with."""
    return {
        name.removeprefix(_VALUE): text
        for name, text in given.items()
        if name.startswith(_VALUE) and text
    }


def turn_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of the agent, as the next question tells of it."""
    return {"role": "assistant", "text": answer["text"], "tool_calls": answer["tool_calls"]}


def _before(text: str) -> list[dict[str, Any]]:
    try:
        turns = orjson.loads(text or "[]")
    except orjson.JSONDecodeError:
        return []
    is_list = isinstance(turns, list) and all(isinstance(turn, dict) for turn in turns)
    return turns if is_list else []

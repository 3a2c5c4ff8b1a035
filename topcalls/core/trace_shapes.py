"""A trace as it may be stored: the shape of its messages, without words, numbers and sound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from topcalls.core.hidden_numbers import NumberVeil
from topcalls.core.shapes import shaped
from topcalls.json_texts import with_texts

_TYPE: Final = re.compile(r'"(?:type|event)"\s*:\s*"([A-Za-z0-9_.]{1,80})"')
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WORD: Final = re.compile(r"[A-Z][A-Z_]{2,40}|start|stop|pause|resume|all|read|both|off|on")
_APPLICATION: Final = re.compile(r"execute-app-name: *([a-z_]{1,40})")
_SOUND: Final = re.compile(r"[A-Za-z0-9+/]{120,}={0,2}")
_VERB: Final = re.compile(r"(?:(?:api|bgapi) +)?([a-z_]{1,40})")


def stored(entry: Mapping[str, Any], veil: NumberVeil, *, whole: bool) -> dict[str, Any]:
    """An entry of a trace (`CallTrace.entries`). `whole`: as it is, but for sound."""
    told = dict(entry)
    text = told.pop("text", None)
    if text is None:
        return told
    if entry["way"].startswith("switch"):
        return told | {"command": text if whole else _command(text)}
    return told | _frame(text, veil, whole)


def _frame(text: str, veil: NumberVeil, whole: bool) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:  # it was cut
        found = _TYPE.search(text)
        return {"frame": {"type": found[1]} if found else None}
    if not isinstance(value, Mapping):
        return {"frame": None}
    frame = with_texts(value, _without_sound) if whole else shaped(value)
    error = value.get("error")
    if not whole and isinstance(error, Mapping) and isinstance(error.get("message"), str):
        frame["error"]["message"] = veil.text(error["message"])
    return {"frame": frame}


def _without_sound(text: str) -> str:
    return _SOUND.sub(lambda found: f"<{len(found.group())} characters>", text)


def _command(text: str) -> str:
    """What is commanded of which channel; of its arguments only causes and the like."""
    verb = _VERB.match(text)
    application = _APPLICATION.search(text)
    named = [
        found for found in (verb and (verb[1] or verb[2]), application and application[1]) if found
    ]
    words = [word for word in text.split()[1:] if _WORD.fullmatch(word)]
    channels = dict.fromkeys(_UUID.findall(text))
    return " ".join([*named, *channels, *words, f"<{len(text)} characters>"])

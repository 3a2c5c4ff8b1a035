"""Cassettes: calls of tools with their answers, recorded in one call and played in others.

A call with a cassette asks nobody: each call of a tool gets the next recorded answer to the same
tool and arguments. What was hidden when it was recorded is hidden in what is compared, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topcalls.core.builtin_tools import ON_CONVERSATION
from topcalls.core.personal_data import has_mark
from topcalls.core.redaction import MASKED
from topcalls.core.suggestions import did_you_mean
from topcalls.core.tool_log import kept
from topcalls.core.tool_rules import NAME_PATTERN
from topcalls.core.tools import ToolRecord, ToolResult, ToolStatus, failed
from topcalls.errors import FieldError

VERSION = 1
INSTANT, RECORDED = "instant", "recorded"
TIMINGS = (INSTANT, RECORDED)
MOST_CALLS = 200
MAX_BYTES = 131_072
LONGEST_MS = 30_000
FIELDS = ("version", "timing", "calls", "call_id", "left_out")
CALL_FIELDS = (
    "name",
    "arguments",
    "result",
    "status",
    "error",
    "http_status",
    "duration_ms",
)
STATUSES = (ToolStatus.SUCCEEDED, ToolStatus.FAILED, ToolStatus.REFUSED)
_MOST_SHOWN = 5

Faults = Iterator[FieldError]


@dataclass(frozen=True)
class Recorded:
    """One answer on a cassette. `arguments` None fits whatever the tool is called with."""

    name: str
    arguments: Mapping[str, Any] | None
    result: ToolResult
    duration_ms: int = 0


@dataclass(frozen=True)
class Cassette:
    """Answers in the order in which they were given. `timed`: each takes as long as it took."""

    calls: tuple[Recorded, ...]
    timed: bool = False


def cassette_of(section: Mapping[str, Any]) -> Cassette:
    """A `tool_cassette` without faults."""
    timed = section.get("timing") == RECORDED
    return Cassette(tuple(map(_recorded, section["calls"])), timed)


def recording(call_id: str, records: Iterable[ToolRecord]) -> dict[str, Any]:
    """The cassette of a call, as it is exported. `left_out` counts what cannot be played: what has
    no result, was masked, or acted on the conversation itself."""
    whole = [record for record in records if record.name not in ON_CONVERSATION]
    calls = [call for call in map(_exported, whole) if call is not None]
    left_out = len(whole) - len(calls)
    return {"version": VERSION, "call_id": call_id, "calls": calls, "left_out": left_out}


class Player:
    """Plays a cassette once. `past` are the calls that were answered by it already."""

    def __init__(self, cassette: Cassette, past: Sequence[ToolRecord] = ()) -> None:
        self._timed = cassette.timed
        self._left = list(cassette.calls)
        for record in past:
            if record.name not in ON_CONVERSATION:
                self._next(record.name, _value(record.arguments))

    def answer(self, name: str, arguments: Mapping[str, Any]) -> tuple[ToolResult, float]:
        """What the tool answers, and after how many seconds."""
        asked = _value(kept(json.dumps(arguments)))
        found = self._next(name, asked)
        if found is not None:
            return found.result, found.duration_ms / 1000 if self._timed else 0.0
        others = [one.arguments for one in self._left if one.name == name][:_MOST_SHOWN]
        message = f"The tool cassette has no answer left to '{name}' with these arguments."
        return failed("not_in_cassette", message, there_are_answers_to=others), 0.0

    def _next(self, name: str, arguments: Any) -> Recorded | None:
        same = [one for one in self._left if one.name == name]
        for fits in (
            lambda one: one.arguments is not None and one.arguments == arguments,
            lambda one: one.arguments is None,
        ):
            for one in filter(fits, same):
                self._left.remove(one)
                return one
        return None


def cassette_faults(section: object, path: str = "tool_cassette") -> Faults:
    """Everything wrong with a cassette."""
    if not isinstance(section, Mapping):
        yield FieldError(path, "Must be an object, as it is exported of a call.", "invalid_type")
        return
    for key in section.keys() - set(FIELDS):
        message = f"Is not a field of a cassette.{did_you_mean(str(key), FIELDS)}"
        yield FieldError(f"{path}.{key}", message, "unknown")
    if section.get("version", VERSION) != VERSION:
        message = f"Must be {VERSION}: another version cannot be played."
        yield FieldError(f"{path}.version", message, "unknown_version")
    if section.get("timing", INSTANT) not in TIMINGS:
        yield FieldError(f"{path}.timing", f"Must be one of {', '.join(TIMINGS)}.", "choice")
    calls = section.get("calls")
    if not isinstance(calls, list | tuple) or len(calls) > MOST_CALLS:
        message = f"Must be a list of at most {MOST_CALLS} calls of tools."
        yield FieldError(f"{path}.calls", message, "invalid_calls")
    elif len(json.dumps(calls, default=str)) > MAX_BYTES:
        message = f"Are larger than {MAX_BYTES} bytes together. Leave some out."
        yield FieldError(f"{path}.calls", message, "too_large")
    else:
        for index, call in enumerate(calls):
            yield from _call_faults(call, f"{path}.calls.{index}")


def _call_faults(call: object, path: str) -> Faults:
    if not isinstance(call, Mapping):
        yield FieldError(path, "Must be an object.", "invalid_type")
        return
    for key in call.keys() - set(CALL_FIELDS):
        message = f"Is not a field of a recorded call.{did_you_mean(str(key), CALL_FIELDS)}"
        yield FieldError(f"{path}.{key}", message, "unknown")
    name, arguments = call.get("name"), call.get("arguments")
    if not isinstance(name, str) or not _is_name(name):
        yield FieldError(f"{path}.name", "Must be the name of a tool.", "invalid_name")
    elif name in ON_CONVERSATION:
        message = "Acts on the conversation, and does so in every call. Leave it out."
        yield FieldError(f"{path}.name", message, "not_playable")
    if arguments is not None and not isinstance(arguments, Mapping):
        message = "Must be an object, or null for whatever the tool is called with."
        yield FieldError(f"{path}.arguments", message, "invalid_type")
    if "result" not in call:
        yield FieldError(f"{path}.result", "Say what the tool answers.", "required")
    if call.get("status", ToolStatus.SUCCEEDED) not in STATUSES:
        message = f"Must be one of {', '.join(STATUSES)}."
        yield FieldError(f"{path}.status", message, "choice")
    if not isinstance(call.get("error") or "", str):
        yield FieldError(f"{path}.error", "Must be text.", "invalid_type")
    for key, most in (("http_status", 599), ("duration_ms", LONGEST_MS)):
        value = call.get(key) or 0
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            message = f"Must be a whole number from 0 to {most}."
            yield FieldError(f"{path}.{key}", message, "range")


def _is_name(text: str) -> bool:
    return re.fullmatch(NAME_PATTERN, text) is not None


def _recorded(call: Mapping[str, Any]) -> Recorded:
    output, arguments = call["result"], call.get("arguments")
    return Recorded(
        call["name"],
        None if arguments is None else _value(kept(json.dumps(arguments))),
        ToolResult(
            output if isinstance(output, str) else json.dumps(output, ensure_ascii=False),
            ToolStatus(call.get("status") or ToolStatus.SUCCEEDED),
            call.get("error"),
            call.get("http_status"),
        ),
        call.get("duration_ms") or 0,
    )


def _exported(record: ToolRecord) -> dict[str, Any] | None:
    arguments, output = _value(record.arguments or "{}"), record.output
    if output in (None, MASKED) or record.status not in STATUSES:
        return None
    if not isinstance(arguments, Mapping):
        return None
    return {
        "name": record.name,
        # What was taken out of a redacted call would fit no other call's arguments.
        "arguments": None if has_mark(record.arguments) else arguments,
        "result": _value(output or ""),
        "status": str(record.status),
        "error": record.error,
        "http_status": record.http_status,
        "duration_ms": min(record.duration_ms or 0, LONGEST_MS),
    }


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text

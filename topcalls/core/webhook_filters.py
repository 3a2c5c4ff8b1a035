"""Which calls a webhook subscription wants to hear of: its event's name, and its filters.

A filter names a field at the top of the payload and what it has to be: equal to a value, or to one
of a list. Text with a `%` is a pattern as SQL's LIKE has it: `%` stands for anything, `_` for one
character, and a backslash takes the meaning from what follows it. All filters have to match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

COMPLETED = "call.completed"
UPDATED = "call.updated"
"""Told to whoever was told how a call ended, when more is known of it."""

DISABLED = "webhook.disabled"
"""Told when a receiver of the account is sent nothing any more."""

EVENT_PATTERN = (
    r"^call\.completed(?:\.[a-z0-9_]+)?$|^lead\.status_changed$|^campaign\.(?:activated|paused)$"
    r"|^webhook\.disabled$|^do_not_call\.added$"
)
OTHERS = ("lead.status_changed", "campaign.activated", "campaign.paused", "do_not_call.added")
"""Events of no call, to which filters do not apply."""

IS_CONVERSION = "is_conversion"
FIELDS = (
    "event",
    "sequence",
    "call_id",
    "direction",
    "phone_number",
    "from_phone_number",
    "status",
    "call_status",
    "duration",
    "recording_url",
    "call_summary",
    "answered_by",
    "agent_id",
    "agent_version",
    "campaign_id",
    "lead_id",
    "opted_out",
    "created_at",
    "started_at",
    "end_at",
    "completed",
    "end_reason",
    "ended_by",
    "error_message",
    "disposition",
    "analysis",
    "analysis_status",
    "sentiment",
    "success",
    "metadata",
    "sandbox",
)
"""What can be filtered by: the payload's fields, lists of sentences apart."""

MOST_FILTERS = 20
MOST_VALUES = 100
MOST_CHARACTERS = 500
_EVENT = re.compile(EVENT_PATTERN)


def event_fault(event: str) -> FieldError | None:
    """What is wrong with the event of a subscription, or None."""
    if len(event) <= MOST_CHARACTERS and _EVENT.fullmatch(event):
        return None
    known = f"{COMPLETED}, {COMPLETED}.DISPOSITION, {', '.join(OTHERS)}, {DISABLED}"
    return FieldError("event", f"Is no event that can be subscribed to. Known: {known}.", "unknown")


def filter_faults(filters: Mapping[str, Any]) -> Iterator[FieldError]:
    """What is wrong with the filters of a subscription."""
    if len(filters) > MOST_FILTERS:
        yield FieldError("filters", f"Are more than {MOST_FILTERS}.", "too_many")
        return
    for name, wanted in filters.items():
        path = f"filters.{name}"
        if name not in (*FIELDS, IS_CONVERSION):
            hint = did_you_mean(name, (*FIELDS, IS_CONVERSION))
            yield FieldError(path, f"Is no field of the payload.{hint}", "unknown")
        elif isinstance(wanted, list) and not 0 < len(wanted) <= MOST_VALUES:
            yield FieldError(path, f"Must list 1 to {MOST_VALUES} values.", "invalid")
        else:
            yield from _value_faults(name, path, wanted if isinstance(wanted, list) else [wanted])


def _value_faults(name: str, path: str, values: list[Any]) -> Iterator[FieldError]:
    for value in values:
        if isinstance(value, list):
            yield FieldError(path, "Must not hold lists in a list.", "invalid")
        elif name == IS_CONVERSION and not isinstance(value, bool):
            yield FieldError(path, "Must be true or false.", "invalid_type")
        elif isinstance(value, str) and len(value) > MOST_CHARACTERS:
            yield FieldError(path, f"Is longer than {MOST_CHARACTERS} characters.", "too_long")


def is_wanted(subscribed: str, event: str, disposition: str | None) -> bool:
    """Whether a subscription to `subscribed` is told of `event` of a call with this disposition."""
    if subscribed == event:
        return True
    return event == COMPLETED and disposition is not None and subscribed == f"{event}.{disposition}"


def matches(filters: Mapping[str, Any], payload: Mapping[str, Any], is_conversion: bool) -> bool:
    """Whether every filter holds for a payload, as JSON has it."""
    return all(
        _matches_any(wanted, is_conversion if name == IS_CONVERSION else payload.get(name))
        for name, wanted in filters.items()
    )


def _matches_any(wanted: Any, value: Any) -> bool:
    return any(_equal(one, value) for one in (wanted if isinstance(wanted, list) else [wanted]))


def _equal(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    if isinstance(wanted, str) and isinstance(value, str) and "%" in wanted:
        return is_like(wanted, value)
    return bool(wanted == value)


def is_like(pattern: str, text: str) -> bool:
    """SQL's LIKE, case and all, in time that grows with the product of both lengths at most."""
    first, *between = _pieces(pattern)
    if not between:
        return len(text) == len(first) and _fits(first, text, 0)
    last = between.pop()
    at, end = len(first), len(text) - len(last)
    if at > end or not _fits(first, text, 0) or not _fits(last, text, end):
        return False
    for piece in between:
        found = next((i for i in range(at, end - len(piece) + 1) if _fits(piece, text, i)), None)
        if found is None:
            return False
        at = found + len(piece)
    return True


_Piece = tuple[str | None, ...]
"""Characters one after the other; None: whichever."""


def _fits(piece: _Piece, text: str, at: int) -> bool:
    return all(one is None or one == text[at + i] for i, one in enumerate(piece))


@lru_cache(maxsize=1000)
def _pieces(pattern: str) -> tuple[_Piece, ...]:
    """What stands between the `%` of a pattern."""
    pieces: list[list[str | None]] = [[]]
    characters = iter(pattern)
    for character in characters:
        if character == "%":
            pieces.append([])
        elif character == "_":
            pieces[-1].append(None)
        elif character == "\\":
            pieces[-1].append(next(characters, character))
        else:
            pieces[-1].append(character)
    return tuple(map(tuple, pieces))

"""Calling somebody back at a time that they name: how the model says it, and which time it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from topcalls.core import local_times, phone_numbers, variables
from topcalls.core.call_request import CallRequest
from topcalls.core.local_times import in_words
from topcalls.core.tools import ToolSpec

NAME: Final = "schedule_callback"
LEAST_AHEAD: Final = timedelta(minutes=1)
MOST_AHEAD: Final = timedelta(days=30)
MAX_REASON: Final = 300
AT: Final = "callback_at"
"""Where the answer of the tool has the moment, in ISO 8601, in a call of a campaign."""

OF_CALL: Final = "callback_of"
"""Where the metadata of a callback name the call in which it was agreed."""

DATA: Final = "callback"
"""Where the data of a callback tell its agent what was agreed."""

_DESCRIPTION = (
    "Have this person called back later, at a time that they have agreed to. Say the time again "
    "and wait for their yes before you call this. A further call of it in this conversation moves "
    "the callback."
)


def spec(now: datetime | None) -> ToolSpec:
    """`now` is the time where the other person is."""
    today = f" For them it is now {in_words(now)}." if now is not None else ""
    parameters = {
        "type": "object",
        "properties": {
            "at": {
                "type": "string",
                "maxLength": 40,
                "description": "Their local date and time, as in 2026-11-24T15:30. With an offset, "
                "as in 2026-11-24T15:30+01:00, only where they name another time zone.",
            },
            "reason": {
                "type": "string",
                "maxLength": MAX_REASON,
                "description": "What the callback is about, in one sentence.",
            },
        },
        "required": ["at"],
        "additionalProperties": False,
    }
    return ToolSpec(NAME, _DESCRIPTION + today, parameters)


def zone_of(number: str) -> ZoneInfo:
    """The time zone of whoever has the number, as far as it tells."""
    zones = phone_numbers.time_zones(number)
    return ZoneInfo(zones[0] if zones else "UTC")


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment that the model means. Raises ValueError, in words for the model."""
    found = local_times.moment(text, zone)
    here = in_words(now.astimezone(zone))
    if found - now < LEAST_AHEAD:
        raise ValueError(f"That time is over. For them it is now {here}.")
    if found - now > MOST_AHEAD:
        raise ValueError(f"That is more than {MOST_AHEAD.days} days ahead. It is now {here}.")
    return found


def told(number: str, asked_at: datetime, reason: str) -> str:
    """What the agent of a callback knows of it: who has `number` asked for it, at that moment."""
    day = in_words(asked_at.astimezone(zone_of(number)))
    about = f" It is about: {reason}" if reason else ""
    return f"On {day} this person asked to be called back now.{about}"


def callback_of(
    request: CallRequest,
    *,
    call_id: str,
    to_number: str,
    from_number: str | None,
    at: datetime,
    told: str,
) -> CallRequest:
    """The request of the callback: the call's own, at that time. `told` is what its agent knows of
    it. Texts that are filled in are not filled in again."""
    data: dict[str, Any] = {**request.request_data, DATA: told}
    return replace(
        variables.protected(request),
        phone_number=to_number,
        from_number=from_number,
        schedule_at=at,
        request_data=data,
        metadata={**request.metadata, OF_CALL: call_id},
    )

"""Does what a call asks of its recording make sense? And until when is it kept?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from topcalls.core.call_request import RECORDING_CHANNELS, Recording
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

MAX_ANNOUNCEMENT = 1_000
MOST_RETENTION_DAYS = 3650
_FLAGS = ("enabled", "agent_may_pause")
_KNOWN = tuple(field.name for field in fields(Recording))


def recording_faults(section: object) -> Iterator[FieldError]:
    """What is wrong with `recording` of a call or agent."""
    if not isinstance(section, Mapping):
        yield FieldError("recording", "Must be an object.", "invalid_type")
        return
    for key, value in section.items():
        path = f"recording.{key}"
        if key not in _KNOWN:
            message = f"Is not a field of recording.{did_you_mean(key, _KNOWN)}"
            yield FieldError(path, message, "unknown")
        elif key in _FLAGS and not isinstance(value, bool):
            yield FieldError(path, "Must be true or false.", "invalid_type")
        elif key == "channels" and value not in (None, *RECORDING_CHANNELS):
            message = f"Must be one of {', '.join(RECORDING_CHANNELS)}."
            yield FieldError(path, message, "choice")
        elif key == "announcement" and value is not None:
            yield from _announcement_faults(value)
        elif key == "retention_days" and value is not None:
            yield from retention_faults(value, path)


def retention_faults(value: Any, path: str) -> Iterator[FieldError]:
    """What is wrong with a number of days."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not 0 <= value <= MOST_RETENTION_DAYS:
        message = f"Must be a whole number from 0 (for ever) to {MOST_RETENTION_DAYS}."
        yield FieldError(path, message, "range")


def _announcement_faults(value: Any) -> Iterator[FieldError]:
    if not isinstance(value, str):
        yield FieldError("recording.announcement", "Must be text.", "invalid_type")
    elif not value.strip() or len(value) > MAX_ANNOUNCEMENT:
        message = f"Must be 1 to {MAX_ANNOUNCEMENT} characters, not counting space around it."
        yield FieldError("recording.announcement", message, "length")


def kept_until(stored_at: datetime, *days: int | None) -> datetime | None:
    """When a recording is deleted, by the first of these wishes that is one; 0, or no wish: never.

    They are of the call, its account and the installation, in this order.
    """
    wish = next((one for one in days if one is not None), 0)
    return stored_at + timedelta(days=wish) if wish else None

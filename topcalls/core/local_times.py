"""Times as people say them: read where they are meant, and put into words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,3}")
EXAMPLE = "2026-11-24T15:30"


def moment(text: str, zone: ZoneInfo) -> datetime:
    """The moment that a model means by an ISO 8601 time; in `zone` where it has no offset of its
    own. Of an hour that comes twice it is the first.

    Raises:
        ValueError: it is no time, or the clocks of `zone` skip it; in words for the model.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"That is no time. Write it as in {EXAMPLE}.") from None
    if found.tzinfo is not None:
        return found
    placed = found.replace(tzinfo=zone)
    if placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found:
        raise ValueError("That hour is skipped on this day: the clocks are put forward over it.")
    return placed


def is_zone(name: str) -> bool:
    """Whether a time zone has this IANA name ("America/New_York")."""
    if not _ZONE.fullmatch(name):  # the name becomes that of a file
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def in_words(local: datetime) -> str:
    """As in `Tuesday, 24 November 2026, 15:30 (America/New_York)`."""
    zone = f" ({local.tzinfo})" if local.tzinfo is not None else ""
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M}{zone}"

"""New identifiers and secrets."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

_SERIAL_BITS = 80
_SERIAL = (1 << 74) - 1


def new_id() -> str:
    """A random UUID (version 4) in its canonical lower-case form."""
    return str(uuid.uuid4())


def ordered_ids(moment: datetime, count: int) -> list[str]:
    """Random UUIDs (version 7, RFC 9562) that sort by the `moment` they were made at, to the
    millisecond, and among themselves by their place."""
    milliseconds = int(moment.timestamp() * 1000)
    first = secrets.randbits(73)  # the upper half is left to count in
    return [_version_7(milliseconds, (first + place) & _SERIAL) for place in range(count)]


def _version_7(milliseconds: int, serial: int) -> str:
    high, low = serial >> 62, serial & ((1 << 62) - 1)
    bits = milliseconds << _SERIAL_BITS | 7 << 76 | high << 64 | 2 << 62 | low
    return str(uuid.UUID(int=bits))


def new_secret(size: int = 24) -> str:
    """A URL-safe random text with `size` bytes of entropy."""
    return secrets.token_urlsafe(size)

"""When a recording that could not be stored is tried again."""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(seconds=5)
LONGEST = timedelta(minutes=10)


def pause_after(failures: int) -> timedelta:
    """Twice as long each time, up to ten minutes; for ever, since the file is there."""
    doubled: timedelta = FIRST * 2 ** (min(failures, 20) - 1)
    return min(doubled, LONGEST)

"""Waiting for what no event tells: by looking again and again, with a pause.

Without the pause no other thread has a chance: not the one on which SQLite runs, nor a server's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import gevent

T = TypeVar("T")
LOOK_SECONDS = 0.01
LIMIT = 30
"""Seconds; far more than anything takes on a machine that does other things too."""


def until(condition: Callable[[], T], what: str = "it", seconds: float = LIMIT) -> T:
    """Wait until this is true, for at most `seconds`; what it is then."""
    with gevent.Timeout(seconds, AssertionError(f"{what} did not happen")):
        while not (found := condition()):
            gevent.sleep(LOOK_SECONDS)
    return found

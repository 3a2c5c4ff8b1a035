"""Waiting for what no event tells: by looking again and again, with a pause.

Without the pause no other thread has a chance: not the one on which SQLite runs, nor a server's.
Whoever has waited for long looks less often: looks cost more than what is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import gevent

T = TypeVar("T")
LIMIT = 30
"""Seconds; far more than anything takes on a machine that does other things too."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
PAUSE_PER_SECOND = 0.05


def until(
    condition: Callable[[], T], what: str | Callable[[], object] = "it", seconds: float = LIMIT
) -> T:
    """Wait until this is true, for at most `seconds`; what it is then.

    `what` is waited for in words, or tells what it looks like.
    """
    began = time.monotonic()
    with gevent.Timeout(seconds, False):
        while not (found := condition()):
            waited = time.monotonic() - began
            gevent.sleep(min(LONGEST_PAUSE, max(SHORTEST_PAUSE, waited * PAUSE_PER_SECOND)))
        return found
    raise AssertionError(f"{what} did not happen" if isinstance(what, str) else what())

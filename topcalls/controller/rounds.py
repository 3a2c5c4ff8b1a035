"""What a controller does again and again: one bad round ends neither the loop nor another one."""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent
from gevent.event import Event

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.errors import TopCallsError
from topcalls.log import get_logger

LOOP_LAG_SECONDS = 0.5

log = get_logger("controller")


def attempt(work: Callable[[], object]) -> bool:
    """Do something that is done again later if it fails; whether it worked."""
    try:
        work()
    except TopCallsError as error:
        log.warning("Will be tried again", why=str(error))
    except (Exception, gevent.Timeout):  # one bad round must not end the loop
        log.exception("A round failed")
    else:
        return True
    return False


def every(seconds: float, work: Callable[[], object], until: Event) -> None:
    """Do something every so many seconds."""
    while not until.wait(seconds):
        attempt(work)


class LoopWatch:
    """Measures how late the event loop runs its timers, and what this process takes of a core.
    `lag_seconds` and `busy` (1.0: a whole core) are the latest measures."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lag_seconds = 0.0
        self.busy = 0.0

    def run(self, until: Event, waiting: Callable[[], int]) -> None:
        """Measure until then, and how many events are `waiting` for the loop."""
        lag = metrics.loop_lag.labels("controller")
        while True:
            before, worked = self._clock.monotonic(), time.process_time()
            if until.wait(LOOP_LAG_SECONDS):
                return
            metrics.esl_queue.set(waiting())
            elapsed = self._clock.monotonic() - before
            self.busy = (time.process_time() - worked) / max(elapsed, LOOP_LAG_SECONDS)
            self.lag_seconds = max(0.0, elapsed - LOOP_LAG_SECONDS)
            lag.observe(self.lag_seconds)

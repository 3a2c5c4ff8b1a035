"""What a controller does again and again: one bad round ends neither the loop nor another one."""

from __future__ import annotations

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


def watch_loop(clock: Clock, until: Event, waiting: Callable[[], int]) -> None:
    """Measure how late the event loop runs its timers, and how many events are `waiting` for it."""
    lag = metrics.loop_lag.labels("controller")
    while True:
        before = clock.monotonic()
        if until.wait(LOOP_LAG_SECONDS):
            return
        metrics.esl_queue.set(waiting())
        lag.observe(max(0.0, clock.monotonic() - before - LOOP_LAG_SECONDS))

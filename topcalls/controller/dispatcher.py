"""Claims queued calls, as many as there are slots and tokens, and opens a session for each.

Calls that are up come first: while the event loop is late, or calls that were claimed wait for
their dial to be noted, the others wait in the queue, though not for ever.

It never waits for the switch: dialling happens in the session's own greenlet.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls.clock import Clock
from topcalls.controller.rounds import LoopWatch
from topcalls.core.token_bucket import TokenBucket
from topcalls.errors import TopCallsError
from topcalls.log import get_logger
from topcalls.services.dispatch import ClaimedCall, Dispatch

MOST_LAG_SECONDS = 0.2
"""How late the event loop may be while calls are taken beside others: people hear it by
then."""

BUSY = 0.5
"""What this process then takes of a core at least: where it takes less, others keep the machine
busy, and that calls wait would not help those that are up."""

LATE_CALL_SECONDS = 2.0
"""How often a call is taken all the same: what else keeps the machine busy may not pass."""

log = get_logger("controller.dispatcher")


class Dispatcher:
    """One look at the queue is `tick`; the controller's loop calls it several times a second."""

    def __init__(
        self,
        dispatch: Dispatch,
        owner: str,
        node: str,
        max_calls: int,
        calls_per_second: float,
        clock: Clock,
        live_calls: Callable[[], int],
        undialled: Callable[[], int],
        loop: LoopWatch,
        may_dial: Callable[[], bool],
        open_session: Callable[[ClaimedCall], object],
    ) -> None:
        self._dispatch = dispatch
        self._owner = owner
        self._node = node
        self._max_calls = max_calls
        burst = max(1.0, calls_per_second / 2)
        self._bucket = TokenBucket(calls_per_second, burst)
        self._most_undialled = int(burst)
        self._undialled = undialled
        self._loop = loop
        self._clock = clock
        self._live_calls = live_calls
        self._may_dial = may_dial
        self._open_session = open_session
        self._is_blind = False
        self._is_late = False
        self._took_at = 0.0

    def tick(self) -> int:
        """Claim what may be dialled now; returns how many calls were opened."""
        if not self._may_dial():
            return 0
        now = self._clock.monotonic()
        wanted = min(
            self._most_beside(now),
            self._max_calls - self._live_calls(),
            self._bucket.available(now),
            self._most_undialled - self._undialled(),
        )
        if wanted < 1:
            return 0
        try:
            claimed = self._dispatch.claim(self._owner, self._node, wanted, self._clock.now())
        except TopCallsError as error:
            if not self._is_blind:
                log.warning("Queue cannot be read, trying again", why=str(error))
            self._is_blind = True
            return 0
        self._is_blind = False
        self._bucket.take(len(claimed), now)
        if claimed:
            self._took_at = now
        for call in claimed:
            self._open_session(call)
        return len(claimed)

    def _most_beside(self, now: float) -> int:
        """How many calls may be taken beside those that are up."""
        lag, busy = self._loop.lag_seconds, self._loop.busy
        is_late = lag > MOST_LAG_SECONDS and busy > BUSY and self._live_calls() > 0
        if is_late and not self._is_late:
            log.warning(
                "Queued calls wait: this controller has more to do than its core can",
                lag_ms=round(lag * 1000),
                live_calls=self._live_calls(),
                remedy="Lower TOPCALLS_MAX_CALLS, or start another controller.",
            )
        self._is_late = is_late
        if not is_late:
            return self._max_calls
        return int(now - self._took_at >= LATE_CALL_SECONDS)

"""Claims queued calls, as many as there are slots and tokens, and opens a session for each.

Calls that are up come first: while the core has no more to give (`headroom.py`), or calls that were
claimed wait for their dial to be noted, the others wait in the queue, though not for ever.

It never waits for the switch: dialling happens in the session's own greenlet.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls.clock import Clock
from topcalls.controller.headroom import Headroom
from topcalls.core.token_bucket import TokenBucket
from topcalls.errors import TopCallsError
from topcalls.log import get_logger
from topcalls.services.dispatch import ClaimedCall, Dispatch

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
        headroom: Headroom,
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
        self._headroom = headroom
        self._clock = clock
        self._live_calls = live_calls
        self._may_dial = may_dial
        self._open_session = open_session
        self._is_blind = False

    def tick(self) -> int:
        """Claim what may be dialled now; returns how many calls were opened."""
        if not self._may_dial():
            return 0
        now, live = self._clock.monotonic(), self._live_calls()
        wanted = min(
            self._headroom.calls(now, live),
            self._max_calls - live,
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
        self._headroom.took((call.call_id for call in claimed), now)
        for call in claimed:
            self._open_session(call)
        return len(claimed)

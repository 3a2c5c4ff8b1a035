"""The bounded queue between the event reader and the controller, and the greenlet that empties it.

The reader only enqueues. One greenlet hands over, in order, events and finished jobs; what it
calls must return at once, so a full queue means that the process does not keep up. Then events
are dropped, counted and reported, never silently: whoever relies on them has to look at the
switch's real state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import gevent
from gevent import Greenlet
from gevent.event import Event

from topcalls.clock import Clock
from topcalls.esl.fairness import give_way
from topcalls.esl.parser import ESLEvent
from topcalls.log import get_logger

QUEUE_LIMIT = 10_000
SLOW_HANDLER_SECONDS = 0.05
_TURN = 64
_log = get_logger("esl")


class EventDispatcher:
    """Calls `on_event` for each event offered, and `on_overflow(lost)` once after each overflow.

    `observe_lag` gets the age of each event in seconds, by the switch's own clock.
    Public counters: `handled`, `dropped`, `handler_errors`, `slow_handlers`; `lag_seconds` is the
    age of the last event on delivery, `worst_lag_seconds` the largest.
    """

    def __init__(
        self,
        on_event: Callable[[ESLEvent], None],
        clock: Clock,
        *,
        limit: int = QUEUE_LIMIT,
        on_overflow: Callable[[int], None] | None = None,
        observe_lag: Callable[[float], None] | None = None,
    ) -> None:
        self._on_event = on_event
        self._on_overflow = on_overflow
        self._observe_lag = observe_lag
        self._clock = clock
        self._limit = limit
        self._queue: deque[ESLEvent | Callable[[], None]] = deque()
        self._filled = Event()
        self._greenlet: Greenlet[[], None] | None = None
        self._lost_in_a_row = 0
        self.handled = 0
        self.dropped = 0
        self.handler_errors = 0
        self.slow_handlers = 0
        self.lag_seconds = 0.0
        self.worst_lag_seconds = 0.0

    @property
    def depth(self) -> int:
        """Events and jobs that wait."""
        return len(self._queue)

    def offer(self, event: ESLEvent) -> None:
        """Enqueue an event, or drop it when the queue is full."""
        if len(self._queue) >= self._limit:
            if not self._lost_in_a_row:
                _log.error("The event queue is full; events are lost.", limit=self._limit)
            self._lost_in_a_row += 1
            self.dropped += 1
            return
        self._queue.append(event)
        self._filled.set()

    def post(self, action: Callable[[], None]) -> None:
        """Enqueue a call behind the events that are waiting. Never dropped."""
        self._queue.append(action)
        self._filled.set()

    def start(self) -> None:
        """Begin to hand over."""
        self._greenlet = gevent.spawn(self._run)

    def stop(self, timeout: float = 1.0) -> None:
        """Hand over what waits, within `timeout` seconds, and end."""
        greenlet, self._greenlet = self._greenlet, None
        self._filled.set()
        if greenlet is not None and greenlet is not gevent.getcurrent():
            greenlet.join(timeout)
            greenlet.kill(block=False)

    def _run(self) -> None:
        while self._greenlet is not None or self._queue:
            if not self._queue:
                self._filled.clear()
                self._filled.wait()
            for _ in range(min(_TURN, len(self._queue))):
                self._hand_over(self._queue.popleft())
            if self._lost_in_a_row and not self._queue:
                self._report_overflow()
            give_way()

    def _hand_over(self, item: ESLEvent | Callable[[], None]) -> None:
        begun = self._clock.monotonic()
        try:
            if isinstance(item, ESLEvent):
                self._measure_lag(item)
                self.handled += 1
                self._on_event(item)
            else:
                item()
        except (Exception, gevent.Timeout):  # noqa: BLE001 - the next one must get its turn
            self.handler_errors += 1
            _log.exception("A handler of switch events failed.")
        if self._clock.monotonic() - begun > SLOW_HANDLER_SECONDS:
            self.slow_handlers += 1

    def _measure_lag(self, event: ESLEvent) -> None:
        made_at = event.timestamp_us
        if not made_at:
            return
        # Clocks of two machines differ: an event from the future is just in time.
        self.lag_seconds = max(0.0, self._clock.now().timestamp() - made_at / 1e6)
        self.worst_lag_seconds = max(self.worst_lag_seconds, self.lag_seconds)
        if self._observe_lag is not None:
            self._observe_lag(self.lag_seconds)

    def _report_overflow(self) -> None:
        lost, self._lost_in_a_row = self._lost_in_a_row, 0
        _log.error("Events were lost because the process did not keep up.", lost=lost)
        if self._on_overflow is not None:
            self._on_overflow(lost)

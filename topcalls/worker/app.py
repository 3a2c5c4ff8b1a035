"""The worker process: a Huey consumer, the loops of what is due and of campaigns, and the lanes of
the webhooks."""

from __future__ import annotations

import gevent
from gevent.event import Event
from huey.api import Huey

from topcalls.log import get_logger
from topcalls.services.webhooks import LANE_WIDTH
from topcalls.worker.campaign_loop import CampaignLoop
from topcalls.worker.consumer import QueueConsumer
from topcalls.worker.lanes import Lanes, Work
from topcalls.worker.outage import Outage
from topcalls.worker.queue import prepare, unusable
from topcalls.worker.schedule import INTERVAL_SECONDS, DueLoop, register_tick
from topcalls.worker.services import WorkerServices
from topcalls.worker.tasks import register

QUEUE_WORKERS = 8
"""Tasks at once. Deliveries do not count: their tasks only put them into lanes."""

DELIVERIES = 200
"""Deliveries under way at once, to all receivers together."""

DOUBTFUL_DELIVERIES = 100
"""Of these to receivers that have not just accepted one, and soon."""

STOP_SECONDS = 20.0
START_SECONDS = 10.0
"""How long a queue may take to be there when a worker starts, and each try to reach it."""

HEALTH_SECONDS = 10.0

log = get_logger("worker")


class WorkerProcess:
    """Everything a worker does, from `start` to `stop`. The process must be patched by gevent.

    Several may run on one queue and one database, on one machine or on many. `stop_seconds` is how
    long tasks and deliveries that are under way may take to end; what has not begun is given back.
    """

    def __init__(
        self,
        queue: Huey,
        services: WorkerServices,
        *,
        queue_workers: int = QUEUE_WORKERS,
        stop_seconds: float = STOP_SECONDS,
        start_seconds: float = START_SECONDS,
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        self._queue = queue
        self._services = services
        self._stop_seconds = stop_seconds
        self._start_seconds = start_seconds
        self._queue_outage = Outage("queue", log, services.clock)
        database = Outage("database", log, services.clock)
        self._lanes = Lanes(LANE_WIDTH, DELIVERIES, self._delivery_ended, DOUBTFUL_DELIVERIES)
        tasks = register(queue, services, self._lanes, database)
        self._loop = DueLoop(services, tasks, self._lanes, database, self._queue_outage, interval)
        self._campaigns = CampaignLoop(services, database, interval)
        register_tick(queue, services, tasks, self._loop)
        self._consumer = QueueConsumer(queue, queue_workers, self._queue_outage, stop_seconds)
        self._stopping = Event()
        self.ended = Event()
        self._main: gevent.Greenlet | None = None

    def start(self) -> None:
        """Connect to the queue, and begin to work.

        Raises `ConfigError` when the queue cannot be used within `start_seconds`: what is wrong
        from the start is a setting. A queue that goes away later is waited for.
        """
        self._open_queue()
        self._consumer.start()
        self._main = gevent.spawn(self._run)
        self._main.link(lambda _: self.ended.set())

    def stop(self) -> None:
        """Take no more work, finish what was begun, give the rest back. Blocks until it is done."""
        self._stopping.set()
        self.join()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end that `stop` brings about; False when the time is over."""
        if self._main is None:
            return True
        self._main.join(timeout)
        return bool(self._main.dead)

    @property
    def has_failed(self) -> bool:
        """It came to an end that `stop` did not bring about, or could not stop."""
        return self._main is not None and self._main.dead and not self._main.successful()

    def _delivery_ended(self) -> None:
        self._loop.wake()

    def _run(self) -> None:
        self._ensure_loops()
        while not self._stopping.wait(HEALTH_SECONDS):
            self._ensure_loops()
            try:
                self._consumer.check_worker_health()
            except Exception as error:
                log.exception("Look at the queue's greenlets failed", why=repr(error))
        self._finish()

    def _ensure_loops(self) -> None:
        self._loop.ensure_running()
        self._campaigns.ensure_running()

    def _open_queue(self) -> None:
        clock = self._services.clock
        deadline = clock.monotonic() + self._start_seconds
        while True:
            try:
                with gevent.Timeout(self._start_seconds, TimeoutError("it does not answer")):
                    prepare(self._queue)
            except Exception as error:  # noqa: BLE001 - each kind of queue has errors of its own
                pause = self._queue_outage.failed(error)
                if clock.monotonic() + pause >= deadline:
                    raise unusable(self._queue, error) from None
                gevent.sleep(pause)
            else:
                self._queue_outage.over()
                return

    def _finish(self) -> None:
        self._campaigns.stop()
        self._loop.stop()
        deliveries = gevent.spawn(self._lanes.stop, self._stop_seconds)
        self._consumer.stop(graceful=True)
        for work in deliveries.get():
            self._give_back(work)
        self._queue.storage.close()

    def _give_back(self, work: Work) -> None:
        try:
            work.give_back()
        except Exception as error:  # noqa: BLE001 - its lease runs out by itself
            log.warning("Work not given back", work=type(work).__name__, why=repr(error))

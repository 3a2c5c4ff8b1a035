"""The worker process: a Huey consumer, the due loop and the lanes of the webhooks."""

from __future__ import annotations

from collections.abc import Callable

import gevent
from gevent.event import Event
from huey.api import Huey

from topcalls.log import get_logger
from topcalls.services.webhooks import LANE_WIDTH
from topcalls.worker.consumer import QueueConsumer
from topcalls.worker.lanes import Lanes
from topcalls.worker.outage import Outage
from topcalls.worker.queue import prepare
from topcalls.worker.schedule import INTERVAL_SECONDS, DueLoop, register_tick
from topcalls.worker.services import WorkerServices
from topcalls.worker.tasks import WebhookWork, register

QUEUE_WORKERS = 8
"""Tasks at once. Deliveries do not count: their tasks only put them into lanes."""

DELIVERIES = 200
"""Deliveries under way at once, to all receivers together."""

STOP_SECONDS = 20.0
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
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        self._queue = queue
        self._services = services
        self._stop_seconds = stop_seconds
        self._queue_outage = Outage("queue", log, services.clock)
        database = Outage("database", log, services.clock)
        self._lanes = Lanes(LANE_WIDTH, DELIVERIES, self._delivery_ended)
        tasks = register(queue, services, self._lanes, database)
        self._loop = DueLoop(services, tasks, self._lanes, database, self._queue_outage, interval)
        register_tick(queue, services, tasks, self._loop)
        self._consumer = QueueConsumer(queue, queue_workers, self._queue_outage, stop_seconds)
        self._stopping = Event()
        self._main: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to work, as soon as the queue can be reached. Returns at once."""
        self._main = gevent.spawn(self._run)

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

    def _delivery_ended(self) -> None:
        self._loop.wake()

    def _run(self) -> None:
        if not self._until_done(lambda: prepare(self._queue)):
            return
        self._consumer.start()
        self._loop.ensure_running()
        while not self._stopping.wait(HEALTH_SECONDS):
            self._consumer.check_worker_health()
        self._finish()

    def _until_done(self, action: Callable[[], None]) -> bool:
        """Try until it works; False when asked to stop before."""
        while not self._stopping.is_set():
            try:
                action()
            except Exception as error:  # noqa: BLE001 - each kind of queue has errors of its own
                self._stopping.wait(self._queue_outage.failed(error))
            else:
                self._queue_outage.over()
                return True
        return False

    def _finish(self) -> None:
        self._loop.stop()
        deliveries = gevent.spawn(self._lanes.stop, self._stop_seconds)
        self._consumer.stop(graceful=True)
        for work in deliveries.get():
            if isinstance(work, WebhookWork):
                self._give_back(work)
        self._queue.storage.close()

    def _give_back(self, work: WebhookWork) -> None:
        try:
            work.sender.give_back(work.delivery.id)
        except Exception as error:  # noqa: BLE001 - its lease runs out by itself
            log.warning("Delivery not given back", why=repr(error))

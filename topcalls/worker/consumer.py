"""Huey's consumer, on greenlets, made to bear a queue that goes away.

Differences to the stock consumer: the process keeps its own signal handlers, a dead queue costs one
log line and growing pauses instead of a traceback per look, a task that cannot be read is dropped
with a line, and a long backlog lets the other greenlets of the process run.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import gevent
from huey.api import Huey, Task
from huey.consumer import Consumer, Scheduler, Worker
from huey.exceptions import HueyException

from topcalls.log import get_logger
from topcalls.worker.outage import Outage
from topcalls.worker.queue import close_listener

log = get_logger("worker")

SHORTEST_LOOK = 0.05
LONGEST_LOOK = 0.25
"""Seconds between two looks of an idle worker at a queue file; the other kinds wake it up."""


class QueueWorker(Worker):
    """Takes tasks from the queue and runs them."""

    outage: Outage

    def loop(self, now: datetime | None = None) -> None:
        try:
            task = self.huey.dequeue()
        except HueyException as error:
            log.error("A task of the queue is not understood, dropped", why=str(error))
            return
        except Exception as error:  # noqa: BLE001 - each kind of queue has errors of its own
            self.stop_flag.wait(self.outage.failed(error))
            return
        self.outage.over()
        if task is not None:
            self._run(task, now)
        elif not self.huey.storage.blocking:
            self.sleep()

    def shutdown(self) -> None:
        super().shutdown()
        close_listener(self.huey)

    def _run(self, task: Task, now: datetime | None) -> None:
        self.delay = self.default_delay
        try:
            self.huey.execute(task, now)
        except gevent.Timeout:  # for Huey, which knows no greenlets, it is no error of the task
            log.exception("A task ended by a time limit", task=task.name)
        except Exception as error:  # noqa: BLE001 - what Huey itself could not store, not the task
            self.outage.failed(error)
        gevent.sleep(0)


class QueueScheduler(Scheduler):
    """Puts the periodic tasks into the queue every minute. Tasks for later are not used."""

    outage: Outage

    def loop(self, now: datetime | None = None) -> None:
        try:
            for task in self.huey.read_periodic(now):
                self.huey.enqueue(task)
        except Exception as error:  # noqa: BLE001 - each kind of queue has errors of its own
            self.stop_flag.wait(self.outage.failed(error))
            return
        self.stop_flag.wait(self.periodic_task_seconds)


class QueueConsumer(Consumer):
    """The greenlets of one process that serve the queue."""

    worker_class = QueueWorker
    scheduler_class = QueueScheduler

    def __init__(self, queue: Huey, workers: int, outage: Outage, stop_seconds: float) -> None:
        self._outage = outage
        super().__init__(
            queue,
            workers=workers,
            worker_type="greenlet",
            initial_delay=SHORTEST_LOOK,
            max_delay=LONGEST_LOOK,
            shutdown_timeout=stop_seconds,
        )

    def _create_worker(self) -> Any:
        worker = super()._create_worker()
        worker.outage = self._outage
        return worker

    def _create_scheduler(self) -> Any:
        scheduler = super()._create_scheduler()
        scheduler.outage = self._outage
        return scheduler

    def _set_signal_handlers(self) -> None:
        """The process decides what a signal means; it calls `stop`."""

"""What runs by itself, and how often.

`PERIODIC` is looked at once a minute, by a tick that Huey puts into the queue; a named lease makes
each job run once per period, however many workers there are. What must happen within a second is
the `DueLoop`: it looks for rows that are due and puts their tasks into the queue. Every worker has
one, and the one that holds the loop's lease does the looking.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import gevent
from gevent.event import Event
from huey.api import Huey, TaskWrapper, crontab

from topcalls.errors import StoreUnavailable
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.services.webhooks import DueDelivery
from topcalls.worker.lanes import Lanes
from topcalls.worker.outage import Outage
from topcalls.worker.services import WorkerServices
from topcalls.worker.tasks import Tasks

log = get_logger("schedule")

LOOP = "due-loop"
LEASE_SECONDS = 10.0
INTERVAL_SECONDS = 1.0
SHORTEST_INTERVAL_SECONDS = 0.05
"""Between two looks for webhooks when one follows the other's completion."""

MOST_DOUBTFUL = 20
"""Webhooks to receivers that are new, slow or failing that one look takes: the look for those to
receivers that accept comes before the next twenty."""

MOST_WRAP_UPS = 200
TICK_EXPIRES_SECONDS = 60


@dataclass(frozen=True)
class Periodic:
    """A job: `task` names an attribute of `Tasks`."""

    task: str
    every: timedelta


PERIODIC = (
    Periodic("release_stale_reservations", timedelta(minutes=1)),
    Periodic("watch_alerts", timedelta(minutes=1)),
    Periodic("housekeeping", timedelta(minutes=10)),
    Periodic("log_endings", timedelta(days=1)),
    Periodic("refresh_voices", timedelta(minutes=15)),
    Periodic("tidy_knowledge", timedelta(minutes=1)),
    Periodic("keep_retention", timedelta(days=1)),
)


def register_tick(queue: Huey, services: WorkerServices, tasks: Tasks, loop: DueLoop) -> None:
    """Have the periodic jobs and the due loop looked after every minute."""

    def tick() -> None:
        loop.ensure_running()
        try:
            start_periodic(services, tasks, services.clock.now())
        except StoreUnavailable as error:
            loop.database.failed(error)

    queue.periodic_task(crontab(), expires=TICK_EXPIRES_SECONDS)(tick)


def start_periodic(services: WorkerServices, tasks: Tasks, now: datetime) -> list[str]:
    """Put the jobs whose period is over into the queue; their names."""
    started = []
    for job in PERIODIC:
        # Half a minute less than the period: the tick that ends it may come a little early. A new
        # owner each time: nobody prolongs a lease, it runs out.
        seconds = job.every.total_seconds() - 30
        if services.housekeeping.hold(f"periodic:{job.task}", new_id(), now, seconds):
            getattr(tasks, job.task)()
            started.append(job.task)
    return started


class DueLoop:
    """Looks every second for what is due. Start it in every worker; see the module's text.

    `database` and `queue` are the outages of what it depends on: nothing is taken while the queue
    cannot carry it.
    """

    def __init__(
        self,
        services: WorkerServices,
        tasks: Tasks,
        lanes: Lanes,
        database: Outage,
        queue: Outage,
        interval: float = INTERVAL_SECONDS,
    ) -> None:
        self.database = database
        self._queue = queue
        self._services = services
        self._tasks = tasks
        self._lanes = lanes
        self._interval = interval
        self._owner = new_id()
        self._wake = Event()
        self._stopping = Event()
        self._greenlet: gevent.Greenlet | None = None

    def ensure_running(self) -> None:
        """Start the loop, or start it again should it have died."""
        if self._stopping.is_set() or (self._greenlet is not None and not self._greenlet.dead):
            return
        if self._greenlet is not None:
            log.error("Due loop had died, starting it again")
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """End the loop and let another worker have its lease at once."""
        self._stopping.set()
        self._wake.set()
        if self._greenlet is not None:
            self._greenlet.join()
        try:
            self._services.housekeeping.release(LOOP, self._owner)
        except StoreUnavailable:
            log.warning("Lease of the due loop not released, it runs out by itself")

    def wake(self) -> None:
        """A delivery ended: its receiver may have the next one."""
        self._wake.set()

    def round(self, now: datetime) -> bool:
        """One look at everything; False when another worker has the lease."""
        if not self._services.housekeeping.hold(LOOP, self._owner, now, LEASE_SECONDS):
            return False
        sweeps: tuple[Callable[[datetime], object], ...] = (
            self._services.dispatch.release_due,
            self._services.dispatch.expire,
            self._services.dispatch.recover_abandoned,
            self.hand_out_webhooks,
            self._hand_out_wrap_ups,
            self._hand_out_analyses,
            self._hand_out_number_orders,
            self._hand_out_voices,
            self._services.statistics.count,
            self._hand_out_sources,
            self._hand_out_lead_jobs,
            self._hand_out_registers,
            self._services.ledger.seal,
        )
        for sweep in sweeps:
            try:
                sweep(now)
            except StoreUnavailable:
                raise
            except (Exception, gevent.Timeout) as error:
                log.exception("Look for what is due failed", sweep=sweep.__name__, why=repr(error))
        return True

    def hand_out_webhooks(self, now: datetime) -> None:
        """Give deliveries that are due to the queue, as many as can be under way."""
        if self._lanes.room < 1 or self._queue.is_on:
            return
        found = self._services.webhooks.due(now, self._lanes.room, 0)
        self._hand_out(found)
        room = min(self._lanes.room_for_doubtful, self._lanes.room - len(found))
        if room > 0:
            more = self._services.webhooks.due(now, min(room, MOST_DOUBTFUL))
            self._hand_out(more)
            if len(more) == MOST_DOUBTFUL:
                self.wake()

    def _hand_out(self, deliveries: Sequence[DueDelivery]) -> None:
        for delivery in deliveries:
            lane = (delivery.endpoint, not delivery.is_proven)
            if not self._put(self._tasks.deliver_webhook, delivery.id, *lane):
                self._services.sender.give_back(delivery.id)

    def _hand_out_wrap_ups(self, now: datetime) -> None:
        if self._queue.is_on:
            return
        for call_id in self._services.wrap_ups.due(now, MOST_WRAP_UPS):
            self._put(self._tasks.wrap_up_call, call_id)

    def _hand_out_analyses(self, now: datetime) -> None:
        if self._queue.is_on:
            return
        for analysis_id in self._services.analyses.due(now):
            if not self._put(self._tasks.analyse_call, analysis_id):
                self._services.analyses.give_back(analysis_id, now)

    def _hand_out_number_orders(self, now: datetime) -> None:
        if self._queue.is_on:
            return
        for order_id in self._services.number_orders.due(now):
            self._put(self._tasks.order_number, order_id)

    def _hand_out_voices(self, now: datetime) -> None:
        if self._queue.is_on:
            return
        for voice_id in self._services.voice_clones.due(now):
            self._put(self._tasks.settle_voice, voice_id)

    def _hand_out_sources(self, now: datetime) -> None:
        if self._queue.is_on:
            return
        for source_id in self._services.ingestion.due(now):
            self._put(self._tasks.read_source, source_id)

    def _hand_out_lead_jobs(self, now: datetime) -> None:
        if self._queue.is_on:
            return
        for job_id in self._services.lead_jobs.due(now):
            self._put(self._tasks.work_at_leads, job_id)

    def _hand_out_registers(self, now: datetime) -> None:
        if self._queue.is_on:
            return
        for provider in self._services.register_rounds.due(now):
            self._put(self._tasks.ask_register, provider)

    def _put(self, task: TaskWrapper, row_id: str, *known: str | bool) -> bool:
        """Put a task into the queue. False: the queue is away; the row's lease will run out.
        `known`: what else the task would have to look up."""
        try:
            task(row_id, *known)
        except Exception as error:  # noqa: BLE001 - each kind of queue has errors of its own
            self._queue.failed(error)
            return False
        return True

    def _run(self) -> None:
        clock = self._services.clock
        next_round = clock.monotonic()
        while not self._stopping.is_set():
            is_time = clock.monotonic() >= next_round
            if is_time:
                next_round = clock.monotonic() + self._interval
            self._stopping.wait(max(SHORTEST_INTERVAL_SECONDS, self._look(is_time)))
            self._wake.wait(max(0.0, next_round - clock.monotonic()))
            self._wake.clear()

    def _look(self, everywhere: bool) -> float:
        """Look, and give the seconds to pause: nought unless something is wrong."""
        now = self._services.clock.now()
        try:
            if everywhere:
                self.round(now)
            else:
                self.hand_out_webhooks(now)
        except StoreUnavailable as error:
            return self.database.failed(error)
        except (Exception, gevent.Timeout) as error:
            log.exception("A look for what is due failed", why=repr(error))
            return self._interval
        self.database.over()
        return 0.0

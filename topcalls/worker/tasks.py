"""The tasks of the queue. Each takes at most an id, calls one verb, and may run twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial, wraps
from typing import Any

import gevent
from huey.api import Huey, TaskWrapper

from topcalls.clock import Clock
from topcalls.core.webhook_retry import DeliveryState
from topcalls.errors import StoreUnavailable
from topcalls.services.analysis_runner import AnalysisRunner
from topcalls.services.webhook_delivery import WebhookSender
from topcalls.services.webhooks import LEASE_SECONDS
from topcalls.worker.lanes import Lanes
from topcalls.worker.outage import Outage
from topcalls.worker.services import WorkerServices

EXPIRES_SECONDS = LEASE_SECONDS
"""A task that waited for longer is dropped: its row is free again and was given a new task."""

MOST_HOUSEKEEPING_ROUNDS = 50


@dataclass(frozen=True)
class Tasks:
    """The registered tasks; call one to put it into the queue."""

    deliver_webhook: TaskWrapper
    wrap_up_call: TaskWrapper
    analyse_call: TaskWrapper
    order_number: TaskWrapper
    release_stale_reservations: TaskWrapper
    housekeeping: TaskWrapper
    log_endings: TaskWrapper
    refresh_voices: TaskWrapper
    settle_voice: TaskWrapper
    read_source: TaskWrapper
    tidy_knowledge: TaskWrapper
    keep_retention: TaskWrapper
    work_at_leads: TaskWrapper
    ask_register: TaskWrapper
    watch_alerts: TaskWrapper


@dataclass(frozen=True)
class WebhookWork:
    """One attempt at a delivery, in the lane of its receiver. What is to be sent is read when its
    turn has come: the same task, run beside this one, may have sent it meanwhile."""

    sender: WebhookSender
    delivery_id: str
    is_doubtful: bool
    database: Outage

    @property
    def key(self) -> str:
        return self.delivery_id

    def give_back(self) -> None:
        """Let another worker send it."""
        self.sender.give_back(self.delivery_id)

    def __call__(self) -> bool:
        try:
            state = self.sender.deliver(self.delivery_id)
            return state is None or state is DeliveryState.DELIVERED
        except StoreUnavailable as error:  # not noted: made again when the lease is over
            self.database.failed(error)
            return False


@dataclass(frozen=True)
class AnalysisWork:
    """One analysis, in a lane of its own: it waits for a model for long."""

    runner: AnalysisRunner
    analysis_id: str
    clock: Clock
    database: Outage

    @property
    def key(self) -> str:
        return f"analysis:{self.analysis_id}"

    @property
    def is_doubtful(self) -> bool:
        """It takes long: webhooks to receivers that accept them have places left."""
        return True

    def __call__(self) -> bool:
        try:
            self.runner.run(self.analysis_id, self.clock.now())
        except StoreUnavailable as error:  # done again when the lease is over
            self.database.failed(error)
        except gevent.GreenletExit:  # the worker stops
            self.give_back()
            raise
        return True

    def give_back(self) -> None:
        """Let another worker do it."""
        self.runner.give_back(self.analysis_id, self.clock.now())


def register(queue: Huey, services: WorkerServices, lanes: Lanes, database: Outage) -> Tasks:
    """Make the tasks known to `queue`. `database` is told when a task finds the database dead."""
    now = services.clock.now
    task = partial(_register, queue, database)

    @task
    def deliver_webhook(delivery_id: str, endpoint: str, is_doubtful: bool) -> None:
        work = WebhookWork(services.sender, delivery_id, is_doubtful, database)
        if not lanes.submit(endpoint, work):
            work.give_back()

    @task
    def wrap_up_call(call_id: str) -> None:
        services.wrap_ups.run(call_id, now())

    @task
    def analyse_call(analysis_id: str) -> None:
        work = AnalysisWork(services.analyses, analysis_id, services.clock, database)
        if not lanes.submit(work.key, work):
            work.give_back()

    @task
    def order_number(order_id: str) -> None:
        services.number_orders.run(order_id, now())

    @task
    def release_stale_reservations() -> None:
        services.quotas.release_stale(now())

    @task
    def housekeeping() -> None:
        for _ in range(MOST_HOUSEKEEPING_ROUNDS):
            if not any(astuple(services.housekeeping.run(now()))):
                return

    @task
    def log_endings() -> None:
        services.catalogue.log_endings()

    @task
    def refresh_voices() -> None:
        services.voices.refresh(now())

    @task
    def settle_voice(voice_id: str) -> None:
        services.voice_clones.run(voice_id, now())

    @task
    def read_source(source_id: str) -> None:
        services.ingestion.run(source_id)

    @task
    def tidy_knowledge() -> None:
        for _ in range(MOST_HOUSEKEEPING_ROUNDS):
            if not services.ingestion.tidy():
                return

    @task
    def keep_retention() -> None:
        for _ in range(MOST_HOUSEKEEPING_ROUNDS):
            if not services.retention.run(now()):
                return

    @task
    def work_at_leads(job_id: str) -> None:
        services.lead_jobs.run(job_id)

    @task
    def ask_register(provider: str) -> None:
        services.register_rounds.run(provider)

    @task
    def watch_alerts() -> None:
        services.alerts.run(now())

    return Tasks(
        deliver_webhook,
        wrap_up_call,
        analyse_call,
        order_number,
        release_stale_reservations,
        housekeeping,
        log_endings,
        refresh_voices,
        settle_voice,
        read_source,
        tidy_knowledge,
        keep_retention,
        work_at_leads,
        ask_register,
        watch_alerts,
    )


def _register(queue: Huey, database: Outage, function: Callable[..., None]) -> TaskWrapper:
    """A task of this name whose rows are taken up again later when the database is away."""

    @wraps(function)
    def run(*arguments: Any) -> None:
        try:
            function(*arguments)
        except StoreUnavailable as error:
            database.failed(error)
        else:
            database.over()

    return queue.task(expires=EXPIRES_SECONDS)(run)

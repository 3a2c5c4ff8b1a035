"""The worker's parts, wired for a test, with a receiver that answers what it is told."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import factories
import gevent

from topcalls.net.http import HttpResponse
from topcalls.providers.structured import StructuredAnswer
from topcalls.services.alert_facts import AlertWatch
from topcalls.services.alert_rounds import AlertRounds
from topcalls.services.alerts import AlertMessages
from topcalls.services.analysis_runner import AnalysisRunner
from topcalls.services.webhook_delivery import WebhookSender
from topcalls.worker.lanes import Lanes
from topcalls.worker.outage import Outage
from topcalls.worker.queue import open_queue, prepare
from topcalls.worker.schedule import DueLoop
from topcalls.worker.services import WorkerServices
from topcalls.worker.tasks import register

HOOK = "https://receiver.example.com/hook"
ACCEPTED = 200
OWNER = "workers"


class Poster:
    """Takes requests without a network; answers 200 unless `answers` holds something else.

    An answer is a status, an exception to raise, or a function to call for either.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: deque[Any] = deque()

    def post(self, url: str, body: bytes, headers: Any = None) -> HttpResponse:
        self.requests.append((url, dict(headers), body))
        answer = self.answers.popleft() if self.answers else ACCEPTED
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return HttpResponse(answer, {}, b"", 3)


class Reader:
    """A model that answers what it is told, in order; then that it has nothing to say.

    An answer is what `StructuredAnswer` holds, whole or as its content, or an exception to raise.
    """

    name = "gpt-reader"

    def __init__(self, *answers: Any) -> None:
        self.requests: list[Any] = []
        self.answers: deque[Any] = deque(answers)

    def ask(self, request: Any) -> StructuredAnswer:
        self.requests.append(request)
        answer = self.answers.popleft() if self.answers else StructuredAnswer(problem="no more")
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, StructuredAnswer) else StructuredAnswer(answer)


class Lines:
    """A logger that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def error(self, message: str, **fields: Any) -> None:
        self.lines.append(("error", message))

    def info(self, message: str, **fields: Any) -> None:
        self.lines.append(("info", message))


def worker_services(
    services: factories.Services, poster: Any, clock: Any = None, model: Any = None
) -> WorkerServices:
    """What a worker is handed, on the services of a test."""
    clock = clock or services.clock
    return WorkerServices(
        clock=clock,
        alerts=AlertRounds(
            services.alerts,
            AlertWatch(services.db, clock),
            AlertMessages(services.db, clock, {}),
        ),
        catalogue=services.catalogue,
        campaigns=services.campaign_engine,
        webhooks=services.webhooks,
        sender=WebhookSender(services.db, services.webhooks, poster, clock),
        wrap_ups=services.wrap_ups,
        statistics=services.statistics,
        ledger=services.ledger,
        retention=services.retention,
        analyses=AnalysisRunner(services.db, model or Reader(), owner=OWNER),
        dispatch=services.dispatch,
        number_orders=services.number_orders,
        quotas=services.quotas,
        register_rounds=services.register_rounds,
        housekeeping=services.housekeeping,
        ingestion=services.ingestion,
        lead_jobs=services.lead_jobs,
        voices=services.voices,
        voice_clones=services.voice_clones,
    )


@dataclass
class Rig:
    """A worker without its greenlets: `look` and `work` do what they would."""

    services: factories.Services
    directory: Any
    poster: Any = field(default_factory=Poster)
    model: Any = field(default_factory=Reader)
    log: Lines = field(default_factory=Lines)
    places: int = 100
    doubtful: int | None = None

    def __post_init__(self) -> None:
        clock = self.services.clock
        self.worker = worker_services(self.services, self.poster, model=self.model)
        self.queue = open_queue(self.directory)
        prepare(self.queue)
        self.lanes = Lanes(4, self.places, lambda: None, self.doubtful)
        self.database = Outage("database", self.log, clock)
        self.queue_outage = Outage("queue", self.log, clock)
        self.tasks = register(self.queue, self.worker, self.lanes, self.database)
        self.loop = DueLoop(self.worker, self.tasks, self.lanes, self.database, self.queue_outage)

    def close(self) -> None:
        """Let go of the queue."""
        self.queue.storage.close()

    def look(self) -> bool:
        """One round of the due loop."""
        return self.loop.round(self.services.clock.now())

    def begin(self) -> None:
        """Run the tasks in the queue, and let what they started begin."""
        while (task := self.queue.dequeue()) is not None:
            self.queue.execute(task)
        gevent.sleep(0)

    def work(self, *, times: int = 1) -> list[str]:
        """Run the tasks in the queue, each `times` times, and what they started; their names."""
        names = []
        for _ in range(100):
            task = self.queue.dequeue()
            if task is None:
                break
            names.append(task.name)
            for _ in range(times):
                self.queue.execute(task)
        assert self.lanes.wait(5)
        return names


def failed_call(services: factories.Services, url: str = HOOK, **fields: Any) -> str:
    """A call that could not be placed, whose webhook is due at once; its account's id."""
    who = factories.principal(services)
    claimed = factories.claimed_call(
        services, who, webhook_url=url, webhook_events=("call.failed",), **fields
    )
    factories.Life(services, claimed).dial().fail("USER_BUSY")
    return who.account_id

"""Work at many leads, done by workers piece by piece: who holds it, how far it is, what came of it.

Each piece is a transaction that also counts itself, so it is done once whoever dies: the next one
who holds the job goes on behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from topcalls.clock import Clock
from topcalls.core.lead_jobs import TRIES, JobKind, JobStatus
from topcalls.errors import Conflict, NotFound
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.store import lead_jobs
from topcalls.store.database import Database
from topcalls.store.models import LeadJob

LEASE_SECONDS: Final = 60.0
SLICE_SECONDS: Final = 20.0
"""How long one task works at a job before others have their turn."""

MOST_OPEN: Final = 10
"""Of one account, at a time."""

_BATCH = 4
_LET_GO: Final[Mapping[str, Any]] = {"lease_owner": None, "lease_until": None}
log = get_logger("leads")


class Overtaken(Exception):
    """The job is over, or somebody else holds it."""


class Step(Protocol):
    """One kind of work."""

    def step(self, job: LeadJob, owner: str) -> bool:
        """Do the next piece, in a transaction that takes the job by `hold`; False: it was the last.

        Raises:
            Overtaken: the job is not `owner`'s.
        """
        ...


@dataclass(frozen=True, slots=True)
class JobView:
    """A job. `progress` is from 0 to 1; `error` says why it failed: `code`, `message`."""

    id: str
    kind: str
    status: str
    list_id: str | None
    total_leads: int
    chunks_total: int
    chunks_done: int
    progress: float
    deleted: int
    inserted: int
    updated: int
    duplicates: int
    refused: int
    error: Mapping[str, str] | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def job_id(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line of a file that was not taken, and why."""

    line: int
    errors: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class RefusalPage:
    """Refused lines in their order. `next_cursor` is the last one if there are more."""

    data: tuple[Refusal, ...]
    next_cursor: int | None


class LeadJobs:
    """Jobs of every account. `owner` as of `Webhooks`."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        steps: Mapping[JobKind, Step],
        owner: str | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._steps = steps
        self._owner = owner or new_id()

    def get(self, account_id: str, job_id: str) -> JobView:
        """Raises NotFound."""
        return self._db.read(lambda: view_of(_found(account_id, job_id)))

    def refusals(
        self, account_id: str, job_id: str, limit: int = 50, cursor: int | None = None
    ) -> RefusalPage:
        """The refused lines of a file after line `cursor`. Raises NotFound."""

        def verb() -> RefusalPage:
            _found(account_id, job_id)
            rows = lead_jobs.refusals(job_id, cursor or 0, limit + 1)
            views = tuple(Refusal(row.line, row.errors) for row in rows[:limit])
            return RefusalPage(views, views[-1].line if len(rows) > limit else None)

        return self._db.read(verb)

    def due(self, now: datetime) -> Sequence[str]:
        """Take jobs that are to be done; their ids, for `run`."""

        def verb() -> list[str]:
            for job_id in lead_jobs.exhausted(now):
                error = _error("given_up", "It was begun again and again, and got no further.")
                _end(job_id, now, JobStatus.FAILED, error=error)
            return lead_jobs.due(self._owner, now, LEASE_SECONDS, _BATCH)

        return self._db.run(verb)

    def run(self, job_id: str) -> None:
        """Work for a while at a job taken by `due`. May run twice."""
        until = self._clock.monotonic() + SLICE_SECONDS
        try:
            while self._clock.monotonic() < until:
                job = self._db.run(hold, job_id, self._owner)
                if not self._steps[JobKind(job.kind)].step(job, self._owner):
                    return
            now = self._clock.now()
            self._db.run(lambda: lead_jobs.change(job_id, available_at=now, **_LET_GO))
        except Overtaken:
            log.info("A job is over, or somebody else's", job_id=job_id)


def hold(job_id: str, owner: str) -> LeadJob:
    """Part of a verb: the job, which nobody else changes until its end.

    Raises:
        Overtaken: it is over, or not `owner`'s.
    """
    job = lead_jobs.held(job_id, owner)
    if job is None:
        raise Overtaken
    return job


def note(job: LeadJob, now: datetime, **changes: Any) -> None:
    """Part of a verb: one more piece of a held job is done."""
    lead_jobs.change(
        job.id,
        chunks_done=job.chunks_done + 1,
        tries_left=TRIES,
        lease_until=now + timedelta(seconds=LEASE_SECONDS),
        **changes,
    )


def finish(job: LeadJob, now: datetime, reason: tuple[str, str] | None = None) -> None:
    """Part of a verb: a held job is over; `reason`: code and words of its failure."""
    status = JobStatus.COMPLETED if reason is None else JobStatus.FAILED
    _end(job.id, now, status, error=None if reason is None else _error(*reason))
    log.info("A job is over", job_id=job.id, kind=job.kind, status=status)


def ensure_room(account_id: str) -> None:
    """Part of a verb: raises Conflict where the account has as many open jobs as it may have."""
    if lead_jobs.count_open(account_id) >= MOST_OPEN:
        raise Conflict(
            f"The account has {MOST_OPEN} files and deletions of leads under way.",
            remedy="Wait until one is over: GET /v1/leads/jobs/{id}.",
            reason="job_limit",
        )


def view_of(job: LeadJob) -> JobView:
    """A job as it is shown."""
    is_done = job.status == JobStatus.COMPLETED
    share = job.chunks_done / job.chunks_total if job.chunks_total else float(is_done)
    return JobView(
        id=job.id,
        kind=job.kind,
        status=job.status,
        list_id=(job.options or job.selection or {}).get("list_id"),
        total_leads=job.total,
        chunks_total=job.chunks_total,
        chunks_done=job.chunks_done,
        progress=1.0 if is_done else round(min(share, 1.0), 4),
        deleted=job.deleted,
        inserted=job.inserted,
        updated=job.updated,
        duplicates=job.duplicates,
        refused=job.refused,
        error=job.error,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )


def _end(job_id: str, now: datetime, status: JobStatus, **changes: Any) -> None:
    lead_jobs.delete_parts(job_id)
    lead_jobs.change(job_id, status=status, finished_at=now, **changes, **_LET_GO)


def _error(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


def _found(account_id: str, job_id: str) -> LeadJob:
    job = lead_jobs.get(account_id, job_id)
    if job is None:
        raise NotFound("No such job.")
    return job

"""Queries on work at many leads, and on the rows of files that wait to be imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from topcalls.core.lead_jobs import PART, TRIES, JobStatus
from topcalls.store import leases, rows
from topcalls.store.locking import locked
from topcalls.store.models import LeadJob, LeadUploadPart, LeadUploadRefusal
from topcalls.store.models.base import tuples
from topcalls.store.models.lead_jobs import IS_OPEN

_IS_RECEIVED = LeadJob.status != JobStatus.RECEIVING


def insert(**columns: Any) -> None:
    """Store a job, due at once."""
    due = {"available_at": columns["created_at"], "tries_left": TRIES}
    rows.insert(LeadJob, **(due | columns))


def get(account_id: str, job_id: str) -> LeadJob | None:
    """One job of an account."""
    return LeadJob.get_or_none(LeadJob.id == job_id, LeadJob.account == account_id)


def found(job_id: str) -> LeadJob:
    """A job that there is."""
    return LeadJob.get_by_id(job_id)


def count_open(account_id: str) -> int:
    """How many jobs of an account are not over."""
    count: int = LeadJob.select().where(LeadJob.account == account_id, IS_OPEN).count()
    return count


def open_of(account_id: str) -> list[LeadJob]:
    """The jobs of an account that are not over."""
    query = LeadJob.select().where(LeadJob.account == account_id, IS_OPEN)
    return list(query.order_by(LeadJob.created_at))


def due(owner: str, now: datetime, seconds: float, limit: int) -> list[str]:
    """Take jobs that are to be done; their ids."""
    taken = leases.claim_due(LeadJob, owner, now, seconds, limit, IS_OPEN, _IS_RECEIVED)
    return [job.id for job in taken]


def held(job_id: str, owner: str) -> LeadJob | None:
    """A job that is not over and that `owner` holds, kept from other writers."""
    query = LeadJob.select().where(LeadJob.id == job_id, LeadJob.lease_owner == owner, IS_OPEN)
    return locked(query).first()  # type: ignore[no-any-return]


def change(job_id: str, **columns: Any) -> None:
    """Change a job."""
    LeadJob.update(**columns).where(LeadJob.id == job_id).execute()


def exhausted(now: datetime) -> list[str]:
    """Jobs that nobody holds and nobody may take any more."""
    query = LeadJob.select(LeadJob.id).where(
        IS_OPEN, LeadJob.tries_left <= 0, leases.is_free(LeadJob, now)
    )
    return [job_id for (job_id,) in tuples(query)]


def delete(job_id: str) -> None:
    """Delete a job with all that belongs to it."""
    LeadJob.delete().where(LeadJob.id == job_id).execute()


def delete_old(now: datetime, keep: timedelta, half_received: timedelta, limit: int) -> int:
    """Delete jobs that were over before `keep`, and files whose sending broke off; how many."""
    broken = (LeadJob.status == JobStatus.RECEIVING) & (LeadJob.available_at < now - half_received)
    old = LeadJob.finished_at < now - keep
    found = LeadJob.select(LeadJob.id).where(old | broken).limit(limit)
    count: int = LeadJob.delete().where(LeadJob.id.in_(found)).execute()
    return count


# --- files


def insert_part(job_id: str, number: int, content: Sequence[Any]) -> None:
    """Store rows of a file."""
    rows.insert(LeadUploadPart, job=job_id, number=number, rows=list(content))


def next_part(job_id: str, *, checked: bool) -> LeadUploadPart | None:
    """The first part of a file that is checked, or is not."""
    query = LeadUploadPart.select().where(
        LeadUploadPart.job == job_id, LeadUploadPart.checked == checked
    )
    return query.order_by(LeadUploadPart.number).first()  # type: ignore[no-any-return]


def checked_parts(job_id: str) -> Iterator[Sequence[Any]]:
    """The rows of all parts that are checked."""
    query = LeadUploadPart.select(LeadUploadPart.rows).where(
        LeadUploadPart.job == job_id, LeadUploadPart.checked
    )
    return (part.rows for part in query.order_by(LeadUploadPart.number))


def set_checked(job_id: str, number: int, content: Sequence[Any]) -> bool:
    """Put what is good of a part into its place; False: that was done before."""
    mine = (LeadUploadPart.job == job_id) & (LeadUploadPart.number == number)
    query = LeadUploadPart.update(checked=True, rows=list(content))
    return bool(query.where(mine, ~LeadUploadPart.checked).execute())


def delete_parts(job_id: str, number: int | None = None) -> None:
    """Forget the rows of a file, or of one part of it."""
    query = LeadUploadPart.delete().where(LeadUploadPart.job == job_id)
    (query if number is None else query.where(LeadUploadPart.number == number)).execute()


def insert_refusals(job_id: str, refusals: Sequence[tuple[int, Sequence[Any]]]) -> None:
    """Store which lines were refused, and why."""
    if refusals:
        found = [{"job": job_id, "line": line, "errors": errors} for line, errors in refusals]
        for first in range(0, len(found), PART):
            LeadUploadRefusal.insert_many(found[first : first + PART]).execute()


def refusals(job_id: str, after: int, limit: int) -> list[LeadUploadRefusal]:
    """Up to `limit` refused lines after a line, in their order."""
    query = LeadUploadRefusal.select().where(
        LeadUploadRefusal.job == job_id, LeadUploadRefusal.line > after
    )
    return list(query.order_by(LeadUploadRefusal.line).limit(limit))

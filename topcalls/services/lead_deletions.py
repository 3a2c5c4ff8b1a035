"""Deleting many leads: a few at once, more by a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from topcalls.clock import Clock
from topcalls.core.lead_jobs import CHUNK, JobKind, JobStatus, chunks_of
from topcalls.errors import FieldError, InvalidRequest
from topcalls.ids import new_id
from topcalls.services.lead_jobs import JobView, ensure_room, finish, hold, note, view_of
from topcalls.services.lead_lists import found_list
from topcalls.store import lead_jobs, leads
from topcalls.store.database import Database
from topcalls.store.leads import Chosen
from topcalls.store.locking import lock_account
from topcalls.store.models import LeadJob

MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was deleted at once; `skipped_payload` has what was not, with the reason."""

    deleted: int
    skipped_payload: Sequence[Mapping[str, str]] = ()

    @property
    def skipped(self) -> int:
        return len(self.skipped_payload)


class LeadDeletions:
    """Deletions of an account's leads; what is deleted cannot be brought back."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def delete(self, account_id: str, body: Mapping[str, Any]) -> Deleted | JobView:
        """Delete leads by `ids` or by `filter`; more than 500 are left to a job.

        Raises:
            Conflict: the account has as many jobs under way as it may have.
            InvalidRequest: neither or both are given, the filter is empty, or another account's.
            NotFound: no such list in this account.
        """
        wrong = list(_faults(body, account_id))
        if wrong:
            raise InvalidRequest("No lead was deleted: see 'errors'.", wrong)
        if "ids" in body:
            return self._db.run(_delete_ids, account_id, list(dict.fromkeys(body["ids"])))
        return self._db.run(self._delete_chosen, account_id, body["filter"])

    def step(self, job: LeadJob, owner: str) -> bool:
        """See `Step`: one chunk of those leads that there were when the job was made."""
        now = self._clock.now()

        def verb() -> bool:
            held = hold(job.id, owner)
            chosen = Chosen(**held.selection)
            ids = leads.oldest(held.account_id, chosen, held.created_at, CHUNK)
            gone = leads.delete(held.account_id, ids)
            note(held, now, status=JobStatus.RUNNING, deleted=held.deleted + gone)
            if len(ids) < CHUNK:
                finish(held, now)
            return len(ids) == CHUNK

        return self._db.run(verb)

    def _delete_chosen(self, account_id: str, given: Mapping[str, str]) -> Deleted | JobView:
        lock_account(account_id)
        if "list_id" in given:
            found_list(account_id, given["list_id"])
        chosen, now = Chosen(**given), self._clock.now()
        if leads.count_up_to(account_id, chosen, MOST_AT_ONCE + 1) <= MOST_AT_ONCE:
            ids = leads.oldest(account_id, chosen, now, MOST_AT_ONCE)
            return Deleted(leads.delete(account_id, ids))
        ensure_room(account_id)
        total, job_id = leads.count(account_id, chosen), new_id()
        lead_jobs.insert(
            id=job_id,
            account=account_id,
            kind=JobKind.DELETE,
            status=JobStatus.PENDING,
            selection=dict(given),
            total=total,
            chunks_total=chunks_of(total, CHUNK),
            created_at=now,
        )
        return view_of(lead_jobs.found(job_id))


def _faults(body: Mapping[str, Any], account_id: str) -> Iterator[FieldError]:
    if body.get("account_id") not in (None, account_id):
        yield FieldError("account_id", "The key is of another account.", "other_account")
    if ("ids" in body) == ("filter" in body):
        yield FieldError("ids", "Give either 'ids' or 'filter'.", "conflict")
    elif "ids" in body and not 1 <= len(body["ids"]) <= MOST_AT_ONCE:
        message = f"Must be 1 to {MOST_AT_ONCE}. Send more in parts, or a 'filter'."
        yield FieldError("ids", message, "length")
    elif "filter" in body and not body["filter"]:
        message = "Must name a list, a status or a tag: without any it would delete every lead."
        yield FieldError("filter", message, "required")


def _delete_ids(account_id: str, ids: Sequence[str]) -> Deleted:
    mine = leads.known(account_id, ids)
    gone = leads.delete(account_id, mine)
    missing = [lead_id for lead_id in ids if lead_id not in mine]
    return Deleted(gone, [{"lead_id": lead_id, "reason": "not_found"} for lead_id in missing])

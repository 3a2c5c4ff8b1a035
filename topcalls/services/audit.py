"""What keys did that somebody may have to answer for: written as it is done, and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from topcalls.clock import Clock
from topcalls.core.audit import AuditAction
from topcalls.ids import ordered_ids
from topcalls.services.keys import Principal
from topcalls.store import audit
from topcalls.store.database import Database
from topcalls.store.models import AuditEntry


@dataclass(frozen=True, slots=True)
class AuditView:
    """Who did what to which call, lead, account or key, and when. `key_name`: None where the key is
    gone."""

    id: str
    at: datetime
    key_id: str
    key_name: str | None
    action: str
    subject_id: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first. `next_cursor` is the last one's id if there are more."""

    data: tuple[AuditView, ...]
    next_cursor: str | None


class Audit:
    """The account's record of what its keys did."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def note(self, who: Principal, action: AuditAction, subject_id: str) -> None:
        """Write down that a key does something, before it does."""
        self._db.run(record, who, action, subject_id, self._clock.now())

    def list(self, account_id: str, limit: int = 50, cursor: str | None = None) -> AuditPage:
        """Entries made before the one that `cursor` names, newest first."""

        def verb() -> AuditPage:
            found = audit.page(account_id, limit + 1, cursor)
            views = tuple(_view(entry, name) for entry, name in found[:limit])
            return AuditPage(views, views[-1].id if len(found) > limit else None)

        return self._db.read(verb)


def record(who: Principal, action: AuditAction, subject_id: str, now: datetime) -> None:
    """Write an entry; part of the verb that does what it tells of."""
    (entry_id,) = ordered_ids(now, 1)
    audit.insert(
        id=entry_id,
        account=who.account_id,
        key_id=who.key_id,
        action=action,
        subject_id=subject_id,
        at=now,
    )


def _view(entry: AuditEntry, key_name: str | None) -> AuditView:
    return AuditView(entry.id, entry.at, entry.key_id, key_name, entry.action, entry.subject_id)

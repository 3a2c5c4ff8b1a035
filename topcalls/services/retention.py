"""How long accounts keep what was said, and leads that nobody is in touch with."""

from __future__ import annotations

from datetime import datetime, timedelta

from topcalls.core.compliance import terms_of
from topcalls.store import accounts, leads, people
from topcalls.store.database import Database

_BATCH = 500


class Retention:
    """Deletes what the terms of accounts (`core.compliance.Retention`) do not want kept."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def run(self, now: datetime) -> int:
        """One bounded round over all accounts; how many calls and leads were dealt with."""
        done = 0
        for account_id, stored in self._db.read(accounts.with_terms):
            kept = terms_of(stored).retention
            if kept.transcript_days is not None:
                before = now - timedelta(days=kept.transcript_days)
                done += self._db.run(people.delete_said, account_id, before, _BATCH)
            if kept.lead_days is not None:
                before = now - timedelta(days=kept.lead_days)
                done += self._db.run(_delete_leads, account_id, before)
        return done


def _delete_leads(account_id: str, before: datetime) -> int:
    return leads.delete(account_id, people.idle_leads(account_id, before, _BATCH))

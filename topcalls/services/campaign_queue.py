"""Calls of campaigns that wait to be dialled, and go back to whom they were meant for.

A campaign that is paused or stopped has nothing more dialled: its calls leave the queue, and their
contacts are as they were before. The same becomes of calls that waited for long, because what was
decided about them is old.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from topcalls.core.call_events import StopRequested
from topcalls.core.call_state import Verdict
from topcalls.core.campaign_outcomes import Outcome
from topcalls.core.campaign_state import CampaignState, ContactState
from topcalls.errors import Conflict
from topcalls.services.transitions import Transitions
from topcalls.store import campaign_contacts, campaign_production, campaigns
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Call

BY_CAMPAIGN = "campaign"
"""Who stopped such a call, in its trail."""

STALE_AFTER = timedelta(minutes=5)
"""A call of a campaign waits for no longer: its hours and limits are decided anew."""


class CampaignQueue:
    """See the module's text."""

    def __init__(self, db: Database, transitions: Transitions) -> None:
        self._db = db
        self._transitions = transitions

    def give_back(self, campaign_id: str, now: datetime) -> int:
        """Part of a verb: take the waiting calls of a campaign out of the queue; how many."""
        row = campaigns.found(campaign_id)
        if row is None:
            return 0
        return self._withdraw(campaign_id, row.account_id, None, now)

    def tidy(self, now: datetime) -> int:
        """Take calls out of the queue that wait for too long, or whose campaign does not run; how
        many. A call that was made while its campaign was being paused is one of these."""
        waiting = self._db.read(campaign_production.open_calls)
        return sum(
            self._db.run(self._tidy, campaign_id, found.account_id, now)
            for campaign_id, found in waiting.items()
            if found.queued
        )

    def _tidy(self, campaign_id: str, account_id: str, now: datetime) -> int:
        row = campaigns.found(campaign_id)
        runs = row is not None and row.state == CampaignState.RUNNING
        return self._withdraw(campaign_id, account_id, now - STALE_AFTER if runs else None, now)

    def _withdraw(
        self, campaign_id: str, account_id: str, before: datetime | None, now: datetime
    ) -> int:
        lock_account(account_id)
        waiting = campaign_production.queued_of(campaign_id, account_id, before)
        return sum(self._withdraw_one(call, now) for call in waiting)

    def _withdraw_one(self, call: Call, now: datetime) -> bool:
        """False for a call that a controller has taken meanwhile."""
        try:
            moved = self._transitions.apply(call, StopRequested(BY_CAMPAIGN), now)
        except Conflict:
            return False
        if moved.verdict is not Verdict.MOVED:
            return False
        attempt = campaign_contacts.attempt_of_call(call.id)
        if attempt is None:
            return True
        campaign_contacts.end_attempt(attempt, now, outcome=Outcome.WITHDRAWN, counted=False)
        contact = campaign_contacts.get(attempt.campaign_id, attempt.lead_id, lock=True)
        if contact is not None and contact.state == ContactState.IN_FLIGHT:
            campaign_contacts.change(
                attempt.campaign_id, attempt.lead_id, now, state=ContactState.WAITING
            )
        return True

"""What a campaign's call came to, told to its contact once: again later, reached, or given up.

An attempt is settled when all that follows its call is done, in one transaction with the contact's
next place. Whoever settles it again finds that it is settled.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from topcalls.core.campaign_outcomes import (
    PERSON,
    Outcome,
    is_abandoned,
    is_counted,
    outcome_of,
)
from topcalls.core.campaign_state import ContactState, Rank
from topcalls.core.circuit_breaker import NUMBER_RESTS
from topcalls.core.leads import LeadStatus
from topcalls.core.retry_policy import Band, Done, Ended, Next, RetryAt, Tried, decide
from topcalls.errors import StoreUnavailable
from topcalls.log import get_logger
from topcalls.services.campaign_ends import Ending, ending_of
from topcalls.services.campaign_plans import CampaignPlan, CampaignPlans
from topcalls.services.lead_webhooks import LeadNews, StatusChange, no_news
from topcalls.services.lead_zones import zones_of
from topcalls.services.lineup import Lineup
from topcalls.store import calls, campaign_contacts, campaign_production, campaigns, leads
from topcalls.store.campaign_production import Over
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import CampaignContact, Lead

WAITS_FOR_WRAP_UP = timedelta(minutes=10)
"""For so long after its end a call's summary and analysis are waited for."""

MOST_AT_ONCE = 500
_GIVEN_UP = {
    Outcome.NOT_CALLABLE: ContactState.SKIPPED,
    Outcome.OPTED_OUT: ContactState.DONE,
    Outcome.UNWANTED: ContactState.DONE,
}
"""Where whoever is called no more is, if not given up: a rule forbids it, or they said so."""

log = get_logger("campaigns")


class CampaignAttempts:
    """See the module's text."""

    def __init__(self, db: Database, lineup: Lineup, news: LeadNews = no_news) -> None:
        self._db = db
        self._lineup = lineup
        self._news = news
        self._plans = CampaignPlans()

    def settle(self, now: datetime) -> set[str]:
        """Settle the attempts whose call is over; the campaigns that they were of."""
        over = self._db.read(campaign_production.over, MOST_AT_ONCE, now - WAITS_FOR_WRAP_UP)
        return {one.campaign_id for one in over if self._settle_safely(one, now)}

    def _settle_safely(self, one: Over, now: datetime) -> bool:
        """An attempt that cannot be settled keeps no other from it."""
        try:
            return self._db.run(self._settle, one, now)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception("An attempt was not settled", call_id=one.call_id, why=repr(error))
            return False

    def _settle(self, one: Over, now: datetime) -> bool:
        row = campaigns.found(one.campaign_id)
        call = calls.get(one.call_id)
        if row is None or call is None:
            return False
        lock_account(row.account_id)
        contact = campaign_contacts.get(one.campaign_id, one.lead_id, lock=True)
        attempt = campaign_contacts.attempt_of_call(one.call_id)
        if attempt is None or attempt.ended_at is not None:
            return False
        plan, ending = self._plans.of(row), ending_of(call, self._lineup)
        outcome, disposition = outcome_of(ending.end), call.disposition
        converted = disposition is not None and disposition in plan.conversions
        campaign_contacts.end_attempt(
            attempt,
            call.ended_at or now,
            outcome=outcome,
            counted=is_counted(ending.end),
            disposition=disposition,
            carrier_id=ending.carrier_id,
            retry_at=ending.end.retry_at,
            providers=sorted(set(ending.providers.values())) or None,
            failed_provider=ending.failed_provider,
            talk_seconds=ending.end.talk_seconds,
            abandoned=True if is_abandoned(ending.end) else None,
        )
        if outcome is Outcome.BLOCKED_BY_NETWORK and attempt.from_number:
            until = now + NUMBER_RESTS
            campaign_production.rest_number(row.account_id, attempt.from_number, until, outcome)
        lead = leads.get(row.account_id, one.lead_id, lock=True)
        if contact is not None and lead is not None:
            status = _keep(lead, outcome, converted, now)
            where = (lead.account_id, lead.id, lead.phone_number)
            cause = ("campaign", row.id, call.id)
            self._news(StatusChange(*where, lead.status, status, *cause), now)
            told = {"disposition": disposition, "converted": contact.converted or converted}
            _follow(plan, contact, lead, ending, told, call.ended_at or now, now)
        return True


def _follow(
    plan: CampaignPlan,
    contact: CampaignContact,
    lead: Lead,
    ending: Ending,
    told: dict[str, Any],
    ended_at: datetime,
    now: datetime,
) -> None:
    """Give the contact its next place. One that was taken out meanwhile stays out."""
    outcome = outcome_of(ending.end)
    zones = zones_of(lead.phone_number, lead.time_zone)
    following = decide(
        plan.retry,
        _tried(contact),
        Ended(
            outcome,
            ended_at,
            ZoneInfo(zones[0]) if zones else UTC,
            rank=Rank(contact.rank),
            counted=is_counted(ending.end),
            disposition=told["disposition"],
            until=ending.end.callback_at or ending.end.deferred_until,
            not_before=ending.end.retry_at,
        ),
    )
    tried = following.tried
    columns = told | {
        "last_outcome": outcome,
        "counted": tried.attempts,
        "retries": dict(tried.retries) or None,
        "bands": list(tried.bands) or None,
    }
    if contact.state == ContactState.IN_FLIGHT:
        columns |= _place(following, outcome, ending.forbidden_by)
    campaign_contacts.change(contact.campaign_id, contact.lead_id, now, **columns)


def _place(following: Next, outcome: Outcome, rule: str | None) -> dict[str, Any]:
    """`rule`: that forbade the dial, which is the reason then. Whoever has to be held is looked at
    by the producer at once: what is missing may have arrived since the rule was asked."""
    if isinstance(following, RetryAt):
        return {
            "state": ContactState.WAITING,
            "next_at": following.at,
            "rank": following.rank,
            "reason": rule or outcome,
        }
    if isinstance(following, Done):
        return {"state": ContactState.DONE, "reason": following.why}
    state = _GIVEN_UP.get(outcome, ContactState.GIVEN_UP)
    return {"state": state, "reason": rule or following.why}


def _tried(contact: CampaignContact) -> Tried:
    return Tried(
        contact.counted,
        contact.retries or {},
        tuple(Band(band) for band in contact.bands or ()),
    )


def _keep(lead: Lead, outcome: Outcome, converted: bool, now: datetime) -> LeadStatus:
    """The lead's status from now on, which goes forward only: nobody who unsubscribed is anything
    else again. Who did is told by the do-not-call list (`core.do_not_call.unsubscribes`)."""
    before = LeadStatus(lead.status)
    status = _status(before, outcome, converted)
    if status is not before:
        times = {"converted_at": now} if status is LeadStatus.CONVERTED else {}
        leads.change(lead.id, status=status, updated_at=now, **times)
    return status


def _status(before: LeadStatus, outcome: Outcome, converted: bool) -> LeadStatus:
    if before is LeadStatus.UNSUBSCRIBED:
        return before
    if converted or before is LeadStatus.CONVERTED:
        return LeadStatus.CONVERTED
    return LeadStatus.CONTACTED if outcome in PERSON else before

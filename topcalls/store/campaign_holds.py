"""Queries on contacts of campaigns that something keeps back, and on what has them looked at again.

Whoever decides about a contact has locked it, so what has arrived meanwhile is either seen by that
decision, or finds the contact held by it. The same holds for a whole campaign through the lock of
its account.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from peewee import Value, chunked, fn

from topcalls.core import do_not_call
from topcalls.core.campaign_state import ContactState
from topcalls.store import rows
from topcalls.store.campaigns import OPEN_STATES
from topcalls.store.locking import locked
from topcalls.store.models import Campaign, CampaignContact, Lead
from topcalls.store.models.base import tuples
from topcalls.store.models.campaigns import IS_HELD

FROM_THE_FIRST: Final = ""
"""Of `Campaign.recheck_through`: nobody was looked at again yet."""

MOST_REASONS: Final = 50
_MOST_VALUES = 500
_KEPT_BACK = CampaignContact.state.in_([ContactState.HELD, ContactState.SKIPPED])
_DECIDED = CampaignContact.state.in_(
    [ContactState.HELD, ContactState.SKIPPED, ContactState.WAITING]
)


def wake_numbers(account_id: str, numbers: Collection[str], now: datetime) -> int:
    """Have those who have these numbers looked at again by the campaigns that are under way, where
    they are held or skipped; how many contacts."""
    woken = 0
    for some in chunked(sorted(numbers), _MOST_VALUES):
        query = Lead.select(Lead.id).where(Lead.account == account_id, Lead.phone_number.in_(some))
        woken += wake_leads([lead_id for (lead_id,) in tuples(query)], now)
    return woken


def wake_leads(lead_ids: Collection[str], now: datetime, campaign_id: str | None = None) -> int:
    """Have leads looked at again, by one campaign or by all that are under way, where they are held
    or skipped; how many contacts."""
    woken = 0
    for some in chunked(sorted(lead_ids), _MOST_VALUES):
        mine = CampaignContact.lead.in_(some)
        if campaign_id is not None:
            mine &= CampaignContact.campaign == campaign_id
        _lock(mine & _DECIDED)
        under_way = Campaign.select(Campaign.id).where(
            Campaign.id == CampaignContact.campaign, Campaign.state.in_(OPEN_STATES)
        )
        query = CampaignContact.update(**_due(now)).where(mine, _KEPT_BACK, fn.EXISTS(under_way))
        woken += int(query.execute())
    return woken


def _lock(which: Any) -> None:
    """Wait for whoever decides about these contacts now."""
    ours = (CampaignContact.lead, CampaignContact.campaign)
    query = locked(CampaignContact.select(*ours).where(which).order_by(*ours))
    tuples(query)


def _due(now: datetime) -> dict[str, Any]:
    return {"state": ContactState.WAITING, "next_at": now, "reason": None, "changed_at": now}


def recheck_account(account_id: str) -> int:
    """Have everybody who is held or skipped looked at again, by all of the account's campaigns that
    are under way; how many campaigns. It is carried out in pieces, by `recheck`."""
    query = Campaign.update(recheck_through=FROM_THE_FIRST).where(
        Campaign.account == account_id, Campaign.state.in_(OPEN_STATES)
    )
    return int(query.execute())


_NEXT = """
SELECT lead_id, reason FROM campaign_contact WHERE campaign_id = ? AND state = ? AND lead_id > ?
ORDER BY lead_id LIMIT ?
"""


def recheck(campaign: Campaign, now: datetime, limit: int) -> int:
    """Have those looked at again of the next `limit` contacts of a campaign that are held or
    skipped; how many. Nobody of whom the do-not-call list has an entry: what it says is looked at
    when it changes, and they are passed over `limit` at a time as well. The account and the
    campaign are locked."""
    after = campaign.recheck_through or FROM_THE_FIRST
    found: list[tuple[str, str | None]] = []
    for state in (ContactState.HELD, ContactState.SKIPPED):
        found += rows.select(_NEXT, campaign.id, state, after, limit)
    looked_at = sorted(found, key=lambda one: one[0])[:limit]
    ids = [lead_id for lead_id, reason in looked_at if reason != do_not_call.RULE]
    for some in chunked(ids, _MOST_VALUES):
        mine = (CampaignContact.campaign == campaign.id) & CampaignContact.lead.in_(some)
        CampaignContact.update(**_due(now)).where(mine, _KEPT_BACK).execute()
    through = looked_at[-1][0] if len(looked_at) == limit else None
    rows.update(Campaign, {"id": campaign.id}, recheck_through=through)
    return len(ids)


def held_for(campaign_id: str) -> dict[str, int]:
    """How many contacts are held, by reason, the most frequent first; read from an index alone."""
    number = fn.COUNT(Value(1))
    query = CampaignContact.select(CampaignContact.reason, number)
    query = query.where(CampaignContact.campaign == campaign_id, IS_HELD)
    query = query.group_by(CampaignContact.reason).order_by(number.desc(), CampaignContact.reason)
    return {str(reason): count for reason, count in tuples(query.limit(MOST_REASONS))}

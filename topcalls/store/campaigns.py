"""Queries on campaigns and the lists that they call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from topcalls.core.campaign_state import OPEN, CampaignEvent, CampaignState, advance, origins
from topcalls.store import rows
from topcalls.store.leads import has_leads
from topcalls.store.locking import locked
from topcalls.store.models import Campaign, CampaignList, LeadList
from topcalls.store.models.base import tuples
from topcalls.store.models.campaigns import IS_RUNNING, IS_SCHEDULED

_TICK = timedelta(microseconds=1)
OPEN_STATES = tuple(sorted(OPEN))


def insert(**columns: Any) -> None:
    """Store a campaign; its `created_at` comes from `free_time`."""
    Campaign.insert(**columns).execute()


def free_time(account_id: str, wanted: datetime) -> datetime:
    """A time not before `wanted` and after every campaign of the account, which is locked by
    then."""
    query = Campaign.select(Campaign.created_at).where(Campaign.account == account_id)
    last = query.order_by(Campaign.created_at.desc()).first()
    return wanted if last is None or last.created_at < wanted else last.created_at + _TICK


def get(account_id: str, campaign_id: str, *, lock: bool = False) -> Campaign | None:
    """One campaign of an account. `lock`: it stays until the end of the verb."""
    return rows.one(Campaign, lock=lock, id=campaign_id, account=account_id)


def found(campaign_id: str, *, lock: bool = False) -> Campaign | None:
    """A campaign of any account."""
    return rows.one(Campaign, lock=lock, id=campaign_id)


def page(
    account_id: str,
    limit: int,
    before: datetime | None,
    states: Collection[str] | None = None,
    archived: bool | None = False,
) -> list[Campaign]:
    """Up to `limit` campaigns made before `before`, newest first. `states` None, `archived` None:
    whatever they are."""
    query = Campaign.select().where(Campaign.account == account_id)
    if before is not None:
        query = query.where(Campaign.created_at < before)
    if states is not None:
        query = query.where(Campaign.state.in_(list(states)))
    if archived is not None:
        query = query.where(Campaign.archived_at.is_null(not archived))
    return list(query.order_by(Campaign.created_at.desc()).limit(limit))


def of_ids(campaign_ids: Collection[str]) -> list[Campaign]:
    """These campaigns."""
    return list(Campaign.select().where(Campaign.id.in_(list(campaign_ids))))


def running() -> list[Campaign]:
    """Every campaign that runs, of all accounts."""
    return list(Campaign.select().where(IS_RUNNING).order_by(Campaign.id))


def enrolling() -> list[str]:
    """Campaigns that run and have leads to enrol."""
    query = Campaign.select(Campaign.id).where(IS_RUNNING, Campaign.enrolling)
    return [campaign_id for (campaign_id,) in tuples(query.order_by(Campaign.id))]


def due_to_start(now: datetime, limit: int = 100) -> list[Campaign]:
    """Scheduled campaigns whose time has come, the longest due first."""
    due = Campaign.select().where(IS_SCHEDULED, Campaign.start_at <= now)
    return list(due.order_by(Campaign.start_at).limit(limit))


def change(campaign: Campaign, now: datetime, **changes: Any) -> None:
    """Write the next revision of a locked campaign."""
    changes |= {"revision": campaign.revision + 1, "updated_at": now}
    Campaign.update(**changes).where(Campaign.id == campaign.id).execute()


def note(campaign_id: str, **columns: Any) -> None:
    """Change what is no part of what users edit."""
    Campaign.update(**columns).where(Campaign.id == campaign_id).execute()


def move(campaign_id: str, event: CampaignEvent, now: datetime, **columns: Any) -> bool:
    """Move a campaign as `core.campaign_state` says; False if it was elsewhere by then."""
    before = [state for state in CampaignState if state in origins(event)]
    columns["state"] = advance(before[0], event).state
    query = Campaign.update(updated_at=now, **columns).where(
        Campaign.id == campaign_id, Campaign.state.in_(before)
    )
    return bool(query.execute() == 1)


def names_of_agent(account_id: str, agent_id: str) -> list[str]:
    """Campaigns that are not over and call by this agent."""
    over = (CampaignState.COMPLETED, CampaignState.CANCELLED)
    query = Campaign.select(Campaign.name).where(
        Campaign.agent_id == agent_id, Campaign.account == account_id, Campaign.state.not_in(over)
    )
    return [name for (name,) in tuples(query.order_by(Campaign.created_at))]


# --- lists


def set_lists(campaign_id: str, list_ids: Collection[str]) -> None:
    """Let a campaign call these lists and no others."""
    gone = CampaignList.delete().where(CampaignList.campaign == campaign_id)
    gone.where(CampaignList.lead_list.not_in(list(list_ids))).execute()
    columns = [CampaignList.campaign, CampaignList.lead_list]
    if list_ids:
        pairs = [(campaign_id, list_id) for list_id in sorted(list_ids)]
        CampaignList.insert_many(pairs, fields=columns).on_conflict_ignore().execute()


def lists(campaign_id: str) -> list[CampaignList]:
    """The lists of a campaign, and how far they are enrolled."""
    query = CampaignList.select().where(CampaignList.campaign == campaign_id)
    return list(query.order_by(CampaignList.lead_list))


def list_ids(campaign_ids: Sequence[str]) -> dict[str, list[str]]:
    """The lists of each campaign."""
    query = CampaignList.select(CampaignList.campaign, CampaignList.lead_list)
    query = query.where(CampaignList.campaign.in_(list(campaign_ids)))
    found: dict[str, list[str]] = {campaign_id: [] for campaign_id in campaign_ids}
    for campaign_id, list_id in tuples(query.order_by(CampaignList.lead_list)):
        found[campaign_id].append(list_id)
    return found


def known_lists(account_id: str, list_ids: Collection[str], *, lock: bool = False) -> set[str]:
    """Those of these ids that are lists of the account. `lock`: nothing is put on them, nor taken
    off, until the end of the verb."""
    query = LeadList.select(LeadList.id).where(
        LeadList.account == account_id, LeadList.id.in_(list(list_ids))
    )
    query = query.order_by(LeadList.id)
    return {list_id for (list_id,) in tuples(locked(query) if lock else query)}


def any_lead(list_ids: Collection[str]) -> bool:
    """Whether there is any lead on these lists."""
    return any(has_leads(list_id) for list_id in list_ids)


def note_enrolled(campaign_id: str, list_id: str, **columns: Any) -> None:
    """Say how far a list is enrolled: `enrolled_through`, `enrolled_at`."""
    mine = (CampaignList.campaign == campaign_id) & (CampaignList.lead_list == list_id)
    CampaignList.update(**columns).where(mine).execute()


def using_list(list_id: str) -> list[Campaign]:
    """Campaigns that are not over and call this list."""
    over = (CampaignState.COMPLETED, CampaignState.CANCELLED)
    query = Campaign.select().join(CampaignList, on=CampaignList.campaign == Campaign.id)
    return list(query.where(CampaignList.lead_list == list_id, Campaign.state.not_in(over)))

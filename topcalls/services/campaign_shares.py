"""How many calls each campaign that runs may make now: a few ahead of what can be dialled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from topcalls.core import pacing
from topcalls.core.campaign_production import AccountAhead, Producing, plan
from topcalls.core.pacing import AHEAD_SECONDS, Limits, Window
from topcalls.services.campaign_plans import CampaignPlans, running_for
from topcalls.store import campaign_production, dispatch
from topcalls.store.campaign_production import OpenCalls
from topcalls.store.dispatch import Load
from topcalls.store.models import Campaign


def shares(plans: CampaignPlans, rows: Mapping[str, Campaign], now: datetime) -> Mapping[str, int]:
    """Part of a verb: by campaign, in one plan for all accounts."""
    opened = campaign_production.open_calls()
    lately = {key: _lately(key, now) for key in rows}
    producing = [_producing(plans, row, opened, lately, now) for row in rows.values()]
    account_ids = sorted({row.account_id for row in rows.values()})
    ahead = [_account_ahead(load, producing, lately) for load in dispatch.loads(account_ids, now)]
    return plan(ahead, producing)


def _lately(campaign_id: str, now: datetime) -> int:
    since = now - timedelta(seconds=AHEAD_SECONDS)
    return campaign_production.dialled_since(campaign_id, [since])[0]


def _producing(
    plans: CampaignPlans,
    row: Campaign,
    opened: Mapping[str, OpenCalls],
    lately: Mapping[str, int],
    now: datetime,
) -> Producing:
    rules = plans.of(row)
    held = pacing.limits(rules.pacing, running_for(row, now), row.speed)
    mine = opened.get(row.id, OpenCalls(row.account_id))
    return Producing(
        row.id,
        row.account_id,
        mine.live,
        mine.queued,
        pacing.ahead(held, mine.live, lately[row.id]),
        rules.weight,
        rules.priority,
    )


def _account_ahead(
    load: Load, producing: list[Producing], lately: Mapping[str, int]
) -> AccountAhead:
    own = [one for one in producing if one.account_id == load.account_id]
    per_minute = Window(60.0, max(1, load.max_per_minute))
    most = pacing.without_reserve(load.max_concurrent, load.inbound_reserve)
    held = Limits(most, (per_minute,))
    recent = sum(lately[one.campaign_id] for one in own)
    ahead = pacing.ahead(held, load.live, recent)
    return AccountAhead(load.account_id, load.live, sum(one.queued for one in own), ahead)

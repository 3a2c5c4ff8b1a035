"""Queries on what a campaign has come to."""

from __future__ import annotations

from datetime import datetime

from peewee import Value, fn

from topcalls.core.call_statistics import CAMPAIGN, Tally, tally_of
from topcalls.core.campaign_statistics import Ended
from topcalls.store import statistics
from topcalls.store.models import Campaign, CampaignAttempt
from topcalls.store.models.base import tuples

_FIRST_DAY, _LAST_DAY = "0000-00-00", "9999-99-99"


def ended(campaign_id: str) -> list[Ended]:
    """The calls of a campaign, by outcome and disposition; read from one index alone."""
    by = (CampaignAttempt.outcome, CampaignAttempt.disposition)
    talked = fn.COALESCE(fn.SUM(CampaignAttempt.talk_seconds), 0)
    query = CampaignAttempt.select(*by, fn.COUNT(Value(1)), talked)
    query = query.where(CampaignAttempt.campaign == campaign_id).group_by(*by)
    return [
        Ended(outcome, disposition, calls, int(seconds))
        for outcome, disposition, calls, seconds in tuples(query)
    ]


def made_since(campaign_id: str, moment: datetime) -> int:
    """How many calls a campaign made since then."""
    query = CampaignAttempt.select(Value(1)).where(
        CampaignAttempt.campaign == campaign_id, CampaignAttempt.created_at >= moment
    )
    return int(query.count())


def tally(row: Campaign) -> Tally:
    """What workers have counted of a campaign's calls: what they cost among it."""
    first = _FIRST_DAY if row.started_at is None else f"{row.started_at:%Y-%m-}00"
    found = statistics.between(
        row.account_id, CAMPAIGN, first, _LAST_DAY, by_hour=False, value=row.id
    )
    return tally_of(found)

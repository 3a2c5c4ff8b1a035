"""What a campaign has come to, as other rooms see it. Every function is a part of a verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core.campaign_schedule import schedule_of
from topcalls.core.campaign_state import FINAL, CampaignState
from topcalls.core.campaign_statistics import PACE_WINDOW, Figures, Forecast, figures, forecast
from topcalls.core.costs import CURRENCY
from topcalls.store import campaign_contacts, campaign_holds, campaign_statistics, statistics
from topcalls.store.models import Campaign


@dataclass(frozen=True, slots=True)
class CampaignStatistics:
    """`cost` is what is known of it, by the calls that workers have counted (`cost_calls`); of
    `cost_unknown` of them it is not known. `held_for`: contacts that are held, by reason."""

    campaign_id: str
    status: str
    at: datetime
    figures: Figures
    cost: str
    cost_calls: int
    cost_unknown: int
    held_for: Mapping[str, int]
    forecast: Forecast

    @property
    def currency(self) -> str:
        return CURRENCY


def statistics_of(row: Campaign, now: datetime) -> CampaignStatistics:
    """Part of a verb: what a campaign has come to."""
    counted = figures(
        campaign_contacts.counts(row.id),
        campaign_statistics.ended(row.id),
        row.conversion_outcomes,
    )
    tally = campaign_statistics.tally(row)
    return CampaignStatistics(
        campaign_id=row.id,
        status=row.state,
        at=now,
        figures=counted,
        cost=tally.cost,
        cost_calls=tally.calls,
        cost_unknown=tally.cost_unknown,
        held_for=campaign_holds.held_for(row.id),
        forecast=_forecast(row, counted, now),
    )


def _forecast(row: Campaign, counted: Figures, now: datetime) -> Forecast:
    if row.state in FINAL:
        return Forecast(row.ended_at)
    if row.state != CampaignState.RUNNING or row.running_since is None:
        return Forecast(None, "not_running")
    if row.enrolling:
        return Forecast(None, "enrolling")
    lately = campaign_statistics.made_since(row.id, max(row.running_since, now - PACE_WINDOW))
    zone = statistics.zones([row.account_id])[row.account_id]
    schedule = schedule_of(row.settings.get("schedule"))
    return forecast(counted, lately, now - row.running_since, schedule, zone, now)


def told(found: CampaignStatistics) -> dict[str, Any]:
    """The figures as JSON: times are moments still."""
    counted = found.figures
    return {
        "at": found.at,
        "contacts": {"total": counted.total, **counted.contacts},
        "held_for": dict(found.held_for),
        "calls": {
            "total": counted.calls,
            "open": counted.open_calls,
            "dialled": counted.dialled,
            "answered": counted.answered,
            "connected": counted.connected,
            "by_outcome": dict(sorted(counted.outcomes.items())),
        },
        "conversions": counted.conversions,
        "opted_out": counted.opted_out,
        "answer_rate": counted.answer_rate,
        "connection_rate": counted.connection_rate,
        "completion_rate": counted.completion_rate,
        "conversion_rate": counted.conversion_rate,
        "average_duration": _minutes(counted.average_seconds),
        "minutes_talked": _minutes(counted.talk_seconds),
        "cost": {
            "currency": found.currency,
            "known": found.cost,
            "calls": found.cost_calls,
            "calls_unknown": found.cost_unknown,
        },
        "forecast": {
            "ends_at": found.forecast.ends_at,
            "reason": found.forecast.reason,
            "calls_per_minute": found.forecast.calls_per_minute,
            "expected_calls": found.forecast.expected_calls,
        },
    }


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 2)

"""What a campaign's row says, in the form of the rules that use it.

A campaign that did not change since it was last looked at is not read into that form again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core import budgets
from topcalls.core.campaign_schedule import Schedule, schedule_of
from topcalls.core.circuit_breaker import Breaker, breaker_of
from topcalls.core.number_pool import NumberPool, pool_of
from topcalls.core.pacing import Pacing, pacing_of
from topcalls.core.retry_policy import RetryPolicy, policy_of
from topcalls.services.budgets import CampaignBudget
from topcalls.store.models import Campaign


@dataclass(frozen=True)
class CampaignPlan:
    """The rules of one campaign. `defaults`: values of texts that a lead brings none of."""

    campaign_id: str
    account_id: str
    revision: int
    schedule: Schedule
    pacing: Pacing
    retry: RetryPolicy
    pool: NumberPool
    breaker: Breaker
    budget: CampaignBudget
    weight: int
    priority: int
    conversions: frozenset[str]
    defaults: Mapping[str, str]


def plan_of(row: Campaign) -> CampaignPlan:
    """The rules in a campaign's row, which `core.campaign_rules` found right."""
    settings: Mapping[str, Any] = row.settings or {}
    is_defaulted = settings.get("missing_variables") == "default"
    return CampaignPlan(
        campaign_id=row.id,
        account_id=row.account_id,
        revision=row.revision,
        schedule=schedule_of(settings.get("schedule")),
        pacing=pacing_of(settings.get("pacing")),
        retry=policy_of(settings.get("retry")),
        pool=pool_of(settings.get("from_numbers")),
        breaker=breaker_of(settings.get("circuit_breaker")),
        budget=CampaignBudget(row.id, budgets.budget_of(settings.get("budget"))),
        weight=row.weight,
        priority=row.priority,
        conversions=frozenset(row.conversion_outcomes or ()),
        defaults=(settings.get("variable_defaults") or {}) if is_defaulted else {},
    )


class CampaignPlans:
    """Keeps the form of campaigns between looks."""

    def __init__(self) -> None:
        self._kept: dict[str, CampaignPlan] = {}

    def of(self, row: Campaign) -> CampaignPlan:
        """The rules of a campaign as its row is now."""
        found = self._kept.get(row.id)
        if found is None or found.revision != row.revision:
            found = self._kept[row.id] = plan_of(row)
        return found

    def forget_others(self, rows: Mapping[str, Campaign]) -> None:
        """Keep those of these campaigns only."""
        self._kept = {key: plan for key, plan in self._kept.items() if key in rows}


def running_for(row: Campaign, now: datetime) -> Any:
    """Since how long a campaign runs."""
    return now - (row.running_since or now)

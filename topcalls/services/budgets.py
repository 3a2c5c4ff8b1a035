"""Budgets: what an account or a campaign may spend, held to when a call is created.

Whoever creates a call has locked its account, so that two calls do not both have the last of a
budget. A call holds what it may need at most until it is over: its minutes and its place until it
ends, its cost until that is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from topcalls.clock import Clock
from topcalls.core import budgets as rules
from topcalls.core.budgets import (
    Amount,
    Budget,
    Consumer,
    Need,
    Period,
    Purse,
    Shortage,
    told,
)
from topcalls.errors import InsufficientQuota, InvalidRequest, NotFound
from topcalls.store import accounts, budgets
from topcalls.store.budgets import Limits
from topcalls.store.database import Database
from topcalls.store.locking import lock_account

UNCOUNTED_AFTER = timedelta(hours=1)
"""How long after a call's end its cost may be uncounted before somebody looks after it."""

_WORDS = {
    (Consumer.ACCOUNT, Period.DAY): "the account's budget of this day",
    (Consumer.ACCOUNT, Period.MONTH): "the account's budget of this month",
    (Consumer.CAMPAIGN, Period.TOTAL): "the campaign's budget",
}


@dataclass(frozen=True, slots=True)
class CampaignBudget:
    """A campaign, and what it may spend in all."""

    campaign_id: str
    budget: Budget


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One period's budget, and how far it went. `purse.budget` may limit nothing."""

    period: Period
    starts_at: datetime | None
    purse: Purse


@dataclass(frozen=True, slots=True)
class BudgetsView:
    """An account's budgets, of today and of this month in its time zone."""

    time_zone: str
    periods: Mapping[Period, BudgetView]


class Budgets:
    """An account's budgets."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def get(self, account_id: str) -> BudgetsView:
        """Counted from rows at this moment. Raises NotFound."""
        return self._db.read(view, account_id, self._clock.now())

    def put(self, account_id: str, given: Mapping[str, Any]) -> BudgetsView:
        """Replace the budgets `{day, month}`, each `{minutes, calls, cost}` or null. Calls that
        were created before keep what they hold.

        Raises:
            InvalidRequest: see `core.budgets.account_faults`.
            NotFound: there is no such account.
        """
        wrong = list(rules.account_faults(given))
        if wrong:
            raise InvalidRequest("The budgets cannot be set: see 'errors'.", wrong)
        kept = {period: given[period] for period in rules.account_budgets(given)}

        def verb() -> BudgetsView:
            lock_account(account_id)
            if not accounts.update(account_id, budgets=kept or None):
                raise NotFound("No such account.")
            return view(account_id, self._clock.now())

        return self._db.run(verb)

    def put_period(
        self, account_id: str, period: Period, given: Mapping[str, Any] | None
    ) -> BudgetsView:
        """Replace the budget of one period; None takes it away. Raises like `put`."""

        def verb() -> BudgetsView:
            lock_account(account_id)
            return self.put(account_id, {**limits_of(account_id).budgets, period: given})

        return self._db.run(verb)

    def of_campaign(self, account_id: str, campaign: CampaignBudget) -> Purse:
        """What became of a campaign's budget."""
        return self._db.read(_campaign_purse, account_id, campaign)


def judge(
    account_id: str, limits: Limits, need: Need, when: datetime, campaign: CampaignBudget | None
) -> str:
    """Part of a verb that has locked the account: the day of its zone to which a call belongs that
    is wanted for a moment.

    Raises:
        InsufficientQuota: the call does not fit a budget of the account or the campaign.
    """
    day = rules.day_of(when, limits.time_zone)
    if limits.budgets or campaign is not None:
        short = rules.shortage(need, purses(account_id, limits, day, campaign))
        if short is not None:
            raise refusal(short)
    return day


def purses(
    account_id: str, limits: Limits, day: str, campaign: CampaignBudget | None = None
) -> list[Purse]:
    """Every budget that a call of a day has to fit."""
    found = [
        _account_purse(account_id, limits.time_zone, period, budget, day)
        for period, budget in rules.account_budgets(limits.budgets).items()
    ]
    if campaign is not None and campaign.budget:
        found.append(_campaign_purse(account_id, campaign))
    return found


def longest(account_id: str, wanted: int, now: datetime) -> int:
    """For how many seconds a call may last now, by the account's budgets, that would like to last
    for `wanted`."""
    limits = limits_of(account_id)
    day = rules.day_of(now, limits.time_zone)
    return rules.seconds_left(wanted, purses(account_id, limits, day))


def limits_of(account_id: str) -> Limits:
    """An account's zone and budgets. Raises NotFound."""
    found = budgets.limits(account_id)
    if found is None:
        raise NotFound("No such account.")
    return found


def refusal(short: Shortage) -> InsufficientQuota:
    """What whoever wanted the call is told."""
    purse, unit = short.purse, rules.UNITS[short.measure]
    limit = told(short.measure, purse.budget.of(short.measure) or 0)
    left = told(short.measure, purse.left(short.measure) or 0)
    needed = None if short.needed is None else told(short.measure, short.needed)
    name = _WORDS[purse.consumer, purse.period]
    message = f"This call may need {needed} {unit}, and {left} of {limit} are left of {name}."
    if needed is None:
        message = f"What this call will cost is not known, and {name} limits it. {short.unknown}"
    return InsufficientQuota(
        message,
        remedy=_remedy(short, unit),
        limit=short.limit,
        consumer={"type": purse.consumer, "id": purse.consumer_id},
        unit=unit,
        needed=needed,
        left=left,
        exhausted=short.exhausted,
        frees_at=short.frees_at,
    )


def spend(
    account_id: str, day: str | None, campaign_id: str | None, seconds: int, *, dialled: bool
) -> None:
    """Part of the verb that ends a call: what it held of minutes and calls is spent now."""
    if day is not None and (dialled or seconds):
        budgets.add(account_id, day, campaign_id, Amount(seconds, int(dialled)))


def charge(call_id: str, total: int | None, known: int, now: datetime) -> None:
    """Part of a verb: what a call cost is counted, or counted again. `total`, `known`: millionths
    of a dollar; where the total is not known, what was held for it stands."""
    held = budgets.lock(call_id)
    if held is None:
        return
    cost = max(known, held.micros or 0) if total is None else total
    budgets.charge(call_id, cost, now)
    if held.day is not None and cost != (held.charged or 0):
        more = Amount(micros=cost - (held.charged or 0))
        budgets.add(held.account_id, held.day, held.campaign_id, more)


def left_behind(now: datetime, limit: int) -> list[str]:
    """Calls that are over, with all of the work after them, whose cost is still held."""
    return budgets.uncounted(now - UNCOUNTED_AFTER, limit)


# --- parts


def view(account_id: str, now: datetime) -> BudgetsView:
    """Part of a verb: see `Budgets.get`."""
    limits = limits_of(account_id)
    zone, given = limits.time_zone, rules.account_budgets(limits.budgets)
    day = rules.day_of(now, zone)
    return BudgetsView(
        zone,
        {
            period: BudgetView(
                period,
                rules.starts_at(period, day, zone),
                _account_purse(account_id, zone, period, given.get(period, Budget()), day),
            )
            for period in rules.ACCOUNT_PERIODS
        },
    )


def _account_purse(account_id: str, zone: str, period: Period, budget: Budget, day: str) -> Purse:
    spent, held = budgets.of_account(account_id, period, day)
    until = rules.frees_at(period, day, zone)
    return Purse(Consumer.ACCOUNT, account_id, period, budget, spent, held, until)


def _campaign_purse(account_id: str, campaign: CampaignBudget) -> Purse:
    spent, held = budgets.of_campaign(account_id, campaign.campaign_id)
    return Purse(
        Consumer.CAMPAIGN, campaign.campaign_id, Period.TOTAL, campaign.budget, spent, held
    )


def _remedy(short: Shortage, unit: str) -> str:
    if short.needed is None:
        return (
            "Give the carrier a rate and the model a price (docs/costs.md), "
            "or take 'cost' out of the budget."
        )
    if not short.exhausted:
        held = told(short.measure, short.purse.held.of(short.measure))
        return f"Calls that wait or run hold {held} {unit} of it: try again when some have ended."
    if short.purse.consumer is Consumer.CAMPAIGN:
        return "Raise the campaign's 'budget'."
    until = f"It begins anew at {short.frees_at:%Y-%m-%dT%H:%MZ}. " if short.frees_at else ""
    shorter = "Ask for a shorter max_duration, or raise it by PUT /v1/account/budgets."
    return f"{until}{shorter}"

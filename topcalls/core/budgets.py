"""Budgets: the most that an account may spend in a day or a month, or a campaign in all.

A budget limits minutes, calls and money, each or none of them. It is never passed by what is known
when a call is created: what earlier calls spent, what calls that wait or run may need at most, and
what the new one may need, together, are within it. Periods are those of the account's time zone; a
call belongs to the day on which it is created, or for which it is scheduled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from topcalls.core import costs, quota
from topcalls.core.rates import AMOUNT_PATTERN
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

MOST_MINUTES = 100_000_000
MOST_CALLS = 1_000_000_000
_FAR = datetime.max.replace(tzinfo=UTC)

Faults = Iterator[FieldError]


class Measure(StrEnum):
    """What a budget limits."""

    MINUTES = "minutes"
    CALLS = "calls"
    COST = "cost"


class Period(StrEnum):
    """For how long a budget lasts. `TOTAL`: as long as what it belongs to."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


class Consumer(StrEnum):
    """Who uses a limit up."""

    ACCOUNT = "account"
    CAMPAIGN = "campaign"
    KEY = "key"


ACCOUNT_PERIODS = (Period.DAY, Period.MONTH)
UNITS = {
    Measure.MINUTES: "minutes",
    Measure.CALLS: "calls",
    Measure.COST: costs.CURRENCY,
}
_COLUMNS = {Measure.MINUTES: "seconds", Measure.CALLS: "calls", Measure.COST: "micros"}


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of each: seconds of talk, calls, and millionths of a US dollar."""

    seconds: int = 0
    calls: int = 0
    micros: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.seconds + other.seconds, self.calls + other.calls, self.micros + other.micros
        )

    def of(self, measure: Measure) -> int:
        """How much of one measure."""
        amount: int = getattr(self, _COLUMNS[measure])
        return amount


@dataclass(frozen=True, slots=True)
class Budget:
    """The most of each, in the units of `Amount`. None: no limit."""

    seconds: int | None = None
    calls: int | None = None
    micros: int | None = None

    def of(self, measure: Measure) -> int | None:
        """The limit of one measure."""
        limit: int | None = getattr(self, _COLUMNS[measure])
        return limit

    def __bool__(self) -> bool:
        return any(self.of(measure) is not None for measure in Measure)


@dataclass(frozen=True, slots=True)
class Need:
    """What one more call may need at most. `micros` None: what it will cost is not known, because
    of `unknown`."""

    seconds: int
    micros: int | None = 0
    unknown: str = ""
    calls: int = 1

    def of(self, measure: Measure) -> int | None:
        """How much of one measure; None where that is not known."""
        amount: int | None = getattr(self, _COLUMNS[measure])
        return amount


@dataclass(frozen=True, slots=True)
class Purse:
    """A budget and what became of it: `spent` by calls that are over, `held` for calls that wait or
    run, by what they need at most. `frees_at`: when it is full again; None: never by itself."""

    consumer: Consumer
    consumer_id: str
    period: Period
    budget: Budget
    spent: Amount
    held: Amount
    frees_at: datetime | None = None

    def left(self, measure: Measure) -> int | None:
        """What a new call may need at most; None: as much as it likes."""
        limit = self.budget.of(measure)
        return None if limit is None else max(0, limit - (self.spent + self.held).of(measure))


@dataclass(frozen=True, slots=True)
class Shortage:
    """A call does not fit a budget. `needed` None: nobody knows what it needs, because of
    `unknown`. `exhausted`: it would not fit either if calls that wait or run gave all that they
    hold back."""

    purse: Purse
    measure: Measure
    needed: int | None
    unknown: str = ""

    @property
    def limit(self) -> str:
        """The limit's name: `account_cost_per_day`, `campaign_calls`."""
        return limit_name(self.purse.consumer, self.measure, self.purse.period)

    @property
    def exhausted(self) -> bool:
        limit = self.purse.budget.of(self.measure) or 0
        return self.needed is None or self.purse.spent.of(self.measure) + self.needed > limit

    @property
    def frees_at(self) -> datetime | None:
        """When the whole budget is there again; None: not by time alone."""
        return None if self.needed is None else self.purse.frees_at


def limit_name(consumer: Consumer, measure: Measure, period: Period) -> str:
    """How errors and lists call the limit."""
    of = "" if period is Period.TOTAL else f"_per_{period}"
    return f"{consumer}_{measure}{of}"


def shortage(need: Need, purses: Iterable[Purse]) -> Shortage | None:
    """Why a call may not be created; the budget that stays short for longest, if several are."""
    found = [
        Shortage(purse, measure, need.of(measure), need.unknown)
        for purse in purses
        for measure in Measure
        if _is_short(purse.left(measure), need.of(measure))
    ]
    return max(found, key=lambda one: (one.exhausted, one.frees_at or _FAR), default=None)


def _is_short(left: int | None, needed: int | None) -> bool:
    return left is not None and (needed is None or needed > left)


def seconds_left(wanted: int, purses: Iterable[Purse]) -> int:
    """For how long a call may last that would like to last for `wanted` seconds."""
    lefts = [purse.left(Measure.MINUTES) for purse in purses]
    return min([wanted, *(left for left in lefts if left is not None)])


# --- periods


def day_of(moment: datetime, zone: str) -> str:
    """The day of a moment in a time zone: `2026-11-23`."""
    return moment.astimezone(UTC if zone == "UTC" else ZoneInfo(zone)).strftime("%Y-%m-%d")


def days_of(period: Period, day: str) -> tuple[str, str]:
    """The first and the last day of the period in which a day lies, as texts that compare."""
    if period is Period.DAY:
        return day, day
    if period is Period.MONTH:
        return f"{day[:7]}-01", f"{day[:7]}-31"
    return "", "9999-12-31"


def starts_at(period: Period, day: str, zone: str) -> datetime | None:
    """When the period began in which a day lies; None for one that is no calendar period."""
    if period is Period.TOTAL:
        return None
    first = date.fromisoformat(days_of(period, day)[0])
    return _midnight(first, zone)


def frees_at(period: Period, day: str, zone: str) -> datetime | None:
    """When the period ends in which a day lies; None: it does not end by itself."""
    if period is Period.TOTAL:
        return None
    today = date.fromisoformat(day)
    if period is Period.DAY:
        return _midnight(today + timedelta(days=1), zone)
    return _midnight((today.replace(day=28) + timedelta(days=4)).replace(day=1), zone)


def _midnight(day: date, zone: str) -> datetime:
    """The first moment of a day; where clocks skip it, the moment that they do."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


# --- as JSON


def budget_faults(given: object, path: str) -> Faults:
    """Everything wrong with a budget `{minutes, calls, cost}`; each may be left out or null."""
    if given is None:
        return
    if not isinstance(given, Mapping):
        message = "Must be an object of 'minutes', 'calls' and 'cost', or null for no budget."
        yield FieldError(path, message, "invalid_type")
        return
    for key in given:
        if key not in list(Measure):
            message = f"Is nothing that a budget limits.{did_you_mean(str(key), Measure)}"
            yield FieldError(f"{path}.{key}", message, "unknown")
    minutes, calls, cost = (given.get(measure) for measure in Measure)
    if minutes is not None and not _is_number(minutes, (int, float), MOST_MINUTES):
        message = f"Must be a number of minutes from 0 to {MOST_MINUTES}."
        yield FieldError(f"{path}.minutes", message, "range")
    if calls is not None and not _is_number(calls, (int,), MOST_CALLS):
        message = f"Must be a whole number of calls from 0 to {MOST_CALLS}."
        yield FieldError(f"{path}.calls", message, "range")
    if cost is not None and not (isinstance(cost, str) and re.fullmatch(AMOUNT_PATTERN, cost)):
        message = "Must be US dollars as decimal text, as in '25.00'."
        yield FieldError(f"{path}.cost", message, "invalid_amount")


def account_faults(given: Mapping[str, Any]) -> Faults:
    """Everything wrong with an account's budgets `{day, month}`."""
    for key in given:
        if key not in ACCOUNT_PERIODS:
            message = f"Is no period of a budget.{did_you_mean(str(key), ACCOUNT_PERIODS)}"
            yield FieldError(str(key), message, "unknown")
    for period in ACCOUNT_PERIODS:
        yield from budget_faults(given.get(period), period)


def budget_of(given: Mapping[str, Any] | None) -> Budget:
    """A budget that `budget_faults` found right."""
    minutes, calls, cost = ((given or {}).get(measure) for measure in Measure)
    return Budget(
        None if minutes is None else round(minutes * 60),
        calls,
        None if cost is None else costs.micros(Decimal(cost)),
    )


def account_budgets(given: Mapping[str, Any] | None) -> dict[Period, Budget]:
    """Budgets that `account_faults` found right; only those that limit something."""
    found = {period: budget_of((given or {}).get(period)) for period in ACCOUNT_PERIODS}
    return {period: budget for period, budget in found.items() if budget}


def told(measure: Measure, amount: int) -> float | int | str:
    """An amount of one measure as JSON: minutes, calls, or dollars as decimal text."""
    if measure is Measure.MINUTES:
        return quota.minutes(amount)
    if measure is Measure.COST:
        return costs.text(Decimal(amount) * costs.MICRO)
    return amount


def _is_number(given: object, kinds: tuple[type, ...], most: int) -> bool:
    return isinstance(given, kinds) and not isinstance(given, bool) and 0 <= given <= most  # type: ignore[operator]

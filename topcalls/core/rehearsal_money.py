"""What a rehearsal spends, held against the same budgets as in production."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from topcalls.core import budgets, quota
from topcalls.core.budgets import Amount, Budget, Consumer, Measure, Need, Period, Purse


@dataclass(frozen=True, slots=True)
class Short:
    """A call does not fit. `is_final`: it never will by itself, so the campaign pauses; otherwise
    it may at `frees_at`, or once a call that runs has ended."""

    limit: str
    words: str
    is_final: bool
    frees_at: datetime | None = None


@dataclass(frozen=True)
class Purses:
    """Budgets as they are when the rehearsal begins: what is `spent` of each is spent already.

    `campaign`, and the account's by period in its `zone`. `seconds`: what the account has left of
    its minutes; None: it is not metered.
    """

    campaign: Budget = field(default_factory=Budget)
    campaign_spent: Amount = field(default_factory=Amount)
    account: Mapping[Period, Budget] = field(default_factory=dict)
    account_spent: Mapping[Period, Amount] = field(default_factory=dict)
    zone: str = "UTC"
    seconds: int | None = None


class Money:
    """Holds what a call may need at most while it runs, and spends what it took.

    `need`: of one call. `micros_per_minute`: millionths of a US dollar that a minute of talk costs;
    None where that is not known.
    """

    def __init__(self, purses: Purses, need: Need, micros_per_minute: int | None) -> None:
        self._purses = purses
        self._need = need
        self._rate = micros_per_minute
        self._spent: dict[tuple[Period, str], Amount] = defaultdict(Amount)
        self._held: dict[tuple[Period, str], int] = defaultdict(int)
        self._is_limited = bool(purses.campaign) or any(purses.account.values())
        self._running = 0
        self._begun: datetime | None = None
        self.total = Amount()

    @property
    def is_priced(self) -> bool:
        """Whether it is known what a call costs."""
        return self._rate is not None

    def shortage(self, now: datetime) -> Short | None:
        """Why no call may be made now."""
        self._begun = self._begun or now
        if self._purses.seconds is not None:
            held = self._running * self._need.seconds
            left = self._purses.seconds - self.total.seconds
            if left - held < self._need.seconds:
                words = f"The account has {quota.minutes(max(0, left)):g} minutes left."
                return Short("minutes", words, left < self._need.seconds)
        found = budgets.shortage(self._need, self._of(now)) if self._is_limited else None
        if found is None:
            return None
        is_final = found.exhausted and found.frees_at is None
        wait = found.frees_at if found.exhausted else None
        words = f"The budget {found.limit} is used up."
        return Short(found.limit, words, is_final, wait)

    def hold(self, now: datetime) -> None:
        """A call begins."""
        self._running += 1
        for key in self._keys(now):
            self._held[key] += 1

    def settle(self, begun: datetime, talk_seconds: int) -> int | None:
        """A call is over that began then; what it cost."""
        self._running -= 1
        micros = None if self._rate is None else round(self._rate * talk_seconds / 60)
        took = Amount(talk_seconds, 1, micros or 0)
        self.total += took
        for key in self._keys(begun):
            self._held[key] -= 1
            self._spent[key] += took
        return micros

    def _keys(self, moment: datetime) -> list[tuple[Period, str]]:
        if not self._is_limited:
            return []
        day = budgets.day_of(moment, self._purses.zone)
        return [
            (Period.TOTAL, ""),
            (Period.DAY, day),
            (Period.MONTH, budgets.days_of(Period.MONTH, day)[0]),
        ]

    def _of(self, now: datetime) -> list[Purse]:
        purses = self._purses
        keys = dict(self._keys(now))
        first = dict(self._keys(self._begun or now))
        day = keys[Period.DAY]
        found = [
            Purse(
                Consumer.CAMPAIGN,
                "",
                Period.TOTAL,
                purses.campaign,
                purses.campaign_spent + self._spent[Period.TOTAL, ""],
                self._held_of((Period.TOTAL, "")),
            )
        ]
        for period, budget in purses.account.items():
            key = (period, keys[period])
            before = purses.account_spent.get(period, Amount())
            spent = before if first[period] == keys[period] else Amount()
            frees = budgets.frees_at(period, day, purses.zone)
            held = self._held_of(key)
            total = spent + self._spent[key]
            found.append(Purse(Consumer.ACCOUNT, "", period, budget, total, held, frees))
        return [purse for purse in found if purse.budget]

    def _held_of(self, key: tuple[Period, str]) -> Amount:
        calls = self._held[key]
        need = self._need
        return Amount(need.seconds * calls, need.calls * calls, (need.micros or 0) * calls)


def told(amount: Amount, is_priced: bool) -> Mapping[str, float | int | str | None]:
    """What was spent, as JSON."""
    return {
        "minutes": budgets.told(Measure.MINUTES, amount.seconds),
        "calls": amount.calls,
        "cost": budgets.told(Measure.COST, amount.micros) if is_priced else None,
    }

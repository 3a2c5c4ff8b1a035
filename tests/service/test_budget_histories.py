"""Thousands of random operations on minutes and budgets, some broken off by a crash, and a plain
model of what should be left: counted from rows, they never differ, and nothing is passed.

The operations are parts of the verbs that calls go through, so that so many of them take seconds.
TOPCALLS_TEST_OPERATIONS=10000 does more of them.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import factories
import pytest

from topcalls.core.budgets import Amount, Budget, Period, budget_of, day_of
from topcalls.core.costs import Prediction
from topcalls.core.quota import Pool
from topcalls.errors import InsufficientQuota
from topcalls.services import budgets, quotas
from topcalls.services.budgets import CampaignBudget
from topcalls.services.quotas import Claim
from topcalls.store.locking import lock_account

pytestmark = pytest.mark.service
OPERATIONS = int(os.environ.get("TOPCALLS_TEST_OPERATIONS", "2500"))
ZONE = "America/New_York"
CAMPAIGNS = [CampaignBudget("c1", Budget(4_000, 40, 900_000)), CampaignBudget("c2", Budget())]
LIMITS = [None, {"minutes": 200}, {"calls": 30}, {"cost": "1.50"}]
LIMITS += [{"minutes": 100, "calls": 25, "cost": "0.90"}]


class Crash(Exception):
    """The process dies before the next statement."""


@dataclass
class Held:
    """A call that is open, or whose cost is."""

    amount: Amount
    day: str
    campaign: str
    is_over: bool = False


@dataclass
class Model:
    """What there should be, kept by addition alone."""

    granted: Counter = field(default_factory=Counter)
    used: Counter = field(default_factory=Counter)
    spent: dict[tuple[str, str], Amount] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    budgets: dict[Period, Budget] = field(default_factory=dict)

    def reserved(self):
        return sum(one.amount.seconds for one in self.held.values() if not one.is_over)

    def left(self):
        return sum(max(0, self.granted[pool] - self.used[pool]) for pool in Pool)

    def sums(self, matches):
        spent = [amount for place, amount in self.spent.items() if matches(*place)]
        held = [
            Amount(0, 0, one.amount.micros) if one.is_over else one.amount
            for one in self.held.values()
            if matches(one.day, one.campaign)
        ]
        return sum(spent, Amount()), sum(held, Amount())

    def purses(self, day, campaign):
        for period, budget in self.budgets.items():
            start = day if period is Period.DAY else day[:7]
            yield budget, self.sums(lambda at, _, start=start: at.startswith(start))
        if campaign is not None:
            yield campaign.budget, self.sums(lambda _, name: name == campaign.campaign_id)

    def admits(self, amount, day, campaign):
        if self.reserved() + amount.seconds > self.left():
            return False
        for budget, (spent, held) in self.purses(day, campaign):
            total = spent + held + amount
            for limit, sum_ in (
                (budget.seconds, total.seconds),
                (budget.calls, total.calls),
                (budget.micros, total.micros),
            ):
                if limit is not None and sum_ > limit:
                    return False
        return True

    def spend(self, day, campaign, amount):
        self.spent[day, campaign] = self.spent.get((day, campaign), Amount()) + amount


class History:
    """Does one random operation after the other, on the database and on the model."""

    def __init__(self, services, chance):
        self.services, self.clock, self.db = services, services.clock, services.db
        self.chance = chance
        who = factories.principal(services, minutes=3_000)
        self.account_id = who.account_id
        services.statistics.set_time_zone(self.account_id, ZONE)
        self.model = Model(granted=Counter({Pool.PLAN: 180_000}))
        self.number = 0
        self.done = Counter()

    def step(self):
        name = self.chance.choices(
            ["create", "settle", "charge", "again", "grant", "limit", "wait"],
            [36, 30, 26, 3, 2, 1, 2],
        )[0]
        getattr(self, name)()

    def attempt(self, name, work):
        """Do `work`, perhaps with a crash in between, after which it is done again: whether it was
        refused."""
        hooks = self.db._engine.peewee.query_hooks
        if self.chance.random() < 0.3:
            left = [self.chance.randint(1, 8)]

            def die(_):
                left[0] -= 1
                if left[0] == 0:
                    raise Crash

            hooks[:] = [die]
            try:
                self.db.run(work)
            except Crash:
                self.done["crash"] += 1
                hooks.clear()
            except InsufficientQuota:
                hooks.clear()
                return self.refused(name)
            else:
                hooks.clear()
                return self.took(name)
        try:
            self.db.run(work)
        except InsufficientQuota:
            return self.refused(name)
        return self.took(name)

    def refused(self, name):
        self.done[f"{name} refused"] += 1
        return True

    def took(self, name):
        self.done[name] += 1
        return False

    def create(self):
        self.number += 1
        name, now = f"call-{self.number}", self.clock.now()
        campaign = self.chance.choice([None, *CAMPAIGNS])
        amount = Amount(self.chance.randint(1, 900), 1, self.chance.randint(0, 60_000))
        when = now + timedelta(hours=self.chance.choice([0, 0, 0, 30]))
        claim = Claim(name, amount.seconds / 60, Prediction({}, amount.micros), when, campaign)
        day = day_of(when, ZONE)

        def work():
            lock_account(self.account_id)
            quotas.reserve(self.account_id, claim, now)

        expected = self.model.admits(amount, day, campaign)
        assert self.attempt("create", work) is not expected
        if expected:
            self.model.held[name] = Held(amount, day, campaign.campaign_id if campaign else "")

    def settle(self):
        name = self.pick(is_over=False)
        if name is None:
            return
        one = self.model.held[name]
        dialled = self.chance.random() < 0.8
        billed = self.chance.randint(0, one.amount.seconds) if dialled else 0
        now = self.clock.now()
        settle = self.services.quotas.settle
        self.attempt("settle", lambda: settle(self.account_id, name, billed, now, dialled=dialled))
        one.is_over = True
        self.model.spend(one.day, one.campaign, Amount(billed, int(dialled)))
        bonus = min(billed, max(0, self.model.granted[Pool.BONUS] - self.model.used[Pool.BONUS]))
        self.model.used.update({Pool.BONUS: bonus, Pool.PLAN: billed - bonus})

    def charge(self):
        name = self.pick(is_over=True)
        if name is None:
            return
        one, now = self.model.held.pop(name), self.clock.now()
        known = self.chance.randint(0, one.amount.micros)
        total = known if self.chance.random() < 0.7 else None
        cost = max(known, one.amount.micros) if total is None else total
        self.attempt("charge", lambda: budgets.charge(name, total, known, now))
        self.model.spend(one.day, one.campaign, Amount(micros=cost))
        if self.chance.random() < 0.2:  # it is counted again, and costs something else
            more = self.chance.randint(0, one.amount.micros)
            self.attempt("charge", lambda: budgets.charge(name, more, more, now))
            self.model.spend(one.day, one.campaign, Amount(micros=more - cost))

    def again(self):
        """A settlement that comes twice counts once."""
        name, now = self.pick(is_over=True), self.clock.now()
        if name is not None:
            settle = self.services.quotas.settle
            self.attempt("again", lambda: settle(self.account_id, name, 7, now))

    def grant(self):
        pool, minutes = self.chance.choice(list(Pool)), self.chance.randint(-20, 400)
        grant = self.services.quotas.grant
        self.attempt("grant", lambda: grant(self.account_id, minutes, "x", pool=pool))
        self.model.granted[pool] += minutes * 60

    def limit(self):
        given = {period: self.chance.choice(LIMITS) for period in ("day", "month")}
        self.attempt("limit", lambda: self.services.budgets.put(self.account_id, given))
        told = {Period(period): budget_of(budget) for period, budget in given.items()}
        self.model.budgets = {period: budget for period, budget in told.items() if budget}

    def wait(self):
        self.clock.advance(self.chance.randint(0, 40_000))

    def pick(self, is_over):
        names = [name for name, one in self.model.held.items() if one.is_over is is_over]
        return self.chance.choice(names) if names else None

    def compare(self):
        model, today = self.model, day_of(self.clock.now(), ZONE)
        balance = self.db.read(quotas._balance, self.account_id)
        assert (balance.reserved, balance.left) == (model.reserved(), model.left())
        assert balance.plan_used == model.used[Pool.PLAN]
        assert balance.bonus_used == model.used[Pool.BONUS]
        shown = self.services.budgets.get(self.account_id).periods
        for period, start in ((Period.DAY, today), (Period.MONTH, today[:7])):
            purse = shown[period].purse
            expected = model.sums(lambda at, _, start=start: at.startswith(start))
            assert (purse.spent, purse.held) == expected
        for campaign in CAMPAIGNS:
            purse = self.services.budgets.of_campaign(self.account_id, campaign)
            name = campaign.campaign_id
            assert (purse.spent, purse.held) == model.sums(lambda _, of, name=name: of == name)


def test_counted_from_rows_nothing_differs_from_a_plain_model(services):
    history = History(services, random.Random(20_261_130))
    for number in range(OPERATIONS):
        history.step()
        if number % 50 == 0:
            history.compare()
    history.compare()
    done = history.done
    assert min(done[name] for name in ("create", "settle", "charge", "again", "limit")) > 10
    assert done["create refused"] > OPERATIONS / 50
    assert done["crash"] > OPERATIONS / 20

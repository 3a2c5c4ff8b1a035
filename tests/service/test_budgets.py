"""Budgets: held when a call is created, spent when it is over, never passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import factories
import gevent
import pytest

from topcalls.core.budgets import Amount, Budget, Period
from topcalls.core.costs import Prediction
from topcalls.core.prices import ITEMS, UNITS, Price, PriceBook
from topcalls.core.rates import Rate
from topcalls.errors import InsufficientQuota, InvalidRequest, NotFound
from topcalls.services import quotas as quota_verbs
from topcalls.services.budgets import CampaignBudget
from topcalls.services.quotas import Claim
from topcalls.store import budgets as queries
from topcalls.store import calls
from topcalls.store.models import Reservation

pytestmark = pytest.mark.service
LIMIT = 20
CENT = 10_000


@pytest.fixture
def who(services):
    return factories.principal(services, max_concurrent_calls=100)


@pytest.fixture
def priced(services):
    """The own trunk costs a cent a minute, and models nothing."""
    rate = Rate(Decimal("0.01"), minimum_seconds=1, increment_seconds=1)
    services.costs._book = Free(telephony=rate)
    return services


class Free(PriceBook):
    def of(self, model):
        return tuple(Price(item, unit, "0") for item in ITEMS for unit in UNITS)


def day(services, who, period=Period.DAY):
    purse = services.budgets.get(who.account_id).periods[period].purse
    return purse.spent, purse.held


def budget(services, who, **of_day):
    return services.budgets.put(who.account_id, {"day": of_day})


def refused(services, who, **fields):
    with pytest.raises(InsufficientQuota) as caught:
        factories.queued_call(services, who, **fields)
    return caught.value


def wrap_up(services):
    for _ in range(60):
        for call_id in services.wrap_ups.due(services.clock.now(), 50):
            services.wrap_ups.run(call_id, services.clock.now())
        services.clock.advance(5)


def test_a_call_holds_what_it_may_need_until_it_is_over(priced, who):
    services = priced
    factories.queued_call(services, who, max_duration=10)
    assert day(services, who) == (Amount(), Amount(600, 1, 10 * CENT))
    (claimed,) = services.dispatch.claim(factories.OWNER, "n", 1, services.clock.now())
    factories.Life(services, claimed).talk(90).hang_up()
    assert day(services, who) == (Amount(90, 1), Amount(0, 0, 10 * CENT))
    wrap_up(services)
    assert day(services, who) == (Amount(90, 1, 15_000), Amount())
    assert day(services, who, Period.MONTH) == (Amount(90, 1, 15_000), Amount())


def test_a_call_that_was_never_dialled_spends_nothing(services, who):
    call = factories.queued_call(services, who)
    services.calls.cancel(who.account_id, call.id)
    assert day(services, who) == (Amount(), Amount())


def test_a_call_that_nobody_answered_is_a_call(services, who):
    life = factories.Life(services, factories.claimed_call(services, who))
    life.dial().fail("USER_BUSY")
    assert day(services, who) == (Amount(0, 1, 0), Amount())


def test_the_minutes_of_a_day(services, who):
    budget(services, who, minutes=15)
    factories.queued_call(services, who, max_duration=10)
    error = refused(services, who, max_duration=6)
    assert error.extra == {
        "limit": "account_minutes_per_day",
        "consumer": {"type": "account", "id": who.account_id},
        "unit": "minutes",
        "needed": 6.0,
        "left": 5.0,
        "exhausted": False,
        "frees_at": services.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        + timedelta(days=1),
    }
    assert "Calls that wait or run hold 10.0 minutes of it" in str(error)
    factories.queued_call(services, who, max_duration=5)
    assert refused(services, who, max_duration=16).extra["exhausted"]


def test_the_next_day_is_another_budget_and_the_month_is_the_same(services, who):
    services.budgets.put(who.account_id, {"day": {"calls": 1}, "month": {"calls": 2}})
    factories.finished_call(services, who, seconds=1)
    assert refused(services, who).extra["limit"] == "account_calls_per_day"
    services.clock.advance(86400)
    factories.finished_call(services, who, seconds=1)
    services.clock.advance(86400)
    error = refused(services, who)
    assert (error.extra["limit"], error.extra["left"]) == ("account_calls_per_month", 0)
    assert error.extra["frees_at"].isoformat() == "2026-12-01T00:00:00+00:00"


def test_days_are_those_of_the_accounts_zone(services, who):
    services.statistics.set_time_zone(who.account_id, "Asia/Tokyo")
    budget(services, who, calls=1)
    factories.queued_call(services, who)
    error = refused(services, who)
    assert error.extra["frees_at"].isoformat() == "2026-11-23T15:00:00+00:00"
    services.clock.advance(3 * 3600)
    factories.queued_call(services, who)


def test_a_scheduled_call_belongs_to_its_own_day(services, who):
    budget(services, who, calls=1)
    tomorrow = services.clock.now() + timedelta(days=1)
    factories.queued_call(services, who, schedule_at=tomorrow)
    factories.queued_call(services, who)
    error = refused(services, who, schedule_at=tomorrow)
    assert error.extra["frees_at"].isoformat() == "2026-11-25T00:00:00+00:00"


def test_the_cost_of_a_day_counts_what_running_calls_may_cost(priced, who):
    services = priced
    budget(services, who, cost="0.25")
    first, second = (factories.queued_call(services, who, max_duration=10) for _ in range(2))
    error = refused(services, who, max_duration=10)
    told = {name: error.extra[name] for name in ("unit", "needed", "left", "exhausted")}
    assert told == {"unit": "USD", "needed": "0.10", "left": "0.05", "exhausted": False}
    services.calls.cancel(who.account_id, second.id)
    factories.queued_call(services, who, max_duration=15)
    assert first.cost["predicted"]["at_most"]["total"] == "0.10"


def test_what_nobody_can_predict_is_refused_where_money_is_limited(services, who):
    budget(services, who, cost="25.00")
    error = refused(services, who)
    assert (error.extra["limit"], error.extra["needed"]) == ("account_cost_per_day", None)
    assert "the installation's own trunk: The carrier has no rate." in str(error)
    assert "Give the carrier a rate" in error.remedy
    budget(services, who, minutes=60)
    factories.queued_call(services, who)


def test_a_cost_that_is_not_known_at_last_counts_as_it_was_predicted(priced, who):
    services = priced
    call = factories.claimed_call(services, who, max_duration=10)
    services.costs._book = PriceBook()
    factories.Life(services, call).talk(30).hang_up()
    wrap_up(services)
    assert day(services, who)[0] == Amount(30, 1, 10 * CENT)


def test_a_cost_that_is_counted_again_is_counted_once(priced, who):
    services = priced
    call_id = factories.finished_call(services, who, seconds=60)
    wrap_up(services)
    assert day(services, who)[0].micros == CENT
    services.costs._book = replace(services.costs._book, telephony=Rate(Decimal("0.03")))
    for _ in range(2):
        services.db.run(lambda: services.costs.recount(calls.get(call_id)))
        assert day(services, who) == (Amount(60, 1, 3 * CENT), Amount())


def test_budgets_are_judged_and_replaced_as_a_whole(services, who):
    with pytest.raises(InvalidRequest) as caught:
        services.budgets.put(who.account_id, {"day": {"minutes": -1}, "week": {}})
    assert [fault.path for fault in caught.value.errors] == ["week", "day.minutes"]
    with pytest.raises(NotFound):
        services.budgets.put("nobody", {})
    with pytest.raises(NotFound):
        services.budgets.get("nobody")
    shown = services.budgets.put(who.account_id, {"month": {"calls": 0}})
    assert shown.periods[Period.MONTH].purse.budget == Budget(calls=0)
    assert refused(services, who).extra["limit"] == "account_calls_per_month"
    services.budgets.put_period(who.account_id, Period.DAY, {"calls": 0})
    assert refused(services, who).extra["limit"] == "account_calls_per_month"
    services.budgets.put_period(who.account_id, Period.MONTH, None)
    assert refused(services, who).extra["limit"] == "account_calls_per_day"
    services.budgets.put(who.account_id, {})
    factories.queued_call(services, who)


def test_calls_created_at_the_same_time_do_not_both_have_the_last_of_a_budget(services, who):
    budget(services, who, calls=3)

    def create():
        try:
            return factories.queued_call(services, who).id
        except InsufficientQuota:
            return None

    jobs = [gevent.spawn(create) for _ in range(8)]
    gevent.joinall(jobs, timeout=LIMIT, raise_error=True)
    assert sum(job.value is not None for job in jobs) == 3


def test_a_campaign_has_a_budget_of_its_own(services, who):
    campaign = CampaignBudget("c1", Budget(seconds=900))
    cost = Prediction({}, 0)

    def reserve(call_id, share, days=0):
        when = services.clock.now() + timedelta(days=days)
        claim = Claim(call_id, 10, cost, when, share)
        services.db.run(quota_verbs.reserve, who.account_id, claim, services.clock.now())

    reserve("a", campaign)
    with pytest.raises(InsufficientQuota) as caught:
        reserve("b", campaign, days=1)
    assert caught.value.extra["limit"] == "campaign_minutes"
    assert caught.value.extra["consumer"] == {"type": "campaign", "id": "c1"}
    assert (caught.value.extra["exhausted"], caught.value.extra["frees_at"]) == (False, None)
    reserve("b", None)
    reserve("c", CampaignBudget("c2", Budget()))
    services.quotas.settle(who.account_id, "a", 400, services.clock.now())
    with pytest.raises(InsufficientQuota) as caught:
        reserve("d", campaign)
    assert caught.value.extra["exhausted"]
    purse = services.budgets.of_campaign(who.account_id, campaign)
    assert (purse.spent, purse.held) == (Amount(400, 1), Amount())
    other = services.budgets.of_campaign(who.account_id, CampaignBudget("c2", Budget()))
    assert (other.spent, other.held) == (Amount(), Amount(600, 1))
    assert day(services, who) == (Amount(400, 1), Amount(1200, 2))


def test_calls_from_before_there_were_budgets_are_of_no_day(services, who):
    call_id = factories.queued_call(services, who).id
    services.db.run(lambda: Reservation.update(day=None).execute())
    assert day(services, who) == (Amount(), Amount())
    services.calls.cancel(who.account_id, call_id)
    assert day(services, who) == (Amount(), Amount())
    assert services.quotas.balance(who.account_id).minutes_reserved == 0


def test_a_cost_that_was_left_behind_is_found(services, who):
    call_id = factories.finished_call(services, who, seconds=60)
    wrap_up(services)
    lost = Reservation.update(counted_at=None).where(Reservation.call_id == call_id)
    services.db.run(lost.execute)
    now = services.clock.now()
    assert services.db.read(queries.uncounted, now, 5) == [call_id]
    assert services.db.read(queries.uncounted, now - timedelta(hours=1), 5) == []
    services.clock.advance(3600)
    assert services.housekeeping.run(services.clock.now()).costs == 1
    assert services.housekeeping.run(services.clock.now()).costs == 0
    assert day(services, who)[1] == Amount()

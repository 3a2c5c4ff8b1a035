"""Budgets: what fits, what a refusal says, and when a period begins and ends."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topcalls.core import budgets
from topcalls.core.budgets import (
    Amount,
    Budget,
    Consumer,
    Measure,
    Need,
    Period,
    Purse,
    account_budgets,
    account_faults,
    budget_faults,
    budget_of,
    shortage,
)

pytestmark = pytest.mark.unit
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DOLLAR = 1_000_000
NEW_YORK = "America/New_York"
AMOUNTS = st.builds(Amount, *(st.integers(0, 50) for _ in range(3)))
LIMITS = st.builds(Budget, *(st.none() | st.integers(0, 120) for _ in range(3)))


def purse(budget, spent=(0, 0, 0), held=(0, 0, 0), period=Period.DAY, frees_at=NOON):
    consumer = Consumer.CAMPAIGN if period is Period.TOTAL else Consumer.ACCOUNT
    at = None if period is Period.TOTAL else frees_at
    return Purse(consumer, "x", period, budget, Amount(*spent), Amount(*held), at)


@pytest.mark.parametrize(("measure", "at"), [(one, at) for at, one in enumerate(Measure)])
@pytest.mark.parametrize(
    ("limit", "spent", "held", "needed", "fits", "exhausted"),
    [
        (10, 0, 0, 10, True, None),
        (10, 0, 0, 11, False, True),
        (10, 4, 3, 3, True, None),
        (10, 4, 3, 4, False, False),
        (10, 4, 6, 1, False, False),
        (10, 10, 0, 1, False, True),
        (10, 12, 0, 0, True, None),
        (0, 0, 0, 1, False, True),
        (None, 10**9, 10**9, 10**9, True, None),
    ],
)
def test_a_call_fits_as_far_as_what_is_spent_and_held_allows(
    measure, at, limit, spent, held, needed, fits, exhausted
):
    def only(value, other=0):
        return [value if index == at else other for index in range(3)]

    seconds, calls, micros = only(needed)
    need = Need(seconds, micros, calls=calls)
    short = shortage(need, [purse(Budget(*only(limit, None)), only(spent), only(held))])
    assert (short is None) is fits
    if short is not None:
        assert (short.measure, short.exhausted) == (measure, exhausted)
        assert short.limit == f"account_{measure}_per_day"


@given(LIMITS, st.lists(st.tuples(AMOUNTS, st.booleans()), max_size=20))
def test_calls_that_fit_one_after_the_other_never_pass_a_budget(limit, calls):
    spent = held = Amount()
    for amount, over in calls:
        before = Purse(Consumer.ACCOUNT, "x", Period.DAY, limit, spent, held)
        need = Need(amount.seconds, amount.micros, calls=amount.calls)
        if shortage(need, [before]) is None:
            held += amount
            if over:  # everything that is held has been used up
                spent, held = spent + held, Amount()
        for measure in Measure:
            most = limit.of(measure)
            assert most is None or (spent + held).of(measure) <= most


def test_the_budget_that_stays_short_for_longest_is_told():
    tight, later = Budget(calls=1), NOON + timedelta(days=8)
    full = (0, 1, 0)
    waiting = purse(tight, held=full)
    today, month = purse(tight, full), purse(tight, full, period=Period.MONTH, frees_at=later)
    campaign = purse(tight, full, period=Period.TOTAL)
    for several, told in (
        ([waiting, today], today),
        ([today, month, waiting], month),
        ([campaign, month, today], campaign),
    ):
        for order in (several, several[::-1]):
            short = shortage(Need(60), order)
            assert short is not None
            assert short.purse is told
    assert shortage(Need(60), [campaign]).limit == "campaign_calls"
    assert shortage(Need(60), [month]).frees_at == later


def test_what_cannot_be_predicted_fits_no_budget_of_money_and_any_other():
    need = Need(60, None, "Telnyx: The carrier has no rate.")
    assert shortage(need, [purse(Budget(seconds=60, calls=1))]) is None
    short = shortage(need, [purse(Budget(micros=10**12))])
    assert (short.limit, short.needed, short.exhausted) == ("account_cost_per_day", None, True)
    assert (short.unknown, short.frees_at) == ("Telnyx: The carrier has no rate.", None)


def test_how_long_a_call_may_last():
    purses = [purse(Budget(seconds=100), (40, 0, 0), (30, 0, 0)), purse(Budget(calls=1))]
    assert budgets.seconds_left(600, purses) == 30
    assert budgets.seconds_left(20, purses) == 20
    assert budgets.seconds_left(600, [purse(Budget(seconds=10), (40, 0, 0))]) == 0
    assert budgets.seconds_left(600, []) == 600


# --- periods


@pytest.mark.parametrize(
    ("zone", "moment", "day", "day_frees", "month_frees"),
    [
        ("UTC", "2026-11-23T23:59", "2026-11-23", "2026-11-24T00:00", "2026-12-01T00:00"),
        (NEW_YORK, "2026-11-01T04:00", "2026-11-01", "2026-11-02T05:00", "2026-12-01T05:00"),
        (NEW_YORK, "2026-11-01T03:59", "2026-10-31", "2026-11-01T04:00", "2026-11-01T04:00"),
        ("Asia/Kolkata", "2026-12-31T18:30", "2027-01-01", "2027-01-01T18:30", "2027-01-31T18:30"),
        ("Africa/Cairo", "2026-04-24T12:00", "2026-04-24", "2026-04-24T21:00", "2026-04-30T21:00"),
        ("Africa/Cairo", "2026-04-23T12:00", "2026-04-23", "2026-04-23T22:00", "2026-04-30T21:00"),
    ],
)
def test_periods_are_those_of_the_zone(zone, moment, day, day_frees, month_frees):
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert budgets.day_of(at, zone) == day
    for period, frees in ((Period.DAY, day_frees), (Period.MONTH, month_frees)):
        found = budgets.frees_at(period, day, zone)
        assert found == datetime.fromisoformat(frees).replace(tzinfo=UTC)
        assert budgets.starts_at(period, day, zone) <= at < found
    assert budgets.frees_at(Period.TOTAL, day, zone) is None
    assert budgets.starts_at(Period.TOTAL, day, zone) is None


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(available_timezones())),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),  # noqa: DTZ001 - made aware below
)
def test_every_moment_lies_in_its_day_and_month_in_every_zone(zone, naive):
    moment = naive.replace(tzinfo=UTC)
    day = budgets.day_of(moment, zone)
    for period in (Period.DAY, Period.MONTH):
        first, last = budgets.days_of(period, day)
        assert first <= day <= last
        began = budgets.starts_at(period, day, zone)
        ends = budgets.frees_at(period, day, zone)
        assert began <= moment < ends
        assert budgets.day_of(began, zone) == first
        after = date.fromisoformat(budgets.day_of(ends, zone))
        before = (ends - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()
        assert before < after
        assert after.isoformat() > last
        assert before.isoformat() <= last


# --- as JSON


def test_a_budget_is_read_exactly():
    given = {"minutes": 1.5, "calls": 3, "cost": "25.000001"}
    assert budget_of(given) == Budget(90, 3, 25 * DOLLAR + 1)
    assert budget_of(None) == budget_of({}) == Budget()
    assert not budget_of({"minutes": None, "calls": None})
    assert budget_of({"calls": 0})
    assert account_budgets({"day": given, "month": {"cost": None}}) == {
        Period.DAY: budget_of(given)
    }
    assert account_budgets(None) == {}
    told = [budgets.told(one, budget_of(given).of(one)) for one in Measure]
    assert told == [1.5, 3, "25.000001"]


@pytest.mark.parametrize(
    "right",
    [None, {}, {"minutes": 0}, {"minutes": 0.5}, {"calls": 10**9}, {"cost": "0"}]
    + [{"cost": "999999.99999999"}, {"minutes": None, "calls": None, "cost": None}],
)
def test_budgets_that_are_right(right):
    assert list(budget_faults(right, "budget")) == []
    assert list(account_faults({"day": right, "month": right})) == []


@pytest.mark.parametrize(
    ("wrong", "paths"),
    [
        (5, ["budget"]),
        ([], ["budget"]),
        ({"minuts": 5}, ["budget.minuts"]),
        *(({"minutes": bad}, ["budget.minutes"]) for bad in (-1, True, "5", 1e9, float("nan"))),
        *(({"calls": bad}, ["budget.calls"]) for bad in (-1, True, "5", 1.5, 10**10)),
        *(({"cost": bad}, ["budget.cost"]) for bad in (-1, 5, 2.5, "-1", "1e3", "$5", "", "1,5")),
        ({"minutes": -1, "calls": -1}, ["budget.minutes", "budget.calls"]),
    ],
)
def test_budgets_that_are_wrong_name_the_field(wrong, paths):
    faults = list(budget_faults(wrong, "budget"))
    assert [fault.path for fault in faults] == paths
    assert all(fault.message.endswith((".", "?")) for fault in faults)


def test_an_accounts_periods_are_judged():
    assert [fault.path for fault in account_faults({"week": {}, "day": {"x": 1}})] == [
        "week",
        "day.x",
    ]
    (fault,) = account_faults({"days": None})
    assert "Did you mean 'day'?" in fault.message


def test_limits_are_named_alike():
    names = {
        budgets.limit_name(consumer, measure, period)
        for consumer, measure, period in product(Consumer, Measure, Period)
    }
    assert {"account_cost_per_month", "campaign_minutes", "account_calls_per_day"} <= names

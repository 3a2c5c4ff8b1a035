"""Minutes: what a call needs, what it is billed, which pool pays, what is left."""

from datetime import UTC, datetime, timedelta

import pytest

from topcalls.core import quota
from topcalls.core.quota import Balance, Pool

pytestmark = pytest.mark.unit
ANSWER = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "seconds"), [(0, 0), (1, 60), (10.0, 600), (0.1, 6), (2.51, 151), (1 / 3, 20)]
)
def test_a_call_reserves_its_longest_duration(minutes, seconds):
    assert quota.reservation(minutes) == seconds


@pytest.mark.parametrize(
    ("talked", "billed"), [(0, 0), (0.2, 1), (1, 1), (59.0001, 60), (150, 150), (-3, 0)]
)
def test_a_started_second_is_billed(talked, billed):
    assert quota.billed(ANSWER, ANSWER + timedelta(seconds=talked)) == billed


def test_an_unanswered_call_is_free():
    assert quota.billed(None, ANSWER) == 0


@pytest.mark.parametrize(
    ("seconds", "bonus_left", "bonus", "plan"),
    [
        (100, 0, 0, 100),
        (100, 40, 40, 60),
        (100, 100, 100, 0),
        (100, 500, 100, 0),
        (100, -5, 0, 100),
    ],
)
def test_the_bonus_is_used_up_first(seconds, bonus_left, bonus, plan):
    assert quota.split(seconds, bonus_left) == {Pool.BONUS: bonus, Pool.PLAN: plan}


def test_what_is_left_counts_reservations_and_what_is_available_does_not():
    balance = Balance(plan_granted=600, plan_used=100, bonus_granted=60, bonus_used=20, reserved=40)
    assert balance.left == 540
    assert balance.available == 500
    assert balance.allows(500)
    assert not balance.allows(501)


def test_an_overdrawn_pool_does_not_eat_into_the_other():
    balance = Balance(plan_granted=60, plan_used=90, bonus_granted=30, bonus_used=0)
    assert balance.left == 30


def test_nothing_is_refused_where_minutes_are_unlimited():
    assert Balance(unlimited=True).allows(10**6)


def test_minutes_are_exact_for_whole_seconds():
    assert quota.minutes(150) == 2.5
    assert [round(quota.minutes(seconds) * 60) for seconds in range(200)] == list(range(200))

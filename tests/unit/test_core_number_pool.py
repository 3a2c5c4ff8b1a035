"""By which of its numbers a campaign calls somebody."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core import phone_numbers
from topcalls.core.number_pool import (
    Chosen,
    Lack,
    NoNumber,
    NumberPool,
    NumberUse,
    Unusable,
    choose,
    daily_limit,
    pool_of,
    unusable_words,
)

pytestmark = pytest.mark.unit
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
A, B, C = "+12125550101", "+13055550102", "+442079460103"
CALLEE = "+12125559999"


def used(number, today=0, hours_ago=1.0, **facts):
    last = NOW - timedelta(hours=hours_ago)
    return NumberUse(number, today, last, last, **facts)


def picked(pool, uses=(), callee=CALLEE, before=None):
    return choose(pool, uses, callee, before, NOW, phone_numbers.region)


def test_a_section_of_a_campaign():
    section = {"numbers": [A, B], "local_presence": True, "rotation": "in_turn",
               "per_number_daily": 75, "warm_up": True}  # fmt: skip
    assert pool_of(section) == NumberPool((A, B), True, "in_turn", 75, True)
    assert pool_of(None) == pool_of({}) == NumberPool()


def test_the_least_used_number_comes_next():
    pool = NumberPool((A, B, C))
    assert picked(pool) == Chosen(A, "rotation")
    assert picked(pool, [used(A, 2), used(B, 1), used(C, 1, hours_ago=3)]).number == C
    assert picked(pool, [used(A, 2), used(B, 1)]).number == C


def test_in_turn_is_by_the_last_call():
    pool = NumberPool((A, B, C), rotation="in_turn")
    uses = [used(A, 0, hours_ago=1), used(B, 50, hours_ago=3), used(C, 0, hours_ago=2)]
    assert picked(pool, uses).number == B


def test_somebody_sees_the_number_that_they_saw_before():
    pool = NumberPool((A, B))
    assert picked(pool, [used(B, 40)], before=B) == Chosen(B, "same")
    assert picked(pool, [used(B, 40)], before=C) == Chosen(A, "rotation")
    rests = used(B, 1, rests_until=NOW + timedelta(hours=1))
    assert picked(pool, [rests], before=B) == Chosen(A, "rotation")


def test_a_number_of_the_persons_area_comes_first():
    pool = NumberPool((B, C, A), local_presence=True)
    assert picked(pool, [used(A, 40)], callee="+12127779999") == Chosen(A, "local")
    assert picked(pool, callee="+442079460999") == Chosen(C, "local")
    assert picked(pool, callee="+14155550123") == Chosen(B, "local")  # the same country
    assert picked(pool, callee="+33142000000") == Chosen(B, "rotation")
    assert picked(NumberPool((B, C, A)), callee="+12127779999") == Chosen(B, "rotation")


def test_a_neighbours_number_is_never_shown_for_local_presence():
    pool = NumberPool((A, B), local_presence=True)
    assert picked(pool, callee="+12125550777") == Chosen(B, "local")
    only = NumberPool((A,), local_presence=True)
    found = picked(only, callee="+12125550777")
    assert (found.until, found.lack) == (None, Lack.NEIGHBOUR)
    assert picked(NumberPool((A,)), callee="+12125550777") == Chosen(A, "rotation")


def test_a_number_has_so_many_calls_in_any_24_hours():
    pool = NumberPool((A, B), per_number_daily=3)
    assert picked(pool, [used(A, 3), used(B, 2)]).number == B
    full = picked(pool, [used(A, 3, hours_ago=5), used(B, 3, hours_ago=9)])
    assert full.until == NOW + timedelta(hours=15)  # its oldest call of the day
    assert full.lack is Lack.FULL


def test_a_number_that_rests_calls_nobody():
    rests = [used(number, 1, rests_until=NOW + timedelta(hours=2)) for number in (A, B)]
    found = picked(NumberPool((A, B)), rests)
    assert isinstance(found, NoNumber)
    assert found.until == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("days", "most"), [(None, 20), (0, 20), (6, 20), (7, 30), (14, 50), (21, 75), (400, 75)]
)
def test_new_numbers_are_warmed_up(days, most):
    pool = NumberPool((A,), per_number_daily=75, warm_up=True)
    first = None if days is None else NOW - timedelta(days=days)
    assert daily_limit(pool, NumberUse(A, first_at=first), NOW) == most
    assert daily_limit(NumberPool((A,)), NumberUse(A), NOW) is None


def test_no_numbers_is_none():
    assert isinstance(picked(NumberPool()), NoNumber)


@given(
    st.lists(
        st.tuples(st.sampled_from([A, B, C]), st.integers(0, 5), st.floats(0, 23)),
        unique_by=lambda use: use[0],
    ),
    st.sampled_from(["+12125550777", "+13057770000", "+442079460999", "+81312345678"]),
    st.sampled_from([None, A, B, C]),
    st.booleans(),
    st.integers(1, 5),
)
def test_whatever_is_chosen_had_room(drawn, callee, before, local, most):
    pool = NumberPool((A, B, C), local, per_number_daily=most)
    uses = [used(number, today, hours) for number, today, hours in drawn]
    found = picked(pool, uses, callee, before)
    loads = {use.number: use.today for use in uses}
    if isinstance(found, Chosen):
        assert loads.get(found.number, 0) < most
        return
    assert found.until is not None
    assert found.until > NOW
    assert all(loads.get(n, 0) >= most for n in pool.numbers if not (local and n[:8] == callee[:8]))


@pytest.mark.parametrize("why", Unusable)
def test_a_number_that_cannot_be_used_is_never_shown(why):
    pool = NumberPool((A, B))
    bad = NumberUse(A, unusable=why)
    assert picked(pool, [bad], before=A) == Chosen(B, "rotation")
    found = picked(NumberPool((A,)), [bad])
    assert (found.until, found.lack) == (None, Lack.UNUSABLE)
    assert A in found.why


def test_what_cannot_be_used_is_told_with_what_can_be_done_about_it():
    uses = [NumberUse(f"+1212555010{n}", unusable=Unusable.RELEASED) for n in range(7)]
    told = unusable_words([*uses, NumberUse(B)])
    assert told.startswith("+12125550100 was given back to the carrier: buy another one; ")
    assert told.endswith("+12125550104 was given back to the carrier: buy another one; and 2 more")
    assert B not in told
    assert unusable_words([NumberUse(B)]) == ""


def test_a_number_is_of_every_series_that_must_be_shown():
    pool = NumberPool((A, B, C))
    series = [("+44", "+34400"), ("+442", "+1305")]
    found = choose(pool, (), CALLEE, A, NOW, phone_numbers.region, series)
    assert found == Chosen(C, "rotation")
    none = choose(pool, (), CALLEE, A, NOW, phone_numbers.region, [("+34400",)])
    assert (none.until, none.lack) == (None, Lack.SERIES)
    assert "+34400" in none.why

"""How fast a campaign calls, and who gets the next place."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.campaign_production import AccountAhead, Producing, Turn, order, plan
from topcalls.core.campaign_state import Rank
from topcalls.core.fair_share import Lane, shares, two_levels
from topcalls.core.pacing import (
    LEAST_AHEAD,
    MOST_AHEAD,
    SLOWEST,
    Limits,
    Pacing,
    RampUp,
    Window,
    ahead,
    eased,
    limits,
    pacing_of,
    ramped,
    room,
    without_reserve,
)

pytestmark = pytest.mark.unit
LONG = timedelta(days=1)


def test_a_section_of_a_campaign():
    section = {
        "max_concurrent": 20,
        "calls_per_minute": 60,
        "calls_per_second": 2,
        "ramp_up": {"from": 10, "minutes": 15},
    }
    assert pacing_of(section) == Pacing(20, 60, 2, RampUp(10, 15))
    assert pacing_of(None) == pacing_of({}) == Pacing()


def test_limits_by_second_and_minute_are_windows():
    held = limits(Pacing(20, 60, 2), LONG)
    assert held == Limits(20, (Window(1, 2), Window(10, 10), Window(60, 60)))
    assert limits(Pacing(), LONG) == Limits(None, ())


def test_less_than_one_call_a_second_is_one_in_several():
    assert limits(Pacing(per_second=0.25), LONG).windows == (Window(4, 1),)
    assert limits(Pacing(per_minute=2), LONG).windows == (Window(30, 1), Window(60, 2))
    assert limits(Pacing(per_minute=0.5), LONG).windows == (Window(120, 1), Window(120, 1))


@pytest.mark.parametrize(
    ("minutes", "part"), [(0, 0.1), (5, 0.4), (10, 0.7), (15, 1.0), (900, 1.0), (-5, 0.1)]
)
def test_it_ramps_up_evenly(minutes, part):
    assert ramped(RampUp(10, 15), timedelta(minutes=minutes)) == pytest.approx(part)


def test_a_ramp_bounds_every_limit_and_leaves_one_call():
    held = limits(Pacing(30, 600, 10, RampUp(10, 15)), timedelta())
    assert held == Limits(3, (Window(1, 1), Window(10, 10), Window(60, 60)))
    assert limits(Pacing(3, ramp_up=RampUp(1, 60)), timedelta()).concurrent == 1


@pytest.mark.parametrize(
    ("busy", "speed"), [(0, 1), (1, 0.5), (2, 0.25), (3, 0.25), (4, 0.125), (99, SLOWEST)]
)
def test_a_carrier_without_free_lines_slows_it(busy, speed):
    assert eased(busy) == speed


def test_room_is_the_narrowest_limit():
    held = Limits(10, (Window(1, 2), Window(60, 60)))
    assert room(held, 0, [0, 0]) == 2
    assert room(held, 9, [0, 0]) == 1
    assert room(held, 0, [0, 60]) == 0
    assert room(held, 12, [0, 0]) == 0
    assert room(Limits(None, ()), 500, []) is None


def test_the_queue_ahead_is_short_and_follows_what_is_taken():
    assert ahead(Limits(None, ()), 0, 0) == LEAST_AHEAD
    assert ahead(Limits(None, ()), 0, 100) == 200
    assert ahead(Limits(None, ()), 0, 10_000) == MOST_AHEAD
    assert ahead(Limits(None, (Window(60, 60),)), 0, 100) == 5
    assert ahead(Limits(None, (Window(30, 1),)), 0, 0) == 1
    assert ahead(Limits(100, ()), 100, 100) == 10
    assert ahead(Limits(2, ()), 0, 0) == 3
    assert ahead(Limits(2, ()), 2, 0) == 1


def test_a_reserve_is_left_for_others():
    assert without_reserve(50, 10) == 40
    assert without_reserve(50, 0) == 50
    assert without_reserve(5, 9) == 0


@given(
    st.integers(1, 40) | st.none(),
    st.floats(0.5, 300) | st.none(),
    st.floats(0.1, 20) | st.none(),
    st.floats(1, 100),
    st.floats(0, 60),
    st.lists(st.floats(0.01, 3), min_size=20, max_size=120),
)
def test_no_window_is_ever_exceeded(concurrent, per_minute, per_second, percent, ramp, steps):
    """Calls of 20 s, started whenever there is room, looked at at odd moments."""
    pacing = Pacing(concurrent, per_minute, per_second, RampUp(percent, ramp))
    dialled, now = [], 0.0
    for step in steps:
        now += step
        held = limits(pacing, timedelta(seconds=now))
        counts = [sum(at > now - one.seconds for at in dialled) for one in held.windows]
        live = sum(at > now - 20 for at in dialled)
        free = room(held, live, counts)
        dialled += [now] * min(5 if free is None else free, 5)
    full = limits(pacing, LONG)
    for window in full.windows:
        for start in dialled:
            inside = sum(start <= at < start + window.seconds for at in dialled)
            assert inside <= window.most
    if concurrent is not None:
        assert all(sum(at - 20 < one <= at for one in dialled) <= concurrent for at in dialled)


# --- fair share


def test_places_go_to_whoever_runs_least_for_its_weight():
    lanes = [Lane("a", 0, 100), Lane("b", 0, 100, weight=2), Lane("c", 3, 100)]
    assert shares(lanes, 10) == {"a": 3, "b": 7}


def test_a_higher_priority_comes_first_and_leaves_the_rest():
    lanes = [Lane("low", 0, 9), Lane("high", 50, 4, priority=1)]
    assert shares(lanes, 6) == {"high": 4, "low": 2}


def test_nobody_gets_more_than_there_is_room_for():
    assert shares([Lane("a", 0, 2), Lane("b", 9, 1), Lane("c", 0, 0), Lane("d", 0, -3)], 99) == {
        "a": 2,
        "b": 1,
    }
    assert shares([], 5) == {}
    assert shares([Lane("a", 0, 2)], 0) == {}


def test_campaigns_of_one_account_share_what_the_account_gets():
    groups = {
        "acme": [Lane("one", 0, 50), Lane("two", 0, 50)],
        "big": [Lane("only", 0, 50)],
        "idle": [],
    }
    own = [Lane("acme", 0, 40), Lane("big", 0, 2), Lane("idle", 0, 9)]
    assert two_levels(groups, own, 12) == {"one": 5, "two": 5, "only": 2}


lanes = st.lists(
    st.tuples(st.integers(0, 30), st.integers(-2, 30), st.integers(1, 500), st.integers(0, 3)),
    max_size=12,
)


@given(lanes, st.integers(0, 200))
def test_every_place_is_given_that_somebody_can_use(drawn, places):
    all_lanes = [Lane(str(index), *facts) for index, facts in enumerate(drawn)]
    given_places = shares(all_lanes, places)
    usable = sum(max(0, lane.room) for lane in all_lanes)
    assert sum(given_places.values()) == min(places, usable)
    for lane in all_lanes:
        got = given_places.get(lane.key, 0)
        assert got <= max(0, lane.room)
        for other in all_lanes:
            if other.priority != lane.priority or got >= lane.room:
                continue
            theirs = given_places.get(other.key, 0)
            if theirs:  # whoever got a place had a turn that was due no later than mine is now
                assert (other.running + theirs) / other.weight <= (
                    lane.running + got + 1
                ) / lane.weight + 1e-9


# --- production


def test_who_is_due_comes_in_this_order():
    early, late = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)
    turns = [
        Turn(Rank.FRESH, early, "a"),
        Turn(Rank.RETRY, late, "b"),
        Turn(Rank.CALLBACK, late, "c"),
        Turn(Rank.FRESH, early, "0"),
        Turn(Rank.RETRY, early, "d"),
    ]
    assert [turn.lead_id for turn in sorted(turns, key=order)] == ["c", "d", "b", "0", "a"]


def test_a_round_is_one_plan_for_all_campaigns():
    accounts = [AccountAhead("acme", 0, 0, 20), AccountAhead("big", 0, 0, 20)]
    campaigns = [
        Producing("one", "acme", 0, 0, 20),
        Producing("two", "acme", 0, 0, 20, weight=3),
        Producing("full", "big", 5, 20, 20),
        Producing("three", "big", 0, 5, 20),
    ]
    made = plan(accounts, campaigns)
    assert made == {"one": 5, "two": 15, "three": 15}
    assert sum(plan(accounts, campaigns, 6).values()) == 6
    assert plan([], []) == {}

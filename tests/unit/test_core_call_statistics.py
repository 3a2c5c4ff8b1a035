"""What calls add up to."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.call_statistics import SUMS, Counted, Tally, place
from topcalls.core.latency import Moments, TurnTiming
from topcalls.core.token_usage import TokenUsage

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 01:30 in New York, where the hour comes twice
MOMENTS = Moments(caller_energy=1)
AGENT = "0b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11"


def call(**changes):
    usual = {
        "direction": "outbound",
        "phone_number": "+12025550100",
        "from_number": "+12025550199",
        "created_at": AT - timedelta(hours=5),
        "dialled_at": AT,
        "answered_at": AT + timedelta(seconds=9),
        "ended_at": AT + timedelta(seconds=69),
        "billed_seconds": 60,
        "words": {"call_status": "completed", "disposition": None, "answered_by": "human"},
        "carrier_id": "c",
        "cost": {"total": "0.0213", "known": "0.0213"},
        "usages": (TokenUsage(10, 20, 5, 3, 4), TokenUsage(heard_ms=60_000)),
        "timings": (TurnTiming(1, 400, 300, 50, moments=MOMENTS, ear_ms=900),),
    }
    return Counted(**{**usual, **changes})


def test_one_call_counted():
    tally = call().tally
    assert {name: getattr(tally, name) for name in SUMS} == {
        "calls": 1,
        "dialled": 1,
        "answered": 1,
        "completed": 1,
        "seconds": 60,
        "cost_micros": 21_300,
        "cost_unknown": 0,
        "input_tokens": 30,
        "output_tokens": 7,
    }
    assert tally.outcomes == {"call_status": {"completed": 1}, "answered_by": {"human": 1}}
    assert tally.spreads["ear"].answers == 1
    assert tally.spreads["ear"].p50 == pytest.approx(900, rel=0.025)
    assert (tally.answer_rate, tally.completion_rate, tally.average_seconds) == (1, 1, 60)
    assert tally.cost == "0.0213"


def test_a_cost_of_which_a_part_is_not_known_is_told_apart():
    tally = call(cost={"total": None, "known": "0.01"}).tally
    assert (tally.cost_micros, tally.cost_unknown) == (10_000, 1)
    assert call(cost=None).tally.cost_unknown == 1


@pytest.mark.parametrize(
    ("changes", "values"),
    [
        ({}, {"all": "", "carrier": "c", "number": "+12025550199"}),
        ({"carrier_id": None}, {"all": "", "carrier": "own", "number": "+12025550199"}),
        ({"dialled_at": None, "carrier_id": None}, {"all": "", "number": "+12025550199"}),
        (
            {"direction": "inbound", "dialled_at": None, "from_number": None},
            {"all": "", "carrier": "c", "number": "+12025550100"},
        ),
        (
            {"campaign_id": "k", "agent_id": AGENT, "agent_version": 3},
            {
                "all": "",
                "campaign": "k",
                "agent": f"{AGENT}@3",
                "carrier": "c",
                "number": "+12025550199",
            },
        ),
    ],
)
def test_a_call_is_counted_under_what_it_has(changes, values):
    assert call(**changes).values == values


def test_a_call_belongs_to_the_hour_in_which_it_was_dialled_or_came_in():
    assert call().began_at == AT
    assert call(direction="inbound", dialled_at=None).began_at == AT - timedelta(hours=5)
    never = call(dialled_at=None)
    assert never.began_at == never.ended_at


def test_days_and_hours_are_local_and_the_hour_that_comes_twice_is_one():
    zone = ZoneInfo("America/New_York")
    assert place(AT, zone) == ("2026-11-01", 1)
    assert place(AT + timedelta(hours=1), zone) == ("2026-11-01", 1)
    assert place(AT - timedelta(hours=2), zone) == ("2026-10-31", 23)
    assert place(AT, ZoneInfo("Asia/Kathmandu")) == ("2026-11-01", 11)


def test_nothing_has_no_rates():
    empty = Tally()
    assert (empty.answer_rate, empty.completion_rate, empty.average_seconds) == (None, None, None)
    assert empty.cost == "0.00"
    assert empty.spreads == {"endpointing": None, "provider": None, "gateway": None, "ear": None}


counts = st.integers(0, 10**9)
words = st.dictionaries(st.sampled_from("abc"), st.integers(1, 99), max_size=3)
tallies = st.builds(
    Tally,
    *[counts] * len(SUMS),
    outcomes=st.dictionaries(st.sampled_from(["call_status", "success"]), words, max_size=2),
    latency=st.dictionaries(
        st.sampled_from(["ear", "gateway"]),
        st.dictionaries(st.integers(0, 200), st.integers(1, 99), min_size=1, max_size=4),
        max_size=2,
    ),
)


def added(parts):
    total = Tally()
    for part in parts:
        total.add(part)
    return total


@given(st.lists(tallies, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_adding_does_not_matter(parts, random):
    shuffled = list(parts)
    random.shuffle(shuffled)
    half = len(parts) // 2
    assert added(parts) == added(shuffled) == added([added(parts[:half]), added(parts[half:])])

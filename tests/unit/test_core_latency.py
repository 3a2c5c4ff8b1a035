"""Percentiles of delays, exact and from buckets."""

import random
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.latency import (
    LONGEST_MS,
    Histogram,
    Moments,
    Spread,
    TurnTiming,
    spread_of,
    timing_of,
)

pytestmark = pytest.mark.unit


def test_nothing_measured_has_no_percentiles():
    assert spread_of([]) is None
    assert spread_of([None, None]) is None
    assert Histogram().spread() is None


def test_exact_percentiles_are_by_nearest_rank():
    assert spread_of(range(1, 101)) == Spread(100, 50, 95, 99)
    assert spread_of([None, 7]) == Spread(1, 7, 7, 7)


@given(st.lists(st.integers(0, LONGEST_MS), min_size=1, max_size=200))
def test_buckets_tell_percentiles_within_their_width(values):
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact, told = spread_of(values), histogram.spread()
    assert told.answers == exact.answers
    for name in ("p50", "p95", "p99"):
        assert abs(getattr(told, name) - getattr(exact, name)) <= 1 + 0.026 * getattr(exact, name)


def test_merging_is_counting_together():
    values = [random.Random(7).randrange(5000) for _ in range(300)]
    whole, first, second = Histogram(), Histogram(), Histogram()
    for number, value in enumerate(values):
        whole.add(value)
        (first if number % 3 else second).add(value)
    first.merge(second)
    assert first.buckets == whole.buckets


@pytest.mark.parametrize(("value", "counts_as"), [(-5, 0), (LONGEST_MS * 9, LONGEST_MS)])
def test_what_is_out_of_range_is_counted_at_its_end(value, counts_as):
    odd, plain = Histogram(), Histogram()
    odd.add(value)
    plain.add(counts_as)
    assert odd.buckets == plain.buckets


def test_a_timing_is_read_as_it_was_written():
    timing = TurnTiming(3, 500, 300, 20, Moments(1, 2, None, 4, 5, 6), ear_ms=900, finished=0.5)
    assert timing_of(3, asdict(timing)) == timing
    assert timing.unexplained_ms == 80
    assert timing_of(3, {"endpointing_ms": 1, "provider_ms": 2, "gateway_ms": 3}) == TurnTiming(
        3, 1, 2, 3
    )

"""Free times: within the hours, beside everything that is taken, on days of 23 and 25 hours too."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.slots import Span, free, joined, open_spans, spread

pytestmark = pytest.mark.unit

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    ZoneInfo(name) for name in ("UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kabul")
]
START = datetime(2026, 10, 26, tzinfo=UTC)  # a Monday; clocks change on 1 November in New York
HALF_HOUR = timedelta(minutes=30)


def span(begins, minutes):
    """From so many minutes after `START`, so long."""
    moment = START + timedelta(minutes=begins)
    return Span(moment, moment + timedelta(minutes=minutes))


minutes = st.integers(0, 21 * 24 * 60)
spans = st.builds(span, minutes, st.integers(0, 3 * 24 * 60))
hours = st.dictionaries(
    st.integers(0, 6),
    st.lists(st.integers(0, 288), min_size=2, max_size=4, unique=True).map(
        lambda edges: tuple(
            (5 * a, 5 * b) for a, b in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
        )
    ),
)
lengths = st.integers(1, 48).map(lambda five: timedelta(minutes=5 * five))


@given(spans, hours, st.sampled_from(ZONES), st.lists(spans, max_size=8), lengths, lengths)
def test_every_free_time_is_open_wanted_and_not_taken(wanted, week, zone, busy, length, step):
    opened = list(open_spans(wanted, week, zone))
    found = list(free(wanted, length, opened, busy, step))
    for slot in found:
        assert slot.ends - slot.begins == length
        assert slot.within(wanted)
        assert not any(slot.overlaps(taken) for taken in busy if taken.begins < taken.ends)
        assert any(
            slot.within(hours) and not (slot.begins - hours.begins) % step for hours in opened
        )
    assert found == sorted(set(found))


@given(spans, hours, st.sampled_from(ZONES), st.lists(spans, max_size=8), lengths, lengths)
def test_no_free_time_is_left_out(wanted, week, zone, busy, length, step):
    """Found by trying every step of every opening."""
    opened = list(open_spans(wanted, week, zone))
    possible = set()
    for hours in opened:
        begins = hours.begins
        while begins < hours.ends:
            slot = Span(begins, begins + length)
            if slot.within(hours) and slot.within(wanted):
                possible.add(slot)
            begins += step
    taken = [one for one in busy if one.begins < one.ends]
    expected = {slot for slot in possible if not any(slot.overlaps(one) for one in taken)}
    assert set(free(wanted, length, opened, busy, step)) == expected


@given(spans, hours, st.sampled_from(ZONES))
def test_hours_begin_and_end_at_the_local_times_that_are_written(wanted, week, zone):
    for opened in open_spans(wanted, week, zone):
        begins, ends = (edge.astimezone(zone) for edge in (opened.begins, opened.ends))
        told = {edge for ranges in week.values() for edges in ranges for edge in edges}
        for edge in (begins, ends):
            changes = edge.utcoffset() != (edge - timedelta(days=1)).utcoffset()
            assert changes or edge.hour * 60 + edge.minute in {one % 1440 for one in told}


@given(st.lists(spans, max_size=10))
def test_joined_spans_are_apart_and_hold_the_same_moments(given_spans):
    found = joined(given_spans)
    assert all(one.ends < two.begins for one, two in zip(found, found[1:], strict=False))
    edges = {edge for one in given_spans for edge in (one.begins, one.ends)}
    for edge in edges:
        was = any(one.begins <= edge < one.ends for one in given_spans)
        assert was == any(one.begins <= edge < one.ends for one in found)


def local_starts(day, begins, ends, length=60):
    """The offsets and starts of hourly times on a day of New York."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=NEW_YORK)
    wanted = Span(midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC))
    opened = open_spans(wanted, {midnight.weekday(): ((begins, ends),)}, NEW_YORK)
    step = timedelta(minutes=length)
    return [
        f"{one.begins.astimezone(NEW_YORK):%H:%M%z}" for one in free(wanted, step, opened, [], step)
    ]


def test_where_clocks_are_put_back_the_hour_comes_twice():
    assert local_starts("2026-11-01", 0, 180) == [
        "00:00-0400",
        "01:00-0400",
        "01:00-0500",
        "02:00-0500",
    ]


def test_where_clocks_are_put_forward_the_hour_is_left_out():
    assert local_starts("2027-03-14", 0, 240) == ["00:00-0500", "01:00-0500", "03:00-0400"]


def test_hours_that_begin_in_a_skipped_hour_begin_later_and_such_that_end_in_it_earlier():
    assert local_starts("2027-03-14", 150, 300) == ["03:30-0400"]
    assert local_starts("2027-03-14", 0, 150) == ["00:00-0500"]


def test_the_whole_day_can_be_open():
    assert len(local_starts("2026-11-01", 0, 1440)) == 25
    assert len(local_starts("2027-03-14", 0, 1440)) == 23


def test_what_is_told_is_spread_from_the_first_to_the_last():
    slots = [span(30 * index, 30) for index in range(100)]
    told = spread(slots, 5)
    assert (told[0], told[-1], len(told)) == (slots[0], slots[-1], 5)
    assert told == sorted(set(told))
    assert spread(slots[:3], 5) == slots[:3]

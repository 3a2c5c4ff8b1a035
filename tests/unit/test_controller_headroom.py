"""How many calls a controller takes up: what its core gives, what has not shown in it yet."""

from datetime import UTC, datetime

import pytest

from topcalls.clock import ManualClock
from topcalls.controller.headroom import (
    BUSY,
    FRESH_SECONDS,
    LATE_CALL_SECONDS,
    MOST_BUSY,
    MOST_LAG_SECONDS,
    NEW_CALL,
    Headroom,
)
from topcalls.controller.rounds import LoopWatch

ENDED = ("ended",)


def some(count, name="live"):
    return [name] * count


@pytest.fixture
def loop():
    return LoopWatch(ManualClock(datetime(2026, 3, 2, tzinfo=UTC)))


@pytest.fixture
def headroom(loop):
    return Headroom(loop, lambda call_id: call_id not in ENDED)


def test_an_idle_core_takes_what_it_can_listen_to(headroom):
    assert headroom.calls(0.0, live=0) == round(MOST_BUSY / NEW_CALL) == 114


def test_a_busy_one_takes_what_is_left(loop, headroom):
    loop.busy = 0.66
    assert headroom.calls(0.0, live=200) == 20


def test_those_just_taken_count_until_their_cost_shows(headroom):
    headroom.took(some(40), 0.0)
    headroom.took(some(30), 1.0)
    assert headroom.calls(FRESH_SECONDS - 0.1, live=70) == 44
    assert headroom.calls(FRESH_SECONDS, live=70) == 84
    assert headroom.calls(FRESH_SECONDS + 1.0, live=70) == 114


def test_those_that_ended_meanwhile_cost_nothing_any_more(headroom):
    headroom.took(some(100, "ended"), 0.0)
    headroom.took(some(10), 0.0)
    assert headroom.calls(0.1, live=10) == 104


def test_a_core_with_no_more_to_give_takes_one_now_and_then(loop, headroom):
    loop.busy = 0.99
    headroom.took(some(1), 10.0)
    assert headroom.calls(10.0 + LATE_CALL_SECONDS - 0.1, live=150) == 0
    assert headroom.calls(10.0 + LATE_CALL_SECONDS, live=150) == 1


def test_a_call_that_would_be_alone_is_taken_at_once(loop, headroom):
    loop.busy = 0.99
    headroom.took(some(1), 10.0)
    assert headroom.calls(10.1, live=0) == 1


@pytest.mark.parametrize(
    ("lag", "busy", "calls"),
    [
        (MOST_LAG_SECONDS, BUSY + 0.02, 40),
        (MOST_LAG_SECONDS + 0.1, BUSY + 0.02, 0),
        (3.0, BUSY, 43),  # others keep the machine busy: that calls wait helps nobody
    ],
)
def test_a_late_loop_takes_none_where_it_is_late_of_its_own_work(loop, headroom, lag, busy, calls):
    loop.lag_seconds, loop.busy = lag, busy
    headroom.took(some(1), 0.0)
    assert headroom.calls(1.0, live=9) == max(0, calls - 1)

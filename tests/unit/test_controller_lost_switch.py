"""Calls that are to end, and whose switch stays away, are given up after a while; talks go on."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from topcalls.clock import ManualClock
from topcalls.controller.lost_switch import PATIENCE_SECONDS, LostSwitch
from topcalls.core.call_events import ChannelLost
from topcalls.core.call_state import State

pytestmark = pytest.mark.unit


class Call:
    """Stands in for a live call in one state."""

    def __init__(self, call_id, state):
        self.posted = []
        self.session = SimpleNamespace(
            call_id=call_id, facts=SimpleNamespace(state=state), post=self.posted.append
        )


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def calls():
    return {state: Call(state.value, state) for state in (State.IN_PROGRESS, State.ENDING)}


@pytest.fixture
def switch():
    return SimpleNamespace(is_up=False)


@pytest.fixture
def lost(switch, calls, clock):
    sessions = SimpleNamespace(all=lambda: list(calls.values()))
    return LostSwitch(switch, sessions, clock)


def test_a_call_that_is_to_end_is_given_up_as_of_its_decision(lost, calls, clock):
    decided = clock.now()
    assert lost.look() == 0
    clock.advance(PATIENCE_SECONDS)
    assert lost.look() == 1
    assert calls[State.ENDING].posted == [ChannelLost(decided)]
    assert calls[State.IN_PROGRESS].posted == []


def test_a_short_outage_ends_nothing(lost, calls, clock, switch):
    for _ in range(3):
        lost.look()
        clock.advance(PATIENCE_SECONDS - 1)
        assert lost.look() == 0
        switch.is_up = True
        assert lost.look() == 0
        switch.is_up = False
    assert calls[State.ENDING].posted == []


def test_a_call_that_is_decided_to_end_later_ends_then(lost, calls, clock):
    calls[State.ENDING].session.facts.state = State.RINGING
    lost.look()
    clock.advance(60)
    assert lost.look() == 0
    calls[State.ENDING].session.facts.state = State.ENDING
    assert lost.look() == 1
    assert calls[State.ENDING].posted == [ChannelLost(clock.now())]

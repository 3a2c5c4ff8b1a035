"""Comparing calls with the switch's channels: what lost events would have said."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from topcalls.clock import ManualClock
from topcalls.controller.reconciler import GRACE_SECONDS, Reconciler
from topcalls.core.call_events import Answered, ChannelLost
from topcalls.core.call_state import CallFacts, State
from topcalls.errors import SwitchError

pytestmark = pytest.mark.unit

CHANNEL = "7afa3f21-df42-4553-8687-795c66f1ff4f"


class Bench:
    """A reconciler for one call; `rows` are the switch's channels, None while it is away."""

    def __init__(self, state, dialled=True):
        self.rows = []
        self.posted = []
        self.codecs = []
        self.clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
        live = SimpleNamespace(
            session=SimpleNamespace(
                call_id="call-1", facts=CallFacts(state, dialled), post=self.posted.append
            ),
            effects=SimpleNamespace(
                channel_uuid=CHANNEL, leg=SimpleNamespace(answered=self.codecs.append)
            ),
        )
        sessions = SimpleNamespace(all=lambda: [live])
        self.reconciler = Reconciler(SimpleNamespace(api=self.api), sessions, self.clock)

    def api(self, command):
        assert command == "show channels as json"
        if self.rows is None:
            raise SwitchError("away")
        return json.dumps({"row_count": len(self.rows), "rows": self.rows})

    def channel(self, **changed):
        self.rows = [{"uuid": CHANNEL, "callstate": "ACTIVE", "write_codec": "PCMA", **changed}]


@pytest.mark.parametrize("state", [State.DISPATCHING, State.RINGING])
def test_an_answer_that_was_not_told_is_found(state):
    bench = Bench(state)
    bench.channel()
    assert bench.reconciler.compare() == 0
    assert (bench.posted, bench.codecs) == ([Answered()], ["PCMA"])


def test_a_channel_that_rings_is_as_it_should_be():
    bench = Bench(State.RINGING)
    for call_state in ("DOWN", "RINGING", "EARLY", "HANGUP"):
        bench.channel(callstate=call_state)
        bench.reconciler.compare()
    assert bench.posted == []


@pytest.mark.parametrize("state", [State.ANSWERED, State.IN_PROGRESS, State.ENDING])
def test_an_answer_that_is_known_is_not_told_again(state):
    bench = Bench(state)
    bench.channel()
    bench.reconciler.compare()
    assert (bench.posted, bench.codecs) == ([], [])


def test_a_channel_that_stays_away_is_lost_after_a_grace():
    bench = Bench(State.IN_PROGRESS)
    assert bench.reconciler.compare() == 0
    bench.clock.advance(GRACE_SECONDS)
    assert bench.reconciler.compare() == 1
    assert bench.posted == [ChannelLost()]


def test_nothing_follows_from_a_switch_that_does_not_answer():
    bench = Bench(State.IN_PROGRESS)
    bench.reconciler.compare()
    bench.clock.advance(GRACE_SECONDS)
    bench.rows = None
    assert bench.reconciler.compare() == 0
    assert bench.posted == []


def test_a_call_that_was_never_dialled_misses_no_channel():
    bench = Bench(State.DISPATCHING, dialled=False)
    bench.reconciler.compare()
    bench.clock.advance(GRACE_SECONDS)
    assert bench.reconciler.compare() == 0

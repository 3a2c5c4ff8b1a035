"""The switch hangs up every leg by itself, unless its controller says that it lives."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from topcalls.clock import ManualClock
from topcalls.controller.leg_leases import LegLeases
from topcalls.controller.leg_limits import GRACE_SECONDS, RENEW_SECONDS, lease_seconds
from topcalls.core.call_state import CallFacts, State
from topcalls.services.dispatch import ABANDONED_AFTER, LEASE_SECONDS

pytestmark = pytest.mark.unit
CHANNEL = "0b9a2b1e-5f0c-4a53-9a3e-3f1f8f0c2d11"
OTHER = "0b9a2b1e-5f0c-4a53-9a3e-3f1f8f0c2d12"
LEASE = 180
EXTENDED = [f"sched_del {CHANNEL}", f"sched_hangup +{LEASE} {CHANNEL} allotted_timeout"]


class Switch:
    def __init__(self):
        self.is_up = True
        self.sent = []

    def post(self, command):
        self.sent.append(command)

    def told(self):
        sent, self.sent = self.sent, []
        return sent


class Rig:
    """Legs of one controller. `call` is the only one, unless a test adds some."""

    def __init__(self):
        self.clock = ManualClock(datetime(2030, 1, 1, tzinfo=UTC))
        self.switch = Switch()
        self.call = leg()
        self.calls = [self.call]
        sessions = SimpleNamespace(all=lambda: self.calls)
        self.leases = LegLeases(self.switch, sessions, self.clock, LEASE)

    def beat(self, seconds=0.0, *, store=True):
        """So much later; what is sent to the switch then."""
        self.clock.advance(seconds)
        if store:
            self.leases.rows_held()
        self.leases.renew()
        return self.switch.told()


def leg(state=State.IN_PROGRESS, seconds_left=3600.0, channel=CHANNEL):
    session = SimpleNamespace(facts=CallFacts(state, dialled=True), seconds_left=seconds_left)
    return SimpleNamespace(session=session, effects=SimpleNamespace(channel_uuid=channel))


@pytest.fixture
def rig():
    return Rig()


def test_a_leg_stays_as_long_as_another_controller_may_take_it_up():
    assert lease_seconds(60) >= RENEW_SECONDS + LEASE_SECONDS + 60
    assert lease_seconds(3600) - lease_seconds(0) == 3600


@pytest.mark.parametrize("state", [State.ANSWERED, State.IN_PROGRESS])
def test_a_leg_is_extended_at_first_sight_and_once_a_minute(rig, state):
    rig.call.session.facts = CallFacts(state)
    assert rig.beat() == EXTENDED
    assert rig.beat(RENEW_SECONDS - 5) == []
    assert rig.beat(5) == EXTENDED
    assert rig.beat(5) == []


@pytest.mark.parametrize("state", [State.DISPATCHING, State.RINGING, State.ENDING])
def test_what_is_not_answered_or_is_over_has_limits_of_its_own(rig, state):
    rig.call.session.facts = CallFacts(state)
    assert rig.beat() == []


def test_no_leg_gets_more_than_what_is_left_of_its_call(rig):
    rig.call.session.seconds_left = 99.2
    limit = 100 + GRACE_SECONDS
    assert rig.beat() == [
        f"sched_del {CHANNEL}",
        f"sched_hangup +{limit} {CHANNEL} allotted_timeout",
    ]
    assert rig.beat(RENEW_SECONDS) == []


def test_people_who_were_connected_need_no_controller(rig):
    rig.beat()
    rig.call.session.facts = CallFacts(State.TRANSFERRED)
    assert rig.beat(5) == [
        f"sched_del {CHANNEL}",
        f"sched_hangup +{3600 + GRACE_SECONDS} {CHANNEL} allotted_timeout",
    ]
    assert rig.beat(RENEW_SECONDS) == []


def test_nothing_is_sent_to_a_switch_that_is_away_and_all_of_it_when_it_is_back(rig):
    rig.switch.is_up = False
    assert rig.beat() == []
    rig.switch.is_up = True
    assert rig.beat() == EXTENDED


def test_a_store_that_is_away_ends_no_call_before_its_row_may_be_given_up(rig):
    rig.beat()
    extended_at = []
    for _ in range(100):
        if rig.beat(RENEW_SECONDS, store=False):
            extended_at.append(rig.clock.now())
    started = rig.clock.now().timestamp() - 100 * RENEW_SECONDS
    last = extended_at[-1].timestamp() - started
    assert last + LEASE < ABANDONED_AFTER.total_seconds() <= last + LEASE + RENEW_SECONDS
    assert rig.beat() == EXTENDED


def test_a_long_lease_is_extended_while_the_rows_are_ours(rig):
    sessions = SimpleNamespace(all=lambda: rig.calls)
    rig.leases = LegLeases(rig.switch, sessions, rig.clock, 2000)
    assert rig.beat()[1].startswith("sched_hangup +2000 ")
    assert rig.beat(RENEW_SECONDS) != []
    assert rig.beat(RENEW_SECONDS, store=False) == []


def test_each_leg_is_extended_in_its_own_time_and_forgotten_at_its_end(rig):
    rig.beat()
    rig.calls.append(leg(channel=OTHER))
    assert [line.split()[-2] for line in rig.beat(RENEW_SECONDS / 2)[1::2]] == [OTHER]
    assert [line.split()[-2] for line in rig.beat(RENEW_SECONDS / 2)[1::2]] == [CHANNEL]
    rig.calls.remove(rig.call)
    rig.beat()
    rig.calls.append(rig.call)  # taken over again
    assert rig.beat() == EXTENDED

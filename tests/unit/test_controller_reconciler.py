"""Comparing calls with the switch's channels: what lost events would have said."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from topcalls import metrics
from topcalls.clock import ManualClock
from topcalls.controller.reconciler import GRACE_SECONDS, Disagreement, Reconciler
from topcalls.core.call_events import Answered, BridgeFailed, ChannelLost, OwnerLost, Rang
from topcalls.core.call_state import CallFacts, State
from topcalls.errors import StoreUnavailable, SwitchError
from topcalls.esl.errors import CommandRefused

pytestmark = pytest.mark.unit

CHANNEL = "7afa3f21-df42-4553-8687-795c66f1ff4f"
STRANGE = "0d1c2b3a-df42-4553-8687-795c66f1ff4f"
RING_SECONDS = 30.0


class Hold:
    """What a call believes, and was told when."""

    def __init__(self):
        self.is_held = False
        self.at = []

    def told(self, is_held, call_ms):
        self.is_held = is_held
        self.at.append((is_held, call_ms))


class Bench:
    """A reconciler for at most one call; `rows` are the switch's channels, None while it is away.

    `live` is what the database says of names, None while it is away; `variables` are the channels'
    `tc_call_id`; `hidden` are channels that are there and not shown yet.
    """

    def __init__(self, state=None, dialled=True, dialled_at=None):
        self.rows = []
        self.hidden = set()
        self.live = {}
        self.variables = {}
        self.posted = []
        self.codecs = []
        self.killed = []
        self.taken = []
        self.hold = Hold()
        self.dump = {"Channel-Write-Codec-Name": "PCMA", "variable_rtp_2833_send_payload": "101"}
        self.bridge_is_over = False
        self.clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
        calls = [] if state is None else [self._call(state, dialled, dialled_at)]
        self.reconciler = Reconciler(
            SimpleNamespace(api=self.api, post=self.taken.append),
            SimpleNamespace(all=lambda: calls),
            self.clock,
            owner="me",
            are_live=self.are_live,
        )

    def _call(self, state, dialled, dialled_at):
        return SimpleNamespace(
            session=SimpleNamespace(
                call_id="call-1", facts=CallFacts(state, dialled), post=self.posted.append
            ),
            effects=SimpleNamespace(
                channel_uuid=CHANNEL,
                channel_gone=lambda: self.posted.append(ChannelLost()),
                leg=SimpleNamespace(answered=lambda codec, keys_in_band: self.codecs.append(codec)),
                bridge=SimpleNamespace(join=lambda _: self.bridge_is_over),
                hold=self.hold,
            ),
            ring_seconds=RING_SECONDS,
            dialled_at=dialled_at,
        )

    def api(self, command):
        if self.rows is None:
            raise SwitchError("away")
        verb, *words = command.split()
        there = {row["uuid"] for row in self.rows} | self.hidden
        if verb == "show":
            count = {"row_count": len(self.rows)}
            return json.dumps({**count, "rows": self.rows} if self.rows else count)
        if verb == "uuid_exists":
            return str(words[0] in there).lower()
        if words[0] not in there:
            raise CommandRefused("no", reply="-ERR No such channel!")
        if verb == "uuid_dump":
            return json.dumps(self.dump)
        if verb == "uuid_getvar":
            return self.variables.get(words[0], "_undef_")
        assert verb == "uuid_kill"
        self.killed.append(words[0])
        return "+OK"

    def are_live(self, names):
        if self.live is None:
            raise StoreUnavailable("away")
        return {name: self.live[name] for name in names if name in self.live}

    def channel(self, uuid=CHANNEL, **changed):
        self.rows = [{"uuid": uuid, "callstate": "ACTIVE", "write_codec": "PCMA", **changed}]

    def compare(self, *, after=0.0):
        self.clock.advance(after)
        return self.reconciler.compare()


def counted(kind):
    return metrics.disagreements.labels(kind)._value.get()


# --- channels that know more than the call


@pytest.mark.parametrize("state", [State.DISPATCHING, State.RINGING])
def test_an_answer_that_was_not_told_is_found(state):
    before = counted(Disagreement.ANSWER_UNHEARD)
    bench = Bench(state)
    bench.channel()
    assert bench.compare() == 1
    assert (bench.posted, bench.codecs) == ([Answered()], ["PCMA"])
    assert counted(Disagreement.ANSWER_UNHEARD) == before + 1


def test_a_channel_that_rings_is_as_it_should_be():
    bench = Bench(State.RINGING)
    for call_state in ("DOWN", "RINGING", "EARLY", "HANGUP"):
        bench.channel(callstate=call_state)
        assert bench.compare() == 0
    assert bench.posted == []


@pytest.mark.parametrize("state", [State.ANSWERED, State.IN_PROGRESS, State.ENDING])
def test_an_answer_that_is_known_is_not_told_again(state):
    bench = Bench(state)
    bench.channel()
    assert bench.compare() == 0
    assert (bench.posted, bench.codecs) == ([], [])


@pytest.mark.parametrize("is_held", [True, False])
@pytest.mark.parametrize("state", [State.ANSWERED, State.IN_PROGRESS, State.TRANSFERRED])
def test_a_hold_or_its_end_that_was_not_told_is_found(state, is_held):
    before = counted(Disagreement.HOLD_UNHEARD)
    bench = Bench(state)
    bench.hold.is_held = not is_held
    bench.dump |= {
        "Channel-Call-State": "HELD" if is_held else "ACTIVE",
        "Caller-Channel-Answered-Time": "1000000",
        "Event-Date-Timestamp": "8500000",
    }
    bench.channel(callstate=bench.dump["Channel-Call-State"])
    assert bench.compare() == 1
    assert bench.hold.at == [(is_held, 7500)]
    assert bench.compare() == 0
    assert counted(Disagreement.HOLD_UNHEARD) == before + 1


def test_a_hold_that_is_known_or_over_meanwhile_is_not_told():
    bench = Bench(State.IN_PROGRESS)
    bench.hold.is_held = True
    bench.channel(callstate="HELD")
    assert bench.compare() == 0
    bench.channel(callstate="ACTIVE")  # as the list says; the channel itself is held again
    bench.dump["Channel-Call-State"] = "HELD"
    assert bench.compare() == 0
    assert bench.hold.at == []


@pytest.mark.parametrize("state", [State.RINGING, State.ENDING])
def test_a_hold_is_of_a_call_that_is_up(state):
    bench = Bench(state)
    bench.channel(callstate="HELD")
    assert bench.compare() == 0
    assert bench.hold.at == []


# --- calls without a channel


@pytest.mark.parametrize("state", [State.RINGING, State.IN_PROGRESS, State.ENDING])
def test_a_channel_that_stays_away_is_lost_after_a_grace(state):
    before = counted(Disagreement.CHANNEL_GONE)
    bench = Bench(state)
    assert bench.compare() == 0
    assert bench.compare(after=GRACE_SECONDS - 1) == 0
    assert bench.compare(after=1) == 1
    assert bench.posted == [ChannelLost()]
    assert counted(Disagreement.CHANNEL_GONE) == before + 1


def test_a_channel_that_is_only_not_shown_yet_is_not_lost():
    bench = Bench(State.IN_PROGRESS)
    bench.hidden.add(CHANNEL)
    bench.compare()
    assert bench.compare(after=GRACE_SECONDS) == 0
    assert bench.posted == []


def test_a_dial_that_the_switch_does_not_know_is_lost_when_no_phone_can_ring_any_more():
    bench = Bench(State.DISPATCHING)
    bench.compare()
    assert bench.compare(after=RING_SECONDS + GRACE_SECONDS - 1) == 0
    assert bench.compare(after=1) == 1
    assert bench.posted == [ChannelLost()]


def test_nothing_follows_from_a_switch_that_does_not_answer():
    bench = Bench(State.IN_PROGRESS)
    bench.compare()
    bench.rows = None
    assert bench.compare(after=GRACE_SECONDS) == 0
    assert bench.posted == []


def test_a_call_that_was_never_dialled_misses_no_channel():
    bench = Bench(State.DISPATCHING, dialled=False)
    bench.compare()
    assert bench.compare(after=RING_SECONDS + GRACE_SECONDS) == 0


# --- dials of controllers that died


NOW = datetime(2026, 11, 23, tzinfo=UTC)
DIALLED_AT = NOW - timedelta(seconds=70)


def dial_of_the_dead(seconds_ago):
    return Bench(State.DISPATCHING, dialled_at=NOW - timedelta(seconds=seconds_ago))


def test_the_channel_of_a_dead_controllers_dial_is_taken_and_rings_on():
    bench = dial_of_the_dead(10)
    bench.channel(callstate="RINGING")
    assert bench.compare() == 1
    assert bench.taken == [f"uuid_setvar {CHANNEL} tc_owner me"]
    assert bench.posted == [Rang()]


def test_one_that_does_not_ring_yet_is_waited_for():
    bench = dial_of_the_dead(10)
    bench.channel(callstate="DOWN")
    assert bench.compare() == 0
    assert bench.posted == []


@pytest.mark.parametrize(("seconds", "event"), [(60, Answered(60.0)), (61, OwnerLost(DIALLED_AT))])
def test_whoever_picked_up_meanwhile_is_talked_to_or_has_waited_for_too_long(seconds, event):
    bench = dial_of_the_dead(70)
    bench.channel()
    asked_us = 2 * 10**15
    bench.dump["Event-Date-Timestamp"] = str(asked_us)
    bench.dump["Caller-Channel-Answered-Time"] = str(asked_us - seconds * 10**6)
    assert bench.compare() == 1
    assert bench.taken == [f"uuid_setvar {CHANNEL} tc_owner me"]
    assert bench.posted == [event]


def test_a_dead_controllers_dial_is_waited_for_since_its_intent():
    bench = dial_of_the_dead(RING_SECONDS)
    assert bench.compare() == 0
    assert bench.compare(after=GRACE_SECONDS) == 1
    assert bench.posted == [ChannelLost()]


# --- calls without a conversation


def test_a_conversation_that_ended_without_a_word_ends_its_call():
    bench = Bench(State.IN_PROGRESS)
    bench.channel()
    bench.bridge_is_over = True
    assert bench.compare() == 0
    assert bench.compare() == 1
    (event,) = bench.posted
    assert (type(event), event.reason) == (BridgeFailed, "internal_error")


def test_a_conversation_may_be_over_before_its_call():
    bench = Bench(State.ENDING)
    bench.channel()
    bench.bridge_is_over = True
    assert (bench.compare(), bench.compare()) == (0, 0)


# --- channels without a call


def test_a_channel_whose_call_is_over_is_hung_up_when_it_was_seen_twice():
    before = counted(Disagreement.ORPHAN_CHANNEL)
    bench = Bench()
    bench.channel(STRANGE)
    bench.live = {STRANGE: False}
    assert (bench.compare(), bench.killed) == (0, [])
    assert (bench.compare(), bench.killed) == (1, [STRANGE])
    assert counted(Disagreement.ORPHAN_CHANNEL) == before + 1


def test_a_channel_of_another_controllers_live_call_is_left_alone():
    bench = Bench()
    bench.channel(STRANGE)
    bench.live = {STRANGE: True}
    bench.compare()
    bench.compare()
    assert bench.killed == []


def test_a_second_leg_belongs_to_the_call_that_it_names():
    bench = Bench()
    bench.channel(STRANGE)
    bench.variables[STRANGE] = "call-1"
    bench.live = {"call-1": True}
    bench.compare()
    bench.compare()
    assert bench.killed == []
    bench.live = {"call-1": False}
    bench.compare()
    bench.compare()
    assert bench.killed == [STRANGE]


@pytest.mark.parametrize("variables", [{}, {STRANGE: "a call of another database"}])
def test_a_channel_of_somebody_else_is_left_alone(variables):
    bench = Bench()
    bench.channel(STRANGE)
    bench.variables = variables
    for _ in range(3):
        bench.compare()
    assert bench.killed == []


def test_a_call_that_is_over_here_leaves_no_channel_though_the_row_says_otherwise():
    bench = Bench(State.COMPLETED)
    bench.channel()
    bench.live = {CHANNEL: True}
    bench.compare()
    bench.compare()
    assert bench.killed == [CHANNEL]


def test_without_the_database_no_channel_is_an_orphan():
    bench = Bench()
    bench.channel(STRANGE)
    bench.live = None
    assert (bench.compare(), bench.compare()) == (0, 0)
    assert bench.killed == []

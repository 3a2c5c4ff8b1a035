"""Which carrier dials next, and what of a former dial is still heard."""

from datetime import UTC, datetime

import gevent
import pytest
from prometheus_client import REGISTRY

from topcalls.clock import ManualClock
from topcalls.controller.call_session import CallSession
from topcalls.controller.dials import Dials
from topcalls.core.call_events import AttemptFailed, Hangup, HungUp, OriginateFailed, Rang
from topcalls.core.call_state import CallFacts, Effect, State
from topcalls.core.routing import RANG_SECONDS, Attempt, Route, Then

pytestmark = pytest.mark.unit
ROUTES = tuple(Route(name, name, f"tc_{name}") for name in "abc")
REFUSED = Hangup("NORMAL_TEMPORARY_FAILURE", 503)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


class Journal:
    """Notes what it is told."""

    def __init__(self):
        self.ended = []
        self.moves = []

    def dial_ended(self, number, outcome):
        self.ended.append((number, outcome))

    def transition(self, transition, details, at):
        self.moves.append(type(transition.event).__name__)


def dials(journal=None, **options):
    return Dials("call", "channel-1", ROUTES, journal or Journal(), **options)


def test_one_carrier_after_the_other():
    journal = Journal()
    made = dials(journal)
    assert made.attempt == Attempt(1, ROUTES[0])
    for number in (1, 2):
        made.channel_uuid = f"channel-{number}"
        assert made.ended(HungUp(REFUSED), 0.0) == AttemptFailed(REFUSED)
        assert made.is_over(f"channel-{number}")
        assert made.attempt == Attempt(number + 1, ROUTES[number])
    assert made.ended(HungUp(REFUSED), 0.0) == HungUp(REFUSED)
    assert [(number, told.decision.then) for number, told in journal.ended] == [
        (1, Then.NEXT),
        (2, Then.NEXT),
        (3, Then.STOP),
    ]


def counted(carrier, status):
    labels = {"carrier": carrier, "sip_status": status}
    return REGISTRY.get_sample_value("topcalls_carrier_dials_total", labels) or 0.0


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (HungUp(REFUSED), "503"),
        (OriginateFailed(Hangup("GATEWAY_DOWN")), "none"),
        (HungUp(Hangup("NORMAL_CLEARING", 200), answered_at=NOW), "200"),
    ],
)
def test_dials_are_counted_by_carrier(event, status):
    carrier = f"counted-{status}"
    made = Dials("call", "channel", [Route(carrier, "C", "tc_c")], Journal())
    made.ended(event, 0.0)
    assert counted(carrier, status) == 1


def test_the_installations_own_trunk_is_counted_too():
    before = counted("own", "503")
    Dials("call", "channel", [Route(None, None, "own")], Journal()).ended(HungUp(REFUSED), 0.0)
    assert counted("own", "503") == before + 1


def test_without_a_carrier_there_is_no_dial():
    assert Dials("call", "channel", (), Journal()).attempt is None


def test_a_call_that_was_taken_over_is_never_dialled_again():
    journal = Journal()
    event = HungUp(REFUSED)
    assert dials(journal, taken_over=True).ended(event, 0.0) is event
    assert journal.ended == []


def test_what_somebody_answered_unheard_is_never_dialled_again():
    event = HungUp(REFUSED, answered_at=NOW)
    assert dials().ended(event, 0.0) is event


def test_the_switch_knows_of_ringing_that_we_did_not_hear():
    event = HungUp(Hangup("NORMAL_TEMPORARY_FAILURE", 503, rang_ms=round(RANG_SECONDS * 1000)))
    assert dials().ended(event, 0.0) is event


def test_all_ringing_counts_together():
    made = dials()
    half = RANG_SECONDS / 2
    assert isinstance(made.ended(HungUp(REFUSED), half), AttemptFailed)
    assert isinstance(made.ended(HungUp(REFUSED), half), HungUp)


def test_how_long_a_phone_may_have_rung_is_a_setting():
    made = dials(politeness_seconds=5.0)
    assert isinstance(made.ended(HungUp(REFUSED), 4.0), AttemptFailed)
    assert isinstance(made.ended(HungUp(REFUSED), 1.0), HungUp)


# --- in a call's session


class Hands:
    """Notes effects, and changes the channel as the real ones do."""

    def __init__(self, made):
        self.dials = made
        self.effects = []

    def carry_out(self, effect):
        self.effects.append(effect)
        if effect is Effect.ORIGINATE and not self.dials.is_first:
            self.dials.channel_uuid = "channel-2"


def session():
    journal, clock = Journal(), ManualClock(NOW)
    made = dials(journal)
    hands = Hands(made)
    facts = CallFacts(State.DISPATCHING, dialled=True)
    call = CallSession("call", facts, {}, clock, lambda _: None, dialling=made)
    call.start(hands, journal, (Effect.ORIGINATE,))
    return call, hands, clock


def settle():
    for _ in range(5):
        gevent.sleep(0)


def test_the_call_goes_on_and_what_the_old_channel_says_is_no_news():
    call, hands, _ = session()
    for event in (HungUp(REFUSED), HungUp(REFUSED), OriginateFailed(Hangup("GATEWAY_DOWN"))):
        call.post(event, "channel-1")
    settle()
    assert call.facts.state is State.DISPATCHING
    assert hands.effects == [Effect.ORIGINATE, Effect.ORIGINATE]
    call.post(Rang(), "channel-1")
    settle()
    assert call.facts.state is State.DISPATCHING
    call.post(Rang(), "channel-2")
    settle()
    assert call.facts.state is State.RINGING
    call.abandon()
    assert call.join(1)


def test_a_phone_that_rang_for_long_is_the_end():
    call, hands, clock = session()
    call.post(Rang(), "channel-1")
    settle()
    clock.advance(RANG_SECONDS)
    call.post(HungUp(REFUSED), "channel-1")
    assert call.join(1)
    assert call.facts.state is State.FAILED
    assert hands.effects.count(Effect.ORIGINATE) == 1

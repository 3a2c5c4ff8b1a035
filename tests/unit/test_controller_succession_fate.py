"""What the death of its controller means for a call, by what the rows and the switch tell."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from topcalls.controller.succession import fate
from topcalls.core.call_events import Adopted, GivenBack, Hangup, HungUp, OwnerLost, TimedOut
from topcalls.core.call_state import CallFacts, State
from topcalls.services.nodes import HEARTBEAT_SECONDS

pytestmark = pytest.mark.unit
HEARD_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
NORMAL = Hangup("NORMAL_CLEARING")
UNANSWERED = HungUp(Hangup("USER_BUSY"), None, HEARD_AT + timedelta(hours=1))


def talked(seconds):
    """The switch wrote of an answered channel, that ended so long after the last heartbeat."""
    ended_at = HEARD_AT + timedelta(seconds=seconds)
    return HungUp(NORMAL, HEARD_AT - timedelta(minutes=1), ended_at)


AT_ONCE, LATER = talked(HEARTBEAT_SECONDS), talked(HEARTBEAT_SECONDS + 1)


@pytest.mark.parametrize(
    ("state", "dialled", "written", "events"),
    [
        (State.DISPATCHING, False, None, (GivenBack(),)),
        (State.DISPATCHING, True, None, ()),
        (State.RINGING, True, None, (Adopted(),)),
        (State.ANSWERED, True, None, (Adopted(),)),
        (State.IN_PROGRESS, True, None, (Adopted(),)),
        (State.TRANSFERRED, True, None, (OwnerLost(HEARD_AT),)),
        (State.ENDING, True, None, (TimedOut(),)),
        (State.DISPATCHING, True, UNANSWERED, (UNANSWERED,)),
        (State.RINGING, True, UNANSWERED, (UNANSWERED,)),
        # somebody picked up, and nobody was there
        (State.DISPATCHING, True, AT_ONCE, (OwnerLost(HEARD_AT), AT_ONCE)),
        (State.RINGING, True, LATER, (OwnerLost(HEARD_AT), LATER)),
        # the conversation may have been whole, or was cut off by the death
        (State.IN_PROGRESS, True, AT_ONCE, (AT_ONCE,)),
        (State.IN_PROGRESS, True, LATER, (OwnerLost(HEARD_AT), LATER)),
        (State.ENDING, True, LATER, (LATER,)),
    ],
)
def test_fate(state, dialled, written, events):
    assert fate(left(state, dialled), written, HEARD_AT) == events


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (State.RINGING, Adopted()),  # nobody waits who has heard anything
        (State.ANSWERED, OwnerLost(HEARD_AT)),
        (State.IN_PROGRESS, OwnerLost(HEARD_AT)),
        (State.ENDING, TimedOut()),
    ],
)
def test_nobody_is_kept_on_the_line_for_longer_than_that(state, event):
    since = HEARD_AT + timedelta(microseconds=1)
    assert fate(left(state), None, since) == (event,)


def left(state, dialled=True):
    facts = CallFacts(state, dialled, answered=state not in (State.DISPATCHING, State.RINGING))
    return SimpleNamespace(facts=facts, owner_heard_at=HEARD_AT)

"""What the death of its controller means for a call, by what the rows and the switch tell."""

from types import SimpleNamespace

import pytest

from topcalls.controller.succession import fate
from topcalls.core.call_events import GivenBack, Hangup, HungUp, OwnerLost, TimedOut
from topcalls.core.call_state import CallFacts, State

pytestmark = pytest.mark.unit
WRITTEN = Hangup("NORMAL_CLEARING")


@pytest.mark.parametrize(
    ("state", "dialled", "written", "events"),
    [
        (State.DISPATCHING, False, None, (GivenBack(),)),
        (State.DISPATCHING, True, None, ()),
        (State.RINGING, True, None, (OwnerLost(),)),
        (State.ANSWERED, True, None, (OwnerLost(),)),
        (State.IN_PROGRESS, True, None, (OwnerLost(),)),
        (State.ENDING, True, None, (TimedOut(),)),
        (State.DISPATCHING, True, WRITTEN, (HungUp(WRITTEN),)),
        (State.IN_PROGRESS, True, WRITTEN, (HungUp(WRITTEN),)),
        (State.ENDING, True, WRITTEN, (HungUp(WRITTEN),)),
    ],
)
def test_fate(state, dialled, written, events):
    assert fate(SimpleNamespace(facts=CallFacts(state, dialled)), written) == events

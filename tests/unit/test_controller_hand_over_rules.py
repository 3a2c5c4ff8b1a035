"""When a controller gives its calls away, and which of them."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from topcalls.clock import ManualClock
from topcalls.controller.hand_over import QUIET_SECONDS, HandOver, past_of
from topcalls.core.call_state import CallFacts, State
from topcalls.core.transcript import Turn
from topcalls.services.carried import Carried

pytestmark = pytest.mark.unit


class Bench:
    """One call of a controller; `heirs` are the others of its node."""

    def __init__(self, mode="auto", state=State.IN_PROGRESS):
        self.clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
        self.heirs = []
        self.done = []
        self.bridge = SimpleNamespace(is_quiet=True)
        effects = SimpleNamespace(
            is_left=False,
            transfers=SimpleNamespace(is_busy=False),
            supervisors=SimpleNamespace(is_connecting=False),
            bridge=self.bridge,
            leave_to_heir=lambda: self.done.append("leave"),
        )
        session = SimpleNamespace(
            call_id="call-1",
            facts=CallFacts(state, dialled=True),
            abandon=lambda: self.done.append("abandon"),
        )
        self.live = SimpleNamespace(effects=effects, session=session)
        sessions = SimpleNamespace(all=lambda: [self.live], of_call=lambda _: self.live)
        nodes = SimpleNamespace(heirs=lambda node, owner, now: self.heirs)
        self.hand_over = HandOver("me", "node-1", sessions, nodes, self.clock, mode)

    def look(self, stopping=True, asked=False, at_once=False):
        return self.hand_over.look(stopping=stopping, asked=asked, at_once=at_once)


@pytest.mark.parametrize(
    ("mode", "heirs", "stopping", "asked", "count"),
    [
        ("auto", ["other"], True, False, 1),
        ("auto", [], True, False, 0),
        ("auto", ["other"], False, False, 0),
        ("auto", ["other"], False, True, 1),
        ("auto", [], False, True, 0),
        ("always", [], True, False, 1),
        ("always", ["other"], False, False, 0),
        ("always", [], False, True, 0),
        ("never", ["other"], True, False, 0),
        ("never", ["other"], True, True, 1),
    ],
)
def test_who_gives_calls_away(mode, heirs, stopping, asked, count):
    bench = Bench(mode)
    bench.heirs = heirs
    assert bench.look(stopping, asked) == count
    assert bench.done == ["leave", "abandon"] * count


@pytest.mark.parametrize(
    ("state", "count"),
    [
        (State.DISPATCHING, 0),
        (State.RINGING, 1),
        (State.ANSWERED, 1),
        (State.IN_PROGRESS, 1),
        (State.TRANSFERRED, 0),
        (State.ENDING, 0),
    ],
)
def test_which_calls(state, count):
    assert Bench("always", state).look() == count


def test_a_call_is_given_away_once_and_not_in_a_transfer():
    bench = Bench("always")
    bench.live.effects.transfers.is_busy = True
    assert bench.look() == 0
    bench.live.effects.transfers.is_busy = False
    bench.live.effects.is_left = True
    assert bench.look() == 0


def test_nobody_is_interrupted_for_a_while():
    bench = Bench("always")
    bench.bridge.is_quiet = False
    assert bench.look() == 0
    bench.clock.advance(QUIET_SECONDS - 0.01)
    assert bench.look() == 0
    bench.clock.advance(0.01)
    assert bench.look() == 1


def test_when_time_is_over_somebody_is():
    bench = Bench("always")
    bench.bridge.is_quiet = False
    assert bench.look(at_once=True) == 1


def test_the_past_of_a_call_is_what_was_said_since_its_answer():
    now = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
    turns = (Turn(1, "assistant", "Hello.", 0, 900),)
    call = SimpleNamespace(answered_at=now.replace(second=10), carried=Carried(turns))
    past = past_of(call, now)
    assert (past.turns, past.answered_ago) == (turns, 20.0)
    assert past_of(SimpleNamespace(answered_at=None), now) is None

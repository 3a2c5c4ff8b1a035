"""A call session: events in, effects and journal entries out, time limits armed by state."""

from datetime import timedelta

import gevent
import pytest
from gevent.event import Event
from gevent.queue import Queue

from topcalls.clock import SystemClock
from topcalls.controller.call_session import CallSession
from topcalls.core import call_events as ev
from topcalls.core.call_state import CallFacts, Effect, Limit, State

pytestmark = pytest.mark.unit
WAIT = 5


class Hands:
    """Notes the effects it is asked for; fails where told to."""

    def __init__(self):
        self.effects = Queue()
        self.failing = None

    def carry_out(self, effect):
        self.effects.put(effect)
        if effect is self.failing:
            raise RuntimeError("effect failed")

    def next(self):
        return self.effects.get(timeout=WAIT)


class Pages:
    """Takes a journal's place: notes the transitions."""

    def __init__(self):
        self.transitions = []

    def transition(self, transition, details, at):
        self.transitions.append((transition, details))


@pytest.fixture
def live():
    hands, pages, closed = Hands(), Pages(), Event()
    limits = dict.fromkeys(Limit, 60.0)

    def start(state=State.DISPATCHING, first=(Effect.ORIGINATE,), clock=None, **changed):
        session = CallSession(
            "call-1",
            CallFacts(state),
            {**limits, **{Limit(name): value for name, value in changed.items()}},
            clock or SystemClock(),
            on_closed=lambda _: closed.set(),
        )
        session.start(hands, pages, first)
        return session

    yield start, hands, pages, closed


HANGUP = ev.HungUp(ev.Hangup("NORMAL_CLEARING", 200, 16, ev.HungUpBy.CALLEE))


def test_a_whole_call_in_order(live):
    start, hands, pages, closed = live
    session = start()
    for event in (ev.Rang(), ev.Answered(), ev.StreamConnected(), ev.BridgeReady(), HANGUP):
        session.post(event)
    assert closed.wait(WAIT)
    effects = [hands.next() for _ in range(7)]
    assert effects == [
        Effect.ORIGINATE,
        Effect.OPEN_BRIDGE,
        Effect.OPEN_BRIDGE,
        Effect.START_RECORDING,
        Effect.START_STREAM,
        Effect.CLOSE_BRIDGE,
        Effect.CLOSE_SESSION,
    ]
    assert [entry[0].after for entry in pages.transitions] == [
        State.RINGING,
        State.ANSWERED,
        State.ANSWERED,
        State.IN_PROGRESS,
        State.COMPLETED,
    ]
    assert pages.transitions[-1][1] == {
        "hangup_cause": "NORMAL_CLEARING",
        "sip_status": 200,
        "q850": 16,
        "hung_up_by": "callee",
    }


class SteppedClock(SystemClock):
    """A wall clock that somebody sets."""

    step = timedelta(0)

    def now(self):
        return super().now() + self.step


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_was_set_during_the_talk_moves_the_answer_along(live, hours):
    start, hands, pages, closed = live
    clock = SteppedClock()
    session = start(State.RINGING, first=(), clock=clock)
    session.post(ev.Answered())
    assert hands.next() is Effect.OPEN_BRIDGE
    clock.step = timedelta(hours=hours)
    session.post(HANGUP)
    assert closed.wait(WAIT)
    assert abs(pages.transitions[-1][1]["answered_at"] - clock.now()) < timedelta(seconds=WAIT)


def test_repeated_and_impossible_events_change_nothing(live):
    start, hands, pages, closed = live
    session = start()
    for event in (ev.BridgeFinished("agent_ended"), ev.Rang(), ev.Rang(), ev.Claimed(), HANGUP):
        session.post(event)
    assert closed.wait(WAIT)
    assert len(pages.transitions) == 2


def test_the_limit_of_a_state_runs_out_and_the_hang_up_is_repeated(live):
    start, hands, pages, closed = live
    session = start(ring=0.01, end=0.01)
    session.post(ev.Rang())
    seen = [hands.next() for _ in range(5)]
    assert seen[2:] == [Effect.CLOSE_BRIDGE, Effect.HANG_UP, Effect.HANG_UP]
    session.post(ev.ChannelLost())
    assert closed.wait(WAIT)
    assert pages.transitions[-1][0].after is State.NO_ANSWER


def test_an_effect_that_fails_does_not_end_the_session(live):
    start, hands, pages, closed = live
    hands.failing = Effect.OPEN_BRIDGE
    session = start()
    session.post(ev.Rang())
    session.post(ev.StopRequested())
    session.post(HANGUP)
    assert closed.wait(WAIT)
    assert pages.transitions[-1][0].after is State.CANCELLED


def test_an_abandoned_call_closes_everything_and_writes_nothing(live):
    start, hands, pages, closed = live
    session = start()
    assert hands.next() is Effect.ORIGINATE
    session.abandon()
    assert closed.wait(WAIT)
    assert [hands.next(), hands.next()] == [Effect.CLOSE_BRIDGE, Effect.CLOSE_SESSION]
    assert pages.transitions == []


def test_a_dialled_call_is_never_given_back(live):
    start, hands, pages, closed = live
    session = start()
    session.mark_dialled()
    session.post(ev.GivenBack())
    session.post(ev.OriginateFailed(ev.Hangup("USER_BUSY", 486, 17)))
    assert closed.wait(WAIT)
    assert [entry[0].after for entry in pages.transitions] == [State.BUSY]


def test_posting_from_many_greenlets_loses_nothing(live):
    start, hands, pages, closed = live
    session = start()
    session.post(ev.Answered())
    gevent.joinall([gevent.spawn(session.post, ev.StreamConnected()) for _ in range(50)])
    session.post(HANGUP)
    assert closed.wait(WAIT)
    assert len(pages.transitions) == 52


def test_being_handed_over_gives_a_call_no_more_time(live):
    start, hands, _, _ = live
    session = start(State.IN_PROGRESS, first=())
    until = session._deadline
    session.post(ev.Transferred("support"))
    assert hands.next() is Effect.CLOSE_BRIDGE
    assert session.facts.state is State.TRANSFERRED
    assert session._deadline == until
    session.abandon()
    assert session.join(WAIT)

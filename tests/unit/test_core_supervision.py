"""The life of a supervisor's stay: every event in every phase, and the lives that matter."""

import itertools

import pytest

from topcalls.core.call_events import Hangup
from topcalls.core.supervision import (
    EVENT_KINDS,
    KEYS,
    Answered,
    CallOver,
    Effect,
    Facts,
    Failure,
    Gone,
    Joined,
    KeyUndone,
    Leaves,
    Mode,
    NotJoined,
    NotReached,
    Outcome,
    PersonJoined,
    Phase,
    Stored,
    TimeUp,
    Wanted,
    advance,
    limit_of,
    mix,
)

pytestmark = pytest.mark.unit

CLEARED = Gone(Hangup("NORMAL_CLEARING"))
EXAMPLES = {Gone: CLEARED, Wanted: Wanted(Mode.BARGE)}
ON_LINE = [Stored(), Answered()]
WAYS = {
    Phase.ASKED: (Mode.LISTEN, []),
    Phase.REACHING: (Mode.LISTEN, [Stored()]),
    Phase.ON_LINE: (Mode.LISTEN, ON_LINE),
    Phase.CONNECTING: (Mode.TAKE_OVER, ON_LINE),
    Phase.CONNECTED: (Mode.TAKE_OVER, [*ON_LINE, Joined()]),
    Phase.OVER: (Mode.LISTEN, [NotReached()]),
}


def lived(mode, events, *, with_person=False):
    """What is known after these events, and everything that was to be done."""
    facts, done = Facts(mode, with_person=with_person), []
    for event in events:
        step = advance(facts, event)
        facts, done = step.facts, [*done, *step.effects]
    return facts, done


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_is_reached_as_told(phase):
    facts, _ = lived(*WAYS[phase])
    assert facts.phase is phase


@pytest.mark.parametrize(("phase", "kind"), list(itertools.product(Phase, EVENT_KINDS)))
def test_nothing_raises_and_only_news_changes_anything(phase, kind):
    facts, _ = lived(*WAYS[phase])
    step = advance(facts, EXAMPLES.get(kind) or kind())
    if not step.moved:
        assert step.facts is facts
        assert step.effects in ((), (Effect.MIX,))
    if step.facts.phase is Phase.OVER and phase is not Phase.OVER:
        assert step.facts.outcome is not None
        assert (step.facts.outcome is Outcome.FAILED) is (step.facts.failure is not None)
        assert not step.facts.holds_agent


@pytest.mark.parametrize("phase", sorted(set(Phase) - {Phase.OVER}))
def test_a_call_that_ends_takes_its_supervisors_along(phase):
    step = advance(lived(*WAYS[phase])[0], CallOver())
    assert (step.facts.phase, step.facts.outcome) == (Phase.OVER, Outcome.CALL_OVER)
    assert step.effects == (Effect.HANG_UP,)


@pytest.mark.parametrize(
    ("phase", "effect"),
    [(Phase.ASKED, Effect.HANG_UP), (Phase.REACHING, Effect.HANG_UP)]
    + [(Phase.CONNECTING, Effect.SPY)],
)
def test_what_may_not_last_for_ever_ends(phase, effect):
    facts, _ = lived(*WAYS[phase])
    assert limit_of(facts) > 0
    step = advance(facts, TimeUp())
    assert step.facts.phase is not phase
    assert effect in step.effects


# -- who hears whom ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "with_agent", "with_person"),
    [
        (Mode.LISTEN, "0", "0"),
        (Mode.WHISPER, "0", "1"),  # the agent's ears would take it for the caller's words
        (Mode.BARGE, "3", "3"),
    ],
)
def test_who_hears_the_supervisor(mode, with_agent, with_person):
    assert mix(mode, with_person=False) == with_agent
    assert mix(mode, with_person=True) == with_person


def test_listening():
    facts, done = lived(Mode.LISTEN, [*ON_LINE, CLEARED])
    assert done == [Effect.REACH, Effect.SPY, Effect.TELL_MODE, Effect.TELL_MODE]
    assert (facts.outcome, facts.failure) == (Outcome.LEFT, None)


def test_whoever_whispers_begins_when_a_person_is_there():
    facts, _ = lived(Mode.WHISPER, ON_LINE)
    assert facts.mix == "0"
    step = advance(facts, PersonJoined())
    assert (step.facts.mode, step.facts.mix) == (Mode.WHISPER, "1")
    assert step.effects == (Effect.MIX,)


def test_the_agent_is_silent_while_somebody_barges_in():
    facts, done = lived(Mode.BARGE, ON_LINE)
    assert Effect.HOLD_AGENT in done
    assert facts.holds_agent
    step = advance(facts, Wanted(Mode.LISTEN))
    assert step.effects == (Effect.MIX, Effect.FREE_AGENT, Effect.TELL_MODE)
    for gone in (CLEARED, Leaves()):
        assert Effect.FREE_AGENT in advance(facts, gone).effects


def test_barging_in_on_two_people_is_no_matter_of_the_agents():
    facts, done = lived(Mode.BARGE, ON_LINE, with_person=True)
    assert done == [Effect.REACH, Effect.SPY, Effect.TELL_MODE]
    assert not facts.holds_agent
    changed = advance(advance(facts, Wanted(Mode.LISTEN)).facts, Wanted(Mode.BARGE))
    assert changed.effects == (Effect.MIX, Effect.TELL_MODE)


def test_an_agent_that_is_gone_is_not_set_free():
    facts, _ = lived(Mode.BARGE, [*ON_LINE, PersonJoined()])
    assert advance(facts, Wanted(Mode.LISTEN)).effects == (Effect.MIX, Effect.TELL_MODE)


def test_keys_are_those_of_the_switch_and_what_it_does_else_is_undone():
    facts, _ = lived(Mode.LISTEN, ON_LINE)
    for key, mode in KEYS.items():
        step = advance(facts, Wanted(mode))
        if step.facts.phase is Phase.ON_LINE and mode is not Mode.WHISPER:
            assert step.facts.mix == key
        assert step.effects  # the same mode again is said again: the switch may have changed it
    undone = advance(facts, KeyUndone())
    assert (undone.moved, undone.effects) == (False, (Effect.MIX,))


# -- taking over ------------------------------------------------------------------------------


def test_taking_over_at_once():
    facts, done = lived(Mode.TAKE_OVER, [*ON_LINE, Joined(), CLEARED])
    assert done == [Effect.REACH, Effect.CONNECT, Effect.TELL_TAKEN_OVER, Effect.TELL_LEFT]
    assert facts.outcome is Outcome.LEFT


def test_taking_over_after_listening():
    facts, _ = lived(Mode.LISTEN, ON_LINE)
    step = advance(facts, Wanted(Mode.TAKE_OVER))
    assert (step.facts.phase, step.effects) == (Phase.CONNECTING, (Effect.CONNECT,))


def test_a_person_who_talks_with_the_caller_is_not_replaced():
    facts, done = lived(Mode.TAKE_OVER, ON_LINE, with_person=True)
    assert (facts.phase, facts.mode) == (Phase.ON_LINE, Mode.LISTEN)
    assert Effect.CONNECT not in done
    step = advance(facts, Wanted(Mode.TAKE_OVER))
    assert (step.moved, step.facts.mode) == (False, Mode.LISTEN)


def test_of_two_who_take_over_the_second_listens():
    facts, _ = lived(Mode.TAKE_OVER, ON_LINE)
    step = advance(facts, PersonJoined())
    assert (step.facts.phase, step.facts.mode) == (Phase.ON_LINE, Mode.LISTEN)
    assert Effect.SPY in step.effects


@pytest.mark.parametrize("event", [NotJoined(), TimeUp()])
def test_what_cannot_be_connected_is_listened_to(event):
    facts, _ = lived(*WAYS[Phase.CONNECTING])
    step = advance(facts, event)
    assert (step.facts.phase, step.facts.mode) == (Phase.ON_LINE, Mode.LISTEN)
    assert step.effects[0] is Effect.SPY


def test_another_way_before_the_answer():
    facts, done = lived(Mode.LISTEN, [Stored(), Wanted(Mode.BARGE), Answered()])
    assert facts.mode is Mode.BARGE
    assert Effect.HOLD_AGENT in done


# -- softphones that are not reached ----------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "failure"),
    [
        ("USER_NOT_REGISTERED", Failure.NOT_REGISTERED),
        ("SUBSCRIBER_ABSENT", Failure.NOT_REGISTERED),
        ("USER_BUSY", Failure.BUSY),
        ("CALL_REJECTED", Failure.DECLINED),
        ("NO_ANSWER", Failure.NO_ANSWER),
        ("ORIGINATE_REFUSED", Failure.NOT_DIALLED),
    ],
)
def test_why_a_softphone_was_not_reached(cause, failure):
    facts, done = lived(Mode.LISTEN, [Stored(), Gone(Hangup(cause))])
    assert (facts.outcome, facts.failure) == (Outcome.FAILED, failure)
    assert done == [Effect.REACH]

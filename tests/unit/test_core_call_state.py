"""The whole call state table, walked; then the lives of calls, told as lists of events."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from topcalls.core import call_events as ev
from topcalls.core.call_state import (
    BY_CAUSE,
    FINAL_STATES,
    LIMITS,
    LIVE_STATES,
    TABLE,
    WAITING_STATES,
    CallFacts,
    Effect,
    State,
    Verdict,
    advance,
)
from topcalls.core.call_status import PUBLIC, STATUSES, WEBHOOKS
from topcalls.core.end_reasons import FAULTS, EndReason

pytestmark = pytest.mark.unit

NORMAL = ev.Hangup("NORMAL_CLEARING", 200, 16, ev.HungUpBy.CALLEE)
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
WRITTEN = ev.HungUp(NORMAL, AT, AT + timedelta(seconds=30))
EXAMPLES = {
    ev.OriginateFailed: ev.OriginateFailed(ev.Hangup("USER_BUSY", 486, 17)),
    ev.AttemptFailed: ev.AttemptFailed(ev.Hangup("NORMAL_TEMPORARY_FAILURE", 503, 41)),
    ev.HungUp: ev.HungUp(NORMAL),
    ev.Refused: ev.Refused("configuration", "No agent."),
    ev.Forbidden: ev.Forbidden("do_not_call"),
    ev.BridgeFinished: ev.BridgeFinished("agent_ended"),
    ev.Transferred: ev.Transferred("support"),
    ev.Supervised: ev.Supervised("201", "listen"),
    ev.HandedToCarrier: ev.HandedToCarrier("support"),
}
PAIRS = list(itertools.product(State, ev.EVENT_KINDS))


def example(kind):
    return EXAMPLES.get(kind) or kind()


@pytest.mark.parametrize("state", State)
def test_every_event_is_in_exactly_one_of_the_three_sets(state):
    row = TABLE[state]
    sets = [set(row.moves), set(row.ignored), set(row.impossible)]
    assert set().union(*sets) == set(ev.EVENT_KINDS)
    assert sum(len(each) for each in sets) == len(ev.EVENT_KINDS)


@pytest.mark.parametrize(("state", "kind"), PAIRS)
def test_advance_answers_as_the_table_says_and_never_raises(state, kind):
    transition = advance(CallFacts(state), example(kind))
    row = TABLE[state]
    if kind in row.moves:
        assert transition.verdict is Verdict.MOVED
        target = row.moves[kind].target
        assert transition.after is target if target is not BY_CAUSE else transition.after.is_final
        assert transition.effects == row.moves[kind].effects
    else:
        expected = Verdict.IGNORED if kind in row.ignored else Verdict.IMPOSSIBLE
        assert (transition.verdict, transition.after, transition.effects) == (expected, state, ())


def targets(state):
    for move in TABLE[state].moves.values():
        yield from FINAL_STATES if move.target is BY_CAUSE else {move.target}


def test_every_state_is_reachable_and_every_state_can_end():
    reached, frontier = {State.PENDING}, [State.PENDING]
    while frontier:
        new = set(targets(frontier.pop())) - reached
        reached |= new
        frontier += new
    assert reached == set(State)
    ending = set(FINAL_STATES)
    for _ in State:
        ending |= {state for state in State if set(targets(state)) & ending}
    assert ending == set(State)


@pytest.mark.parametrize("state", [state for state in State if not state.is_final])
def test_stop_is_accepted_in_every_state_that_is_not_over(state):
    assert advance(CallFacts(state), ev.StopRequested()).verdict is not Verdict.IMPOSSIBLE


@pytest.mark.parametrize("state", sorted(LIVE_STATES))
def test_a_live_state_has_a_time_limit_and_moves_when_it_runs_out(state):
    assert state in LIMITS
    assert advance(CallFacts(state), ev.TimedOut()).verdict is Verdict.MOVED


@pytest.mark.parametrize("state", sorted(LIVE_STATES))
def test_every_way_out_of_a_live_call_closes_the_session(state):
    for event in (ev.HungUp(NORMAL), ev.ChannelLost()):
        transition = advance(CallFacts(state, dialled=True), event)
        assert transition.is_final
        assert Effect.CLOSE_SESSION in transition.effects
        assert Effect.CLOSE_BRIDGE in transition.effects


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
def test_a_call_ends_once(state):
    for kind in ev.EVENT_KINDS:
        assert advance(CallFacts(state, True, True), example(kind)).verdict is Verdict.IGNORED


def test_a_dialled_call_never_goes_back_to_the_queue():
    assert advance(CallFacts(State.DISPATCHING), ev.GivenBack()).after is State.QUEUED
    dialled = advance(CallFacts(State.DISPATCHING, dialled=True), ev.GivenBack())
    assert (dialled.verdict, dialled.after) == (Verdict.IMPOSSIBLE, State.DISPATCHING)


def live_through(*events, facts=None):
    """Feed events as a session would, and give the last transition that moved."""
    facts, last = facts or CallFacts(State.QUEUED), None
    for event in events:
        transition = advance(facts, event)
        if transition.verdict is not Verdict.MOVED:
            continue
        last = transition
        facts = facts.after(transition)
    return last


TALK = (ev.Claimed(), ev.Rang(), ev.Answered(), ev.StreamConnected(), ev.BridgeReady())


@pytest.mark.parametrize(
    ("events", "state", "reason"),
    [
        ((*TALK, ev.HungUp(NORMAL)), State.COMPLETED, EndReason.CALLEE_HUNG_UP),
        (
            (*TALK, ev.BridgeFinished("agent_ended"), ev.HungUp(NORMAL)),
            State.COMPLETED,
            EndReason.AGENT_ENDED,
        ),
        (
            (*TALK, ev.BridgeFinished("silence"), ev.HungUp(NORMAL)),
            State.COMPLETED,
            EndReason.SILENCE,
        ),
        ((*TALK, ev.TimedOut(), ev.HungUp(NORMAL)), State.COMPLETED, EndReason.MAX_DURATION),
        (
            (*TALK, ev.HungUp(ev.Hangup("ALLOTTED_TIMEOUT"))),
            State.COMPLETED,
            EndReason.MAX_DURATION,
        ),
        ((*TALK, ev.StreamLost(), ev.HungUp(NORMAL)), State.FAILED, EndReason.STREAM_LOST),
        ((*TALK, ev.BridgeFailed(), ev.HungUp(NORMAL)), State.FAILED, EndReason.PROVIDER_FAILED),
        ((*TALK, ev.StopRequested(), ev.HungUp(NORMAL)), State.CANCELLED, EndReason.STOPPED),
        ((*TALK, ev.ChannelLost()), State.FAILED, EndReason.CHANNEL_LOST),
        ((*TALK, ev.OwnerLost(), ev.HungUp(NORMAL)), State.FAILED, EndReason.CONTROLLER_LOST),
        ((*TALK, ev.StopRequested(), ev.ChannelLost()), State.CANCELLED, EndReason.STOPPED),
        (
            (ev.Claimed(), ev.OriginateFailed(ev.Hangup("USER_BUSY", 486, 17))),
            State.BUSY,
            EndReason.BUSY,
        ),
        (
            (ev.Claimed(), ev.Rang(), ev.HungUp(ev.Hangup("CALL_REJECTED", 603, 21))),
            State.REJECTED,
            EndReason.REJECTED,
        ),
        (
            (ev.Claimed(), ev.OriginateFailed(ev.Hangup("GATEWAY_DOWN"))),
            State.FAILED,
            EndReason.DIAL_FAILED,
        ),
        (
            (ev.Claimed(), ev.Rang(), ev.TimedOut(), ev.HungUp(ev.Hangup("NO_ANSWER"))),
            State.NO_ANSWER,
            EndReason.NO_ANSWER,
        ),
        # picked up while our ring time-out was hanging up: still nobody was served
        (
            (ev.Claimed(), ev.Rang(), ev.TimedOut(), ev.Answered(), ev.HungUp(NORMAL)),
            State.NO_ANSWER,
            EndReason.NO_ANSWER,
        ),
        ((ev.Claimed(), ev.ChannelLost()), State.FAILED, EndReason.CHANNEL_LOST),
        ((*TALK, ev.ShutDown(), ev.HungUp(NORMAL)), State.FAILED, EndReason.SHUTDOWN),
        (
            (ev.Claimed(), ev.Rang(), ev.ShutDown(), ev.HungUp(NORMAL)),
            State.FAILED,
            EndReason.SHUTDOWN,
        ),
        (
            (*TALK, ev.BridgeFailed("KeyError", "internal_error"), ev.HungUp(NORMAL)),
            State.FAILED,
            EndReason.INTERNAL_ERROR,
        ),
        (
            (*TALK, ev.BridgeFailed("", "playback_failed"), ev.HungUp(NORMAL)),
            State.FAILED,
            EndReason.PLAYBACK_FAILED,
        ),
        ((ev.Claimed(), ev.Misconfigured()), State.FAILED, EndReason.CONFIGURATION),
        (
            (ev.Claimed(), ev.OriginateFailed(ev.Hangup("INVALID_GATEWAY"))),
            State.FAILED,
            EndReason.CONFIGURATION,
        ),
        # as the switch wrote it down
        ((*TALK, WRITTEN), State.COMPLETED, EndReason.CALLEE_HUNG_UP),
        ((*TALK, ev.OwnerLost(), WRITTEN), State.FAILED, EndReason.CONTROLLER_LOST),
        ((ev.Claimed(), ev.Rang(), WRITTEN), State.FAILED, EndReason.CHANNEL_LOST),
        ((ev.Claimed(), ev.OwnerLost(), WRITTEN), State.FAILED, EndReason.CONTROLLER_LOST),
        (
            (ev.Claimed(), ev.HungUp(ev.Hangup("USER_BUSY", 486, 17), None, AT)),
            State.BUSY,
            EndReason.BUSY,
        ),
        ((ev.StopRequested(),), State.CANCELLED, EndReason.STOPPED),
        ((ev.DispatchExpired(),), State.DISPATCH_TIMEOUT, EndReason.DISPATCH_TIMEOUT),
        ((ev.Forbidden("do_not_call"),), State.FAILED, EndReason.NOT_CALLABLE),
        ((ev.Claimed(), ev.Forbidden("do_not_call")), State.FAILED, EndReason.NOT_CALLABLE),
        # answer without ringing, with every event doubled and the ringing late
        (
            (
                ev.Claimed(),
                ev.Answered(),
                ev.Rang(),
                ev.Answered(),
                ev.StreamConnected(),
                ev.BridgeReady(),
                ev.BridgeReady(),
                ev.HungUp(NORMAL),
                ev.HungUp(NORMAL),
                ev.OriginateFailed(ev.Hangup("USER_BUSY")),
            ),
            State.COMPLETED,
            EndReason.CALLEE_HUNG_UP,
        ),
    ],
)
def test_the_lives_of_calls(events, state, reason):
    last = live_through(*events)
    assert (last.after, last.end_reason) == (state, reason)


def test_the_first_reason_wins_and_keeps_its_message():
    lost = live_through(*TALK, ev.StreamLost("TCP reset"))
    assert "TCP reset" in lost.error_message
    ended = live_through(*TALK, ev.StreamLost("TCP reset"), ev.HungUp(NORMAL))
    assert ended.error_message is None  # nothing new: the store keeps the first message


@pytest.mark.parametrize(
    ("audible", "reason"), [(False, EndReason.STREAM_LOST), (True, EndReason.PROVIDER_FAILED)]
)
def test_what_was_missing_when_a_call_did_not_get_ready(audible, reason):
    events = [ev.Claimed(), ev.Answered(), *([ev.StreamConnected()] if audible else [])]
    facts = CallFacts(State.QUEUED)
    for event in events:
        facts = facts.after(advance(facts, event))
    assert advance(facts, ev.TimedOut()).end_reason is reason


def test_a_call_that_was_never_carried_fails_only_before_its_dial():
    dialled = advance(CallFacts(State.DISPATCHING, dialled=True), ev.Misconfigured())
    assert (dialled.verdict, dialled.after) == (Verdict.IMPOSSIBLE, State.DISPATCHING)


def test_every_broken_conversation_says_what_broke():
    said = {
        live_through(*TALK, ev.BridgeFailed("", reason)).error_message
        for reason in ("provider_failed", "internal_error", "playback_failed")
    }
    assert len(said) == 3


def test_a_failed_dial_says_in_words_why():
    busy = live_through(ev.Claimed(), ev.OriginateFailed(ev.Hangup("USER_BUSY", 486, 17)))
    assert busy.error_message == "The line is busy. (USER_BUSY, SIP 486)"


def test_the_public_projection_covers_every_state():
    assert set(PUBLIC) == set(State)
    assert {public.status for public in PUBLIC.values()} == set(STATUSES)
    for state in State:
        final = PUBLIC[state].status in ("completed", "failed", "cancelled")
        assert final == state.is_final
    assert set(WEBHOOKS) >= FINAL_STATES
    assert not WAITING_STATES & LIVE_STATES
    assert set(EndReason) >= FAULTS


# --- calls that come in


def arrived(*events):
    """Where an inbound call is after these events, and what is known of it."""
    facts = CallFacts(State.PENDING, inbound=True)
    transition = None
    for event in events:
        transition = advance(facts, event)
        assert transition.verdict is Verdict.MOVED, event
        facts = facts.after(transition)
    return transition


def test_an_arrived_call_rings_until_the_agent_is_ready_and_is_answered():
    transition = advance(CallFacts(State.PENDING, inbound=True), ev.Arrived())
    assert transition.after is State.RINGING
    assert transition.effects == (Effect.OPEN_BRIDGE, Effect.ANSWER)
    end = arrived(ev.Arrived(), ev.Answered(), ev.BridgeReady(), ev.HungUp(NORMAL))
    assert (end.after, end.end_reason) == (State.COMPLETED, EndReason.CALLER_HUNG_UP)


@pytest.mark.parametrize(
    ("reason", "after"),
    [
        ("configuration", State.FAILED),
        ("no_minutes", State.FAILED),
        ("over_budget", State.FAILED),
        ("no_capacity", State.FAILED),
        ("too_many_calls", State.BUSY),
    ],
)
def test_a_call_that_is_not_taken_says_why(reason, after):
    end = arrived(ev.Refused(reason, "Words."))
    assert (end.after, end.end_reason.value, end.error_message) == (after, reason, "Words.")
    assert end.effects == ()


CANCELLED = ev.HungUp(ev.Hangup("ORIGINATOR_CANCEL", 487, by=ev.HungUpBy.CALLEE))
NO_CODEC = ev.HungUp(ev.Hangup("INCOMPATIBLE_DESTINATION", 488, by=ev.HungUpBy.US))


@pytest.mark.parametrize(
    ("events", "after", "reason", "words"),
    [
        ([CANCELLED], State.NO_ANSWER, "caller_hung_up", "caller hung up before"),
        ([ev.Arrived(), CANCELLED], State.NO_ANSWER, "caller_hung_up", "caller hung up before"),
        ([ev.Arrived(), NO_CODEC], State.FAILED, "answer_failed", "No audio codec in common"),
        ([ev.Arrived(), ev.ChannelLost()], State.FAILED, "channel_lost", "lost the call"),
    ],
)
def test_a_call_that_came_in_and_was_not_answered(events, after, reason, words):
    end = arrived(*events)
    assert (end.after, end.end_reason.value) == (after, reason)
    assert words in end.error_message


def test_an_answer_that_does_not_come_about_in_time_is_a_fault_of_ours():
    timed_out = arrived(ev.Arrived(), ev.TimedOut())
    assert (timed_out.after, timed_out.end_reason) == (State.ENDING, EndReason.ANSWER_FAILED)
    assert timed_out.effects == (Effect.CLOSE_BRIDGE, Effect.HANG_UP)
    end = arrived(ev.Arrived(), ev.TimedOut(), ev.HungUp(ev.Hangup("NORMAL_TEMPORARY_FAILURE")))
    assert (end.after, end.end_reason) == (State.FAILED, EndReason.ANSWER_FAILED)


def test_only_an_inbound_call_is_told_of_a_caller():
    outbound = advance(CallFacts(State.IN_PROGRESS, True, True), ev.HungUp(NORMAL))
    assert outbound.end_reason is EndReason.CALLEE_HUNG_UP

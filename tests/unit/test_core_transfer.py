"""The life of a transfer: every event in every phase, and the lives that matter."""

import itertools

import pytest

from topcalls.core.call_events import Hangup
from topcalls.core.transfer import (
    Destination,
    Effect,
    Failure,
    Outcome,
    Phase,
    advance,
    begin,
    destinations_of,
    in_words,
    limit_of,
)
from topcalls.core.transfer_events import (
    EVENT_KINDS,
    Begun,
    BriefingOver,
    CalledOff,
    Dialled,
    Joined,
    KeyPressed,
    NotDialled,
    NotJoined,
    Referred,
    TargetAnswered,
    TargetGone,
    TargetIsMachine,
    TargetMayTalk,
    TargetRang,
    TimeUp,
)

pytestmark = pytest.mark.unit

BLIND = Destination("support", "+12025550114")
WARM = Destination("support", "+12025550114", kind="warm", briefing="It is Ann.", accept_key="5")
CHECKED = Destination("support", "+12025550114", detect_voicemail=True)
REFER = Destination("support", "+12025550114", method="refer")
CLEARED = Hangup("NORMAL_CLEARING")
EXAMPLES = {
    TargetGone: TargetGone(CLEARED),
    KeyPressed: KeyPressed("5"),
    Referred: Referred(200, final=True),
}
WAYS = {
    Phase.ASKED: (BLIND, []),
    Phase.DIALLING: (BLIND, [Begun(), Dialled()]),
    Phase.RINGING: (BLIND, [Begun(), Dialled(), TargetRang()]),
    Phase.CHECKING: (CHECKED, [Begun(), Dialled(), TargetAnswered()]),
    Phase.BRIEFING: (WARM, [Begun(), Dialled(), TargetAnswered()]),
    Phase.CONNECTING: (BLIND, [Begun(), Dialled(), TargetAnswered()]),
    Phase.REFERRING: (REFER, [Begun(), Dialled()]),
    Phase.CONNECTED: (BLIND, [Begun(), Dialled(), TargetAnswered(), Joined()]),
    Phase.OVER: (BLIND, [Begun(), NotDialled()]),
}


def lived(destination, events):
    """What is known after these events, and everything that was to be done."""
    facts, done = begin(destination), []
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
        assert step.effects == ()
    if step.facts.phase is Phase.OVER and phase is not Phase.OVER:
        assert step.facts.outcome is not None
        assert (step.facts.outcome is Outcome.FAILED) is (step.facts.failure is not None)


@pytest.mark.parametrize("phase", sorted(set(Phase) - {Phase.OVER, Phase.CONNECTED}))
def test_a_call_that_ends_takes_its_transfer_along(phase):
    step = advance(lived(*WAYS[phase])[0], CalledOff())
    assert (step.facts.phase, step.facts.outcome) == (Phase.OVER, Outcome.CALLED_OFF)
    assert Effect.RETURN_TO_AGENT not in step.effects
    assert (Effect.HANG_UP_TARGET in step.effects) is (phase is not Phase.REFERRING)


@pytest.mark.parametrize(
    "phase", sorted(set(Phase) - {Phase.OVER, Phase.CONNECTED, Phase.CHECKING})
)
def test_no_phase_lasts_for_ever_and_its_end_brings_the_caller_back(phase):
    facts, _ = lived(*WAYS[phase])
    assert limit_of(facts) > 0
    step = advance(facts, TimeUp())
    assert step.facts.outcome is Outcome.FAILED
    assert step.effects[-1] is Effect.RETURN_TO_AGENT


def test_blind_connects_whoever_answers():
    facts, done = lived(BLIND, [Begun(), Dialled(), TargetRang(), TargetAnswered(), Joined()])
    assert facts.outcome is Outcome.TRANSFERRED
    assert done == [Effect.DIAL, Effect.CONNECT, Effect.TELL_TRANSFERRED]


@pytest.mark.parametrize("event", [TargetMayTalk(), TimeUp()])
def test_a_target_that_is_checked_is_connected_in_doubt(event):
    facts, done = lived(*WAYS[Phase.CHECKING])
    assert done == [Effect.DIAL, Effect.CHECK]
    assert limit_of(facts) > 10
    step = advance(facts, event)
    assert (step.facts.phase, step.effects) == (Phase.CONNECTING, (Effect.CONNECT,))


@pytest.mark.parametrize("phase", [Phase.CHECKING, Phase.BRIEFING])
def test_a_machine_is_let_go_of_and_the_caller_is_back(phase):
    step = advance(lived(*WAYS[phase])[0], TargetIsMachine())
    assert (step.facts.outcome, step.facts.failure) == (Outcome.FAILED, Failure.VOICEMAIL)
    assert step.effects == (Effect.HANG_UP_TARGET, Effect.RETURN_TO_AGENT)


@pytest.mark.parametrize("phase", [Phase.RINGING, Phase.CONNECTING, Phase.CONNECTED])
def test_a_machine_is_no_news_where_nobody_listens(phase):
    assert not advance(lived(*WAYS[phase])[0], TargetIsMachine()).moved


@pytest.mark.parametrize(
    ("destination", "seconds"), [(BLIND, 0.0), (CHECKED, 20.0), (WARM, WARM.accept_seconds)]
)
def test_how_long_a_target_may_have_to_wait(destination, seconds):
    assert destination.waits_seconds == seconds


def test_warm_connects_only_after_its_key():
    briefed = [Begun(), Dialled(), TargetAnswered()]
    facts, done = lived(WARM, briefed)
    assert done == [Effect.DIAL, Effect.BRIEF]
    assert not advance(facts, KeyPressed("1")).moved
    facts, done = lived(WARM, [*briefed, KeyPressed("5"), Joined()])
    assert facts.outcome is Outcome.TRANSFERRED
    assert done[-2:] == [Effect.CONNECT, Effect.TELL_TRANSFERRED]


@pytest.mark.parametrize(
    ("event", "failure", "hung_up"),
    [
        (BriefingOver(), Failure.NOT_ACCEPTED, True),
        (BriefingOver(broken=True), Failure.BRIEFING, True),
        (TimeUp(), Failure.NOT_ACCEPTED, True),
        (TargetGone(CLEARED), Failure.HUNG_UP, False),
    ],
)
def test_a_briefing_that_nobody_accepts(event, failure, hung_up):
    step = advance(lived(*WAYS[Phase.BRIEFING])[0], event)
    assert step.facts.failure is failure
    assert (Effect.HANG_UP_TARGET in step.effects) is hung_up
    assert step.effects[-1] is Effect.RETURN_TO_AGENT


@pytest.mark.parametrize(
    ("hangup", "failure"),
    [
        (Hangup("USER_BUSY", 486), Failure.BUSY),
        (Hangup("NO_ANSWER"), Failure.NO_ANSWER),
        (Hangup("CALL_REJECTED", 603), Failure.DECLINED),
        (Hangup("NORMAL_TEMPORARY_FAILURE", 503), Failure.CARRIER),
    ],
)
def test_a_target_that_is_not_reached(hangup, failure):
    step = advance(lived(*WAYS[Phase.RINGING])[0], TargetGone(hangup))
    assert step.facts.failure is failure
    assert step.effects == (Effect.RETURN_TO_AGENT,)


def test_once_connected_a_hang_up_ends_the_call():
    facts, _ = lived(*WAYS[Phase.CONNECTED])
    assert advance(facts, TargetGone(CLEARED)).effects == (Effect.TELL_TARGET_LEFT,)
    assert advance(facts, CalledOff()).effects == (Effect.HANG_UP_TARGET,)
    assert limit_of(facts) is None


def test_lines_that_cannot_be_connected():
    step = advance(lived(*WAYS[Phase.CONNECTING])[0], NotJoined())
    assert step.facts.failure is Failure.BRIDGE
    assert step.effects == (Effect.HANG_UP_TARGET, Effect.RETURN_TO_AGENT)


def test_refer_waits_for_the_outcome():
    facts, done = lived(REFER, [Begun(), Dialled(), Referred(100), Referred(202)])
    assert facts.phase is Phase.REFERRING
    assert done == [Effect.REFER]
    step = advance(facts, Referred(200, final=True))
    assert (step.facts.outcome, step.effects) == (Outcome.REFERRED, (Effect.TELL_REFERRED,))
    step = advance(facts, Referred(486, final=True))
    assert step.facts.failure is Failure.BUSY
    assert step.effects == (Effect.RETURN_TO_AGENT,)


def test_a_carrier_that_knows_no_refer_is_followed_by_a_dial():
    step = advance(lived(*WAYS[Phase.REFERRING])[0], Referred(405))
    assert (step.facts.phase, step.facts.method) == (Phase.ASKED, "bridge")
    assert step.effects == (Effect.DIAL,)
    facts, _ = lived(REFER, [Begun(), Dialled(), Referred(405), Dialled(), TargetAnswered()])
    assert facts.phase is Phase.CONNECTING


def test_the_agent_is_told_every_failure_in_words():
    assert len({in_words(failure) for failure in Failure}) == len(Failure)


def test_destinations_are_read_as_they_are_written():
    assert destinations_of(None) == ()
    [made] = destinations_of(
        {
            "destinations": [
                {
                    "name": "sales",
                    "number": "+12025550114",
                    "kind": "warm",
                    "briefing": None,
                    "ring_timeout_seconds": 12,
                    "accept_timeout_seconds": 20,
                    "accept_key": "#",
                }
            ]
        }
    )
    assert made == Destination(
        "sales", "+12025550114", "warm", ring_seconds=12, accept_key="#", accept_seconds=20
    )

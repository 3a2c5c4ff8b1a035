"""THE call state machine: every state, every transition, every consequence.

Nothing outside this file names a target state. `advance` takes what is known of a call and one
event, and answers in one of three ways:

* *moved*: the state changes (or the event counts within it), and `effects` are to be carried out;
* *ignored*: a late or repeated event that a telephone network is expected to send;
* *impossible*: a contradiction. It is counted and logged, the state stays, nothing raises.

Effects are data. The controller carries them out and reports back by events only, so the whole
life of a call can be tested without a socket. The table below is drawn in `docs/call-states.md`
by `scripts/draw_call_states.py`, and a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum

from topcalls.core.call_events import (
    EVENT_KINDS,
    Adopted,
    Answered,
    Arrived,
    AttemptFailed,
    BridgeFailed,
    BridgeFinished,
    BridgeReady,
    CallEvent,
    ChannelLost,
    Claimed,
    DispatchExpired,
    EarlyMedia,
    Forbidden,
    GivenBack,
    HandedToCarrier,
    HungUp,
    HungUpBy,
    Misconfigured,
    OriginateFailed,
    OwnerLost,
    PutOnHold,
    Rang,
    Refused,
    Released,
    ShutDown,
    StopRequested,
    StreamConnected,
    StreamLost,
    Supervised,
    TakenOffHold,
    TimedOut,
    Transferred,
    TransferTargetLeft,
)
from topcalls.core.end_reasons import FAULTS, EndReason, who_hung_up
from topcalls.core.end_words import AI_WAS_LATE, ANSWER_UNHEARD, words_of, words_of_arrival
from topcalls.core.hangup_causes import Unanswered, is_misconfiguration, outcome_of


class State(StrEnum):
    """Where a call stands. The last seven are final."""

    PENDING = "pending"
    QUEUED = "queued"
    DISPATCHING = "dispatching"
    RINGING = "ringing"
    ANSWERED = "answered"
    IN_PROGRESS = "in_progress"
    TRANSFERRED = "transferred"
    ENDING = "ending"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DISPATCH_TIMEOUT = "dispatch_timeout"

    @property
    def is_final(self) -> bool:
        return self in FINAL_STATES


FINAL_STATES = frozenset(
    {
        State.COMPLETED,
        State.BUSY,
        State.NO_ANSWER,
        State.REJECTED,
        State.FAILED,
        State.CANCELLED,
        State.DISPATCH_TIMEOUT,
    }
)
WAITING_STATES = frozenset({State.PENDING, State.QUEUED})
LIVE_STATES = frozenset(set(State) - FINAL_STATES - WAITING_STATES)
"""States in which a controller owns the call and it counts against every concurrency limit."""


class Effect(StrEnum):
    """What the controller has to do. Each answers with an event, never with a state."""

    ORIGINATE = "originate"
    ANSWER = "answer"
    OPEN_BRIDGE = "open_bridge"
    START_RECORDING = "start_recording"
    START_STREAM = "start_stream"
    RESUME_STREAM = "resume_stream"
    CLOSE_BRIDGE = "close_bridge"
    HANG_UP = "hang_up"
    CLOSE_SESSION = "close_session"


class Limit(StrEnum):
    """The time limit that runs while a call is in a state; its length comes from the call."""

    DISPATCH = "dispatch"
    DIAL = "dial"
    RING = "ring"
    ATTACH = "attach"
    DURATION = "duration"
    END = "end"


LIMITS: dict[State, Limit] = {
    State.QUEUED: Limit.DISPATCH,
    State.DISPATCHING: Limit.DIAL,
    State.RINGING: Limit.RING,
    State.ANSWERED: Limit.ATTACH,
    State.IN_PROGRESS: Limit.DURATION,
    State.TRANSFERRED: Limit.DURATION,
    State.ENDING: Limit.END,
}


class Verdict(Enum):
    """How `advance` took an event."""

    MOVED = "moved"
    IGNORED = "ignored"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the machine needs to know of a call.

    `dialled`: the dial intent is committed, so the call may never go back to the queue.
    `answered`: the far end picked up at some time. `audible`: its audio reached us.
    `end_reason`: set once the end was decided. `inbound`: the far end called us.
    """

    state: State
    dialled: bool = False
    answered: bool = False
    audible: bool = False
    end_reason: EndReason | None = None
    inbound: bool = False

    def after(self, transition: Transition) -> CallFacts:
        """What is known once `transition` happened."""
        return CallFacts(
            transition.after,
            dialled=self.dialled,
            answered=self.answered or isinstance(transition.event, Answered),
            audible=self.audible or isinstance(transition.event, StreamConnected),
            end_reason=transition.end_reason or self.end_reason,
            inbound=self.inbound,
        )


@dataclass(frozen=True, slots=True)
class Transition:
    """The answer to one event. `before == after` is possible for *moved*, and certain otherwise."""

    verdict: Verdict
    event: CallEvent
    before: State
    after: State
    effects: tuple[Effect, ...] = ()
    end_reason: EndReason | None = None
    error_message: str | None = None

    @property
    def is_final(self) -> bool:
        return self.after.is_final and self.before != self.after


class _ByCause(Enum):
    """A target that depends on the hang-up cause and on what was known before."""

    BY_CAUSE = "by cause"


BY_CAUSE = _ByCause.BY_CAUSE
Kind = type[CallEvent]


@dataclass(frozen=True, slots=True)
class Move:
    """One cell of the table: where to, what to do, and why the call ends if it does."""

    target: State | _ByCause
    effects: tuple[Effect, ...] = ()
    reason: EndReason | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """All answers of one state: `moves`, `ignored` and `impossible` divide all event kinds."""

    moves: dict[Kind, Move] = field(default_factory=dict)
    ignored: frozenset[Kind] = frozenset()
    impossible: frozenset[Kind] = frozenset()


_CLOSE = (Effect.CLOSE_BRIDGE, Effect.CLOSE_SESSION)
_GO_LIVE = (Effect.OPEN_BRIDGE, Effect.START_RECORDING, Effect.START_STREAM)
_GO_ON = (Effect.OPEN_BRIDGE, Effect.START_RECORDING, Effect.RESUME_STREAM)
_END_CALL = (Effect.CLOSE_BRIDGE, Effect.HANG_UP)
_OVER = Move(BY_CAUSE, _CLOSE)
_AGAIN = Move(State.DISPATCHING, (Effect.ORIGINATE,))
_AI_FAILED = Move(State.ENDING, _END_CALL, EndReason.PROVIDER_FAILED)
_LOST = Move(BY_CAUSE, _CLOSE, EndReason.CHANNEL_LOST)
_STOP = Move(State.ENDING, _END_CALL, EndReason.STOPPED)
_ORPHANED = Move(State.ENDING, _END_CALL, EndReason.CONTROLLER_LOST)
_SHUT_DOWN = Move(State.ENDING, _END_CALL, EndReason.SHUTDOWN)
_BRIDGE_END: dict[Kind, Move] = {
    StreamLost: Move(State.ENDING, _END_CALL, EndReason.STREAM_LOST),
    BridgeFailed: _AI_FAILED,
    BridgeFinished: Move(State.ENDING, _END_CALL, EndReason.AGENT_ENDED),
    StopRequested: _STOP,
    OwnerLost: _ORPHANED,
    ShutDown: _SHUT_DOWN,
    HungUp: _OVER,
    ChannelLost: _LOST,
}
_FROM_THE_PAST: frozenset[Kind] = frozenset({Released, Claimed, DispatchExpired, Forbidden})
_MEDIA: frozenset[Kind] = frozenset(
    {StreamConnected, StreamLost, BridgeReady, BridgeFailed, BridgeFinished, Adopted}
)
_UNDIALLED: frozenset[Kind] = frozenset({GivenBack, Misconfigured})
_ARRIVAL: frozenset[Kind] = frozenset({Arrived, Refused})
_HANDOVER: frozenset[Kind] = frozenset({Transferred, HandedToCarrier, TransferTargetLeft})
_ON_THE_LINE: frozenset[Kind] = frozenset({Supervised, PutOnHold, TakenOffHold})
_DIAL: frozenset[Kind] = frozenset({OriginateFailed, AttemptFailed, Rang, EarlyMedia, Answered})
_EVERYTHING: frozenset[Kind] = frozenset(EVENT_KINDS)

TABLE: dict[State, Row] = {
    State.PENDING: Row(
        {
            Released: Move(State.QUEUED),
            Arrived: Move(State.RINGING, (Effect.OPEN_BRIDGE, Effect.ANSWER)),
            Refused: Move(BY_CAUSE),
            StopRequested: Move(State.CANCELLED, (), EndReason.STOPPED),
            ChannelLost: _LOST,
            HungUp: _OVER,
        },
        frozenset({TimedOut}),
        _DIAL
        | _MEDIA
        | _UNDIALLED
        | _HANDOVER
        | _ON_THE_LINE
        | {Claimed, DispatchExpired, Forbidden, OwnerLost, ShutDown},
    ),
    State.QUEUED: Row(
        {
            Claimed: Move(State.DISPATCHING, (Effect.ORIGINATE,)),
            StopRequested: Move(State.CANCELLED, (), EndReason.STOPPED),
            Forbidden: Move(State.FAILED, (), EndReason.NOT_CALLABLE),
            DispatchExpired: Move(State.DISPATCH_TIMEOUT, (), EndReason.DISPATCH_TIMEOUT),
        },
        _UNDIALLED | {Released, TimedOut},
        _DIAL
        | _MEDIA
        | _ARRIVAL
        | _HANDOVER
        | _ON_THE_LINE
        | {HungUp, ChannelLost, OwnerLost, ShutDown},
    ),
    State.DISPATCHING: Row(
        {
            GivenBack: Move(State.QUEUED, (Effect.CLOSE_SESSION,)),
            Misconfigured: Move(State.FAILED, _CLOSE, EndReason.CONFIGURATION),
            Forbidden: Move(State.FAILED, _CLOSE, EndReason.NOT_CALLABLE),
            Rang: Move(State.RINGING, (Effect.OPEN_BRIDGE,)),
            EarlyMedia: Move(State.RINGING, (Effect.OPEN_BRIDGE,)),
            Answered: Move(State.ANSWERED, _GO_LIVE),
            OriginateFailed: _OVER,
            AttemptFailed: _AGAIN,
            BridgeFailed: _AI_FAILED,  # it was opened while another carrier signalled ringing
            StopRequested: _STOP,
            OwnerLost: _ORPHANED,
            ShutDown: _SHUT_DOWN,
            TimedOut: Move(State.ENDING, _END_CALL, EndReason.NO_ANSWER),
            HungUp: _OVER,
            ChannelLost: _LOST,
        },
        _FROM_THE_PAST - {Forbidden},
        (_MEDIA - {BridgeFailed}) | _ARRIVAL | _HANDOVER | _ON_THE_LINE,
    ),
    State.RINGING: Row(
        {
            Answered: Move(State.ANSWERED, _GO_LIVE),
            Adopted: Move(State.RINGING, (Effect.OPEN_BRIDGE,)),
            OriginateFailed: _OVER,
            AttemptFailed: _AGAIN,
            BridgeFailed: _AI_FAILED,
            StopRequested: _STOP,
            OwnerLost: _ORPHANED,
            ShutDown: _SHUT_DOWN,
            TimedOut: Move(State.ENDING, _END_CALL, EndReason.NO_ANSWER),
            HungUp: _OVER,
            ChannelLost: _LOST,
        },
        _FROM_THE_PAST | {Rang, EarlyMedia, Arrived, BridgeReady},
        _UNDIALLED
        | _HANDOVER
        | _ON_THE_LINE
        | {Refused, StreamConnected, StreamLost, BridgeFinished},
    ),
    State.ANSWERED: Row(
        {
            **_BRIDGE_END,
            StreamConnected: Move(State.ANSWERED),
            Adopted: Move(State.ANSWERED, _GO_ON),
            BridgeReady: Move(State.IN_PROGRESS),
            Supervised: Move(State.ANSWERED),
            PutOnHold: Move(State.ANSWERED),
            TakenOffHold: Move(State.ANSWERED),
            TimedOut: Move(State.ENDING, _END_CALL, EndReason.STREAM_LOST),
        },
        _FROM_THE_PAST | _DIAL | {Arrived},
        _UNDIALLED | _HANDOVER | {Refused},
    ),
    State.IN_PROGRESS: Row(
        {
            **_BRIDGE_END,
            Adopted: Move(State.IN_PROGRESS, _GO_ON),
            Transferred: Move(State.TRANSFERRED, (Effect.CLOSE_BRIDGE,)),
            Supervised: Move(State.IN_PROGRESS),
            PutOnHold: Move(State.IN_PROGRESS),
            TakenOffHold: Move(State.IN_PROGRESS),
            HandedToCarrier: Move(State.ENDING, _END_CALL, EndReason.TRANSFERRED),
            TimedOut: Move(State.ENDING, _END_CALL, EndReason.MAX_DURATION),
        },
        _FROM_THE_PAST | _DIAL | {Arrived, StreamConnected, BridgeReady},
        _UNDIALLED | {Refused, TransferTargetLeft},
    ),
    # Two people talk, and the switch alone carries them: they outlive our controller and the AI.
    State.TRANSFERRED: Row(
        {
            TransferTargetLeft: Move(State.ENDING, (Effect.HANG_UP,), EndReason.TRANSFER_ENDED),
            Supervised: Move(State.TRANSFERRED),
            PutOnHold: Move(State.TRANSFERRED),
            TakenOffHold: Move(State.TRANSFERRED),
            StopRequested: _STOP,
            ShutDown: _SHUT_DOWN,
            TimedOut: Move(State.ENDING, _END_CALL, EndReason.MAX_DURATION),
            HungUp: _OVER,
            ChannelLost: _LOST,
        },
        _FROM_THE_PAST | _DIAL | _MEDIA | {Arrived, OwnerLost, Transferred, HandedToCarrier},
        _UNDIALLED | {Refused},
    ),
    State.ENDING: Row(
        {
            OriginateFailed: _OVER,
            AttemptFailed: _OVER,
            HungUp: _OVER,
            ChannelLost: _OVER,
            TimedOut: Move(State.ENDING, (Effect.HANG_UP,)),
            # The far end picked up while our hang-up was on its way: hang up again, and it counts.
            Answered: Move(State.ENDING, (Effect.HANG_UP,)),
        },
        _FROM_THE_PAST
        | _MEDIA
        | _HANDOVER
        | _ON_THE_LINE
        | {Arrived, Rang, EarlyMedia, StopRequested, OwnerLost, ShutDown},
        _UNDIALLED | {Refused},
    ),
    **{state: Row(ignored=_EVERYTHING) for state in State if state.is_final},
}


def advance(call: CallFacts, event: CallEvent) -> Transition:
    """Answer one event. Never raises."""
    row = TABLE[call.state]
    kind = type(event)
    move = row.moves.get(kind)
    if move is None or (kind in _UNDIALLED and call.dialled):
        ignored = kind in row.ignored
        verdict = Verdict.IGNORED if ignored else Verdict.IMPOSSIBLE
        return Transition(verdict, event, call.state, call.state)
    reason = call.end_reason or _specific_reason(call, event) or move.reason
    message = None if call.end_reason else _message(call, event)
    if isinstance(move.target, State):
        return Transition(
            Verdict.MOVED, event, call.state, move.target, move.effects, reason, message
        )
    after, reason = _by_cause(call, event, reason)
    if after is State.COMPLETED or after is State.CANCELLED:
        message = None
    return Transition(Verdict.MOVED, event, call.state, after, move.effects, reason, message)


def _by_cause(
    call: CallFacts, event: CallEvent, reason: EndReason | None
) -> tuple[State, EndReason]:
    """The final state of a call whose channel is gone."""
    hangup = event.hangup if isinstance(event, HungUp | OriginateFailed | AttemptFailed) else None
    if isinstance(event, Refused):
        busy = reason is EndReason.TOO_MANY_CALLS
        return State.BUSY if busy else State.FAILED, reason or EndReason.CONFIGURATION
    if reason is EndReason.STOPPED:
        return State.CANCELLED, reason
    if reason in FAULTS:
        return State.FAILED, reason
    if reason is EndReason.NO_ANSWER:
        return State.NO_ANSWER, reason
    if call.answered:
        transferred = call.state is State.TRANSFERRED
        who = who_hung_up(hangup, inbound=call.inbound, transferred=transferred)
        return State.COMPLETED, reason or who
    if _answer_unheard(call, event):
        return State.FAILED, EndReason.CHANNEL_LOST
    if call.inbound:
        gave_up = hangup is not None and hangup.by is HungUpBy.CALLEE
        state = State.NO_ANSWER if gave_up else State.FAILED
        return state, EndReason.CALLER_HUNG_UP if gave_up else EndReason.ANSWER_FAILED
    outcome = outcome_of(hangup) if hangup else Unanswered.FAILED
    state = State(outcome.value)
    if state is not State.FAILED:
        return state, EndReason(state.value)
    wrong = hangup is not None and is_misconfiguration(hangup)
    return state, EndReason.CONFIGURATION if wrong else EndReason.DIAL_FAILED


def _answer_unheard(call: CallFacts, event: CallEvent) -> bool:
    """It was answered and ended, and nobody told us: somebody picked up and heard nothing."""
    return isinstance(event, HungUp) and event.answered_at is not None and not call.answered


def _specific_reason(call: CallFacts, event: CallEvent) -> EndReason | None:
    if _ai_was_late(call, event):
        return EndReason.PROVIDER_FAILED
    if call.inbound and isinstance(event, TimedOut) and call.state is State.RINGING:
        return EndReason.ANSWER_FAILED
    if not isinstance(event, BridgeFinished | BridgeFailed | Refused):
        return None
    return next((reason for reason in EndReason if reason.value == event.reason), None)


def _ai_was_late(call: CallFacts, event: CallEvent) -> bool:
    """The time to get ready ran out, and the caller's audio was not what was missing."""
    return isinstance(event, TimedOut) and call.state is State.ANSWERED and call.audible


def _message(call: CallFacts, event: CallEvent) -> str | None:
    if _ai_was_late(call, event):
        return AI_WAS_LATE
    if _answer_unheard(call, event):
        return ANSWER_UNHEARD
    if call.inbound and not call.answered:
        return words_of_arrival(event) or words_of(event, answered=False)
    return words_of(event, answered=call.answered)

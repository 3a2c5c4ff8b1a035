"""A person of the account's own listens to a live call, and takes part in it: the life of one stay.

Four ways. *Listen*: nobody hears the supervisor. *Whisper*: only the person whom the caller was
handed over to does; while the caller is with the agent there is nobody to whisper to, so the
supervisor listens, and whispers as soon as such a person is there. *Barge in*: everybody hears the
supervisor, and the agent says nothing meanwhile. *Take over*: the supervisor is that person; the
agent leaves.

A stay begins with a code that is dialled on a softphone, or with a wish of the API, which rings
one. On the line the keys change the way. `advance` decides; the controller carries the effects out
and reports by events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from topcalls.core.call_events import Hangup
from topcalls.core.hangup_causes import Unanswered, outcome_of

STORE_SECONDS = 10.0
RING_SECONDS = 30.0
CONNECT_SECONDS = 5.0
MOST_AT_ONCE = 5
"""Supervisors of one call."""

ASKED_BY = ("code", "api")
"""How a stay is asked for: dialled on the softphone, or by the API."""


class Mode(StrEnum):
    """How a supervisor takes part; stored."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    TAKE_OVER = "take_over"


KEYS = {"0": Mode.LISTEN, "1": Mode.WHISPER, "3": Mode.BARGE, "9": Mode.TAKE_OVER}
"""What a key does on the line, and at the end of a code before it. The first three are those of the
switch's own `eavesdrop`, which acts on them at once."""

LEAVE = "*"
SWITCH_KEYS = frozenset("2")
"""Another key that the switch acts on: what it does is undone."""


# --- who hears whom


def mix(mode: Mode, *, with_person: bool) -> str:
    """Who hears the supervisor, as the switch's `eavesdrop` has it: `0` nobody, `1` whoever talks
    with the caller, `3` everybody. What `1` and `3` say reaches the agent's ears too."""
    if mode is Mode.BARGE:
        return "3"
    return "1" if mode is Mode.WHISPER and with_person else "0"


# --- the life of one stay


class Phase(StrEnum):
    """Where a stay stands."""

    ASKED = "asked"
    REACHING = "reaching"
    ON_LINE = "on_line"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    OVER = "over"


class Outcome(StrEnum):
    """How a stay ended; stored."""

    LEFT = "left"
    CALL_OVER = "call_over"
    FAILED = "failed"


class Failure(StrEnum):
    """Why a supervisor was not reached; stored."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    NOT_REGISTERED = "not_registered"
    NOT_DIALLED = "not_dialled"


class Effect(StrEnum):
    """What the controller has to do. `SPY` puts the leg on the call, `MIX` changes who hears it."""

    REACH = "reach"
    SPY = "spy"
    MIX = "mix"
    HOLD_AGENT = "hold_agent"
    FREE_AGENT = "free_agent"
    CONNECT = "connect"
    TELL_MODE = "tell_mode"
    TELL_TAKEN_OVER = "tell_taken_over"
    TELL_LEFT = "tell_left"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Stored:
    """The stay is written down."""


@dataclass(frozen=True, slots=True)
class NotReached:
    """It could not be written down, or the leg not be answered or dialled."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The softphone is on the line."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The softphone's leg is over, or never came to be."""

    hangup: Hangup


@dataclass(frozen=True, slots=True)
class Wanted:
    """The supervisor, or the API, wants another way of taking part."""

    mode: Mode


@dataclass(frozen=True, slots=True)
class KeyUndone:
    """A key that means nothing here, and something to the switch."""


@dataclass(frozen=True, slots=True)
class Leaves:
    """The supervisor wants to leave."""


@dataclass(frozen=True, slots=True)
class PersonJoined:
    """The caller was handed over: the agent is gone."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The switch has connected the caller with the supervisor."""


@dataclass(frozen=True, slots=True)
class NotJoined:
    """The switch could not connect them."""


@dataclass(frozen=True, slots=True)
class TimeUp:
    """The present phase has lasted as long as it may."""


@dataclass(frozen=True, slots=True)
class CallOver:
    """The call is over, or goes on in another controller."""


Event = (
    Stored
    | NotReached
    | Answered
    | Gone
    | Wanted
    | KeyUndone
    | Leaves
    | PersonJoined
    | Joined
    | NotJoined
    | TimeUp
    | CallOver
)
EVENT_KINDS: tuple[type[Event], ...] = Event.__args__


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a stay. `outcome` is set once it is over, `failure` with FAILED."""

    mode: Mode
    with_person: bool = False
    phase: Phase = Phase.ASKED
    outcome: Outcome | None = None
    failure: Failure | None = None

    @property
    def mix(self) -> str:
        """See `mix`."""
        return mix(self.mode, with_person=self.with_person)

    @property
    def holds_agent(self) -> bool:
        """The agent says nothing for the supervisor's sake."""
        barges = self.phase is Phase.ON_LINE and self.mode is Mode.BARGE
        return barges and not self.with_person


@dataclass(frozen=True, slots=True)
class Step:
    """The answer to an event: what is known now, and what to do. `moved`: it was news."""

    facts: Facts
    effects: tuple[Effect, ...] = ()
    moved: bool = True


def limit_of(facts: Facts) -> float | None:
    """How many seconds the present phase may last."""
    return {
        Phase.ASKED: STORE_SECONDS,
        Phase.REACHING: RING_SECONDS,
        Phase.CONNECTING: CONNECT_SECONDS,
    }.get(facts.phase)


def advance(facts: Facts, event: Event) -> Step:
    """Answer one event. Never raises; what cannot be any more is no news."""
    if facts.phase is Phase.OVER:
        return Step(facts, moved=False)
    if isinstance(event, CallOver):
        return _over(facts, Outcome.CALL_OVER, Effect.HANG_UP)
    if isinstance(event, PersonJoined):
        return _person_joined(facts)
    if isinstance(event, Leaves):
        return _left(facts, Effect.HANG_UP)
    answer = _ANSWERS[facts.phase](facts, event)
    return answer or Step(facts, moved=False)


def _asked(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, Stored):
        return Step(replace(facts, phase=Phase.REACHING), (Effect.REACH,))
    if isinstance(event, NotReached | TimeUp):
        return _failed(facts, Failure.NOT_DIALLED, Effect.HANG_UP)
    if isinstance(event, Gone):
        return _failed(facts, _why(event.hangup))
    return None


def _reaching(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, Answered):
        return _on_line(facts)
    if isinstance(event, Wanted):
        return Step(replace(facts, mode=event.mode))
    if isinstance(event, Gone):
        return _failed(facts, _why(event.hangup))
    if isinstance(event, NotReached):
        return _failed(facts, Failure.NOT_DIALLED, Effect.HANG_UP)
    if isinstance(event, TimeUp):
        return _failed(facts, Failure.NO_ANSWER, Effect.HANG_UP)
    return None


def _on_line(facts: Facts) -> Step:
    """A person who talks with the caller is not replaced: then the supervisor listens."""
    if facts.mode is Mode.TAKE_OVER and not facts.with_person:
        return Step(replace(facts, phase=Phase.CONNECTING), (Effect.CONNECT,))
    mode = Mode.LISTEN if facts.mode is Mode.TAKE_OVER else facts.mode
    after = replace(facts, phase=Phase.ON_LINE, mode=mode)
    return Step(after, (Effect.SPY, *_about_agent(facts, after), Effect.TELL_MODE))


def _listening(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, Wanted):
        return _changed(facts, event.mode)
    if isinstance(event, KeyUndone):
        return Step(facts, (Effect.MIX,), moved=False)
    return _left(facts) if isinstance(event, Gone) else None


def _changed(facts: Facts, mode: Mode) -> Step:
    if mode is Mode.TAKE_OVER and not facts.with_person:
        after = replace(facts, phase=Phase.CONNECTING, mode=mode)
        return Step(after, (Effect.CONNECT,))
    if mode in (facts.mode, Mode.TAKE_OVER):
        return Step(facts, (Effect.MIX,), moved=False)  # the switch may have acted on the key
    after = replace(facts, mode=mode)
    return Step(after, (Effect.MIX, *_about_agent(facts, after), Effect.TELL_MODE))


def _person_joined(facts: Facts) -> Step:
    """The agent is gone, so nothing holds it back; whoever wanted to take over comes too late."""
    if facts.with_person or facts.phase is Phase.CONNECTED:
        return Step(facts, moved=False)
    after = replace(facts, with_person=True)
    if facts.phase is Phase.CONNECTING:
        after = replace(after, phase=Phase.ON_LINE, mode=Mode.LISTEN)
        return Step(after, (Effect.SPY, Effect.TELL_MODE))
    return Step(after, (Effect.MIX,) if facts.phase is Phase.ON_LINE else ())


def _connecting(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, Joined):
        return Step(replace(facts, phase=Phase.CONNECTED), (Effect.TELL_TAKEN_OVER,))
    if isinstance(event, NotJoined | TimeUp):
        after = replace(facts, phase=Phase.ON_LINE, mode=Mode.LISTEN)
        return Step(after, (Effect.SPY, Effect.FREE_AGENT, Effect.TELL_MODE))
    if isinstance(event, Gone):
        return _left(facts, Effect.FREE_AGENT)
    return None


def _connected(facts: Facts, event: Event) -> Step | None:
    return _over(facts, Outcome.LEFT, Effect.TELL_LEFT) if isinstance(event, Gone) else None


_ANSWERS = {
    Phase.ASKED: _asked,
    Phase.REACHING: _reaching,
    Phase.ON_LINE: _listening,
    Phase.CONNECTING: _connecting,
    Phase.CONNECTED: _connected,
}


def _about_agent(before: Facts, after: Facts) -> tuple[Effect, ...]:
    if before.holds_agent is after.holds_agent:
        return ()
    return (Effect.HOLD_AGENT if after.holds_agent else Effect.FREE_AGENT,)


def _left(facts: Facts, *effects: Effect) -> Step:
    over = replace(facts, phase=Phase.OVER, outcome=Outcome.LEFT)
    told = (Effect.TELL_MODE,) if facts.phase is Phase.ON_LINE else ()
    return Step(over, (*effects, *_about_agent(facts, over), *told))


def _over(facts: Facts, outcome: Outcome, *effects: Effect) -> Step:
    return Step(replace(facts, phase=Phase.OVER, outcome=outcome), effects)


def _failed(facts: Facts, failure: Failure, *effects: Effect) -> Step:
    over = replace(facts, phase=Phase.OVER, outcome=Outcome.FAILED, failure=failure)
    return Step(over, effects)


def _why(hangup: Hangup) -> Failure:
    if hangup.cause in ("USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT"):
        return Failure.NOT_REGISTERED
    return {
        Unanswered.BUSY: Failure.BUSY,
        Unanswered.NO_ANSWER: Failure.NO_ANSWER,
        Unanswered.REJECTED: Failure.DECLINED,
    }.get(outcome_of(hangup), Failure.NOT_DIALLED)

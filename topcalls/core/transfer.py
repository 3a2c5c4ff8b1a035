"""Handing a call over to a person: the life of one transfer, from the wish to a bridge or back.

Blind: the target is dialled and, once answered, connected; with `detect_voicemail` it is listened
to first, until its greeting is over. Warm: who answers first hears what the call is about, and is
connected only after pressing a key; a machine presses none, so a caller is never handed to a
voicemail, and one that is recognized is let go of at once. By REFER the carrier is asked to do all
of it; where it refuses the request itself, the target is dialled after all.

Whatever goes wrong before the connection, the caller is still with the agent, who is told what
happened in words. `advance` decides; the controller carries the effects out and reports by events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from topcalls.core.call_events import Hangup
from topcalls.core.hangup_causes import Unanswered, outcome_of
from topcalls.core.transfer_answer import CHECK_SECONDS
from topcalls.core.transfer_events import (
    Begun,
    BriefingOver,
    CalledOff,
    Dialled,
    Event,
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

BLIND, WARM = "blind", "warm"
KINDS = (BLIND, WARM)
BRIDGE, REFER = "bridge", "refer"
METHODS = (BRIDGE, REFER)
DEFAULT_RING_SECONDS = 30.0
DEFAULT_ACCEPT_SECONDS = 40.0
DEFAULT_ACCEPT_KEY = "1"
REFER_SECONDS = 60.0
"""How long a carrier may take to tell what became of a REFER."""

CONNECT_SECONDS = 5.0
INTENT_SECONDS = 10.0


@dataclass(frozen=True)
class Destination:
    """Where a call may be handed over to. `briefing`: what the target hears first, if `kind` is
    warm. Times in seconds; `accept_seconds` is for the briefing and the key together.
    `detect_voicemail`: of a blind one, see `core/transfer_answer.py`."""

    name: str
    number: str
    kind: str = BLIND
    method: str = BRIDGE
    briefing: str | None = None
    ring_seconds: float = DEFAULT_RING_SECONDS
    accept_key: str = DEFAULT_ACCEPT_KEY
    accept_seconds: float = DEFAULT_ACCEPT_SECONDS
    detect_voicemail: bool = False

    @property
    def waits_seconds(self) -> float:
        """How long a target that answered may have to wait before it is connected."""
        if self.kind == WARM:
            return self.accept_seconds
        return CHECK_SECONDS if self.detect_voicemail else 0.0


def destinations_of(transfer: Mapping[str, Any] | None) -> tuple[Destination, ...]:
    """Those of a call's `transfer`, which `core.transfer_rules` found right."""
    return tuple(_destination(item) for item in (transfer or {}).get("destinations") or ())


def _destination(item: Mapping[str, Any]) -> Destination:
    given = {key: value for key, value in item.items() if value is not None}
    for ours, theirs in (
        ("ring_seconds", "ring_timeout_seconds"),
        ("accept_seconds", "accept_timeout_seconds"),
    ):
        if theirs in given:
            given[ours] = given.pop(theirs)
    known = {key: given[key] for key in Destination.__dataclass_fields__ if key in given}
    return Destination(**known)


class Phase(StrEnum):
    """Where a transfer stands."""

    ASKED = "asked"
    DIALLING = "dialling"
    RINGING = "ringing"
    CHECKING = "checking"
    BRIEFING = "briefing"
    CONNECTING = "connecting"
    REFERRING = "referring"
    CONNECTED = "connected"
    OVER = "over"


class Outcome(StrEnum):
    """How a transfer ended; stored."""

    TRANSFERRED = "transferred"
    REFERRED = "referred"
    FAILED = "failed"
    CALLED_OFF = "called_off"


class Failure(StrEnum):
    """Why a transfer failed; stored."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    NOT_ACCEPTED = "not_accepted"
    VOICEMAIL = "voicemail"
    HUNG_UP = "hung_up"
    CARRIER = "carrier"
    NOT_DIALLED = "not_dialled"
    BRIEFING = "briefing_failed"
    BRIDGE = "bridge_failed"


class Effect(StrEnum):
    """What the controller has to do."""

    DIAL = "dial"
    REFER = "refer"
    CHECK = "check"
    BRIEF = "brief"
    CONNECT = "connect"
    HANG_UP_TARGET = "hang_up_target"
    TELL_TRANSFERRED = "tell_transferred"
    TELL_REFERRED = "tell_referred"
    TELL_TARGET_LEFT = "tell_target_left"
    RETURN_TO_AGENT = "return_to_agent"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a transfer. `outcome` is set once it is decided, `failure` with FAILED."""

    destination: Destination
    phase: Phase = Phase.ASKED
    method: str = BRIDGE
    outcome: Outcome | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The answer to an event: what is known now, and what to do. `moved`: it was news."""

    facts: Facts
    effects: tuple[Effect, ...] = ()
    moved: bool = True


_BEFORE_ANSWER = (Phase.DIALLING, Phase.RINGING)
_WITH_TARGET = (
    Phase.DIALLING,
    Phase.RINGING,
    Phase.CHECKING,
    Phase.BRIEFING,
    Phase.CONNECTING,
)


def begin(destination: Destination) -> Facts:
    """A transfer that nothing was done for yet."""
    return Facts(destination, method=destination.method)


def limit_of(facts: Facts) -> float | None:
    """How many seconds the present phase may last."""
    target = facts.destination
    return {
        Phase.ASKED: INTENT_SECONDS,
        Phase.DIALLING: target.ring_seconds,
        Phase.RINGING: target.ring_seconds,
        Phase.CHECKING: target.waits_seconds,
        Phase.BRIEFING: target.waits_seconds,
        Phase.CONNECTING: CONNECT_SECONDS,
        Phase.REFERRING: REFER_SECONDS,
    }.get(facts.phase)


def advance(facts: Facts, event: Event) -> Step:
    """Answer one event. Never raises; what cannot be any more is no news."""
    if facts.phase is Phase.OVER:
        return Step(facts, moved=False)
    if facts.phase is Phase.CONNECTED:
        return _connected(facts, event)
    if isinstance(event, CalledOff):
        return _over(facts, Outcome.CALLED_OFF, None, _target_effects(facts))
    if isinstance(event, TimeUp):
        return _time_up(facts)
    answer = _ANSWERS[facts.phase](facts, event)
    return answer or Step(facts, moved=False)


def _asked(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, Begun):
        return Step(facts, (Effect.REFER if facts.method == REFER else Effect.DIAL,))
    if isinstance(event, Dialled):
        phase = Phase.REFERRING if facts.method == REFER else Phase.DIALLING
        return Step(replace(facts, phase=phase))
    if isinstance(event, NotDialled):
        return _failed(facts, Failure.NOT_DIALLED)
    return None


def _dialling(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, TargetRang) and facts.phase is Phase.DIALLING:
        return Step(replace(facts, phase=Phase.RINGING))
    if isinstance(event, TargetAnswered):
        return _answered(facts)
    if isinstance(event, TargetGone):
        return _failed(facts, _why(event.hangup))
    if isinstance(event, NotDialled):
        return _failed(facts, Failure.NOT_DIALLED)
    return None


def _answered(facts: Facts) -> Step:
    if facts.destination.kind == WARM:
        return Step(replace(facts, phase=Phase.BRIEFING), (Effect.BRIEF,))
    if facts.destination.detect_voicemail:
        return Step(replace(facts, phase=Phase.CHECKING), (Effect.CHECK,))
    return _connect(facts)


def _connect(facts: Facts) -> Step:
    return Step(replace(facts, phase=Phase.CONNECTING), (Effect.CONNECT,))


def _checking(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, TargetMayTalk):
        return _connect(facts)
    if isinstance(event, TargetIsMachine):
        return _failed(facts, Failure.VOICEMAIL, Effect.HANG_UP_TARGET)
    if isinstance(event, TargetGone):
        return _failed(facts, Failure.HUNG_UP)
    return None


def _briefing(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, KeyPressed) and event.digit == facts.destination.accept_key:
        return _connect(facts)
    if isinstance(event, TargetIsMachine):
        return _failed(facts, Failure.VOICEMAIL, Effect.HANG_UP_TARGET)
    if isinstance(event, TargetGone):
        return _failed(facts, Failure.HUNG_UP)
    if isinstance(event, BriefingOver):
        why = Failure.BRIEFING if event.broken else Failure.NOT_ACCEPTED
        return _failed(facts, why, Effect.HANG_UP_TARGET)
    return None


def _connecting(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, Joined):
        joined = replace(facts, phase=Phase.CONNECTED, outcome=Outcome.TRANSFERRED)
        return Step(joined, (Effect.TELL_TRANSFERRED,))
    if isinstance(event, TargetGone):
        return _failed(facts, Failure.HUNG_UP)
    if isinstance(event, NotJoined):
        return _failed(facts, Failure.BRIDGE, Effect.HANG_UP_TARGET)
    return None


def _referring(facts: Facts, event: Event) -> Step | None:
    if isinstance(event, NotDialled):
        return _failed(facts, Failure.NOT_DIALLED)
    if not isinstance(event, Referred) or event.status < 200:
        return None
    if event.status < 300:
        if not event.final:
            return None  # accepted: what becomes of it is told later
        return _over(facts, Outcome.REFERRED, None, (Effect.TELL_REFERRED,))
    if not event.final:
        dialled = replace(facts, phase=Phase.ASKED, method=BRIDGE)
        return Step(dialled, (Effect.DIAL,))
    return _failed(facts, _why(Hangup("NORMAL_UNSPECIFIED", sip_status=event.status)))


def _connected(facts: Facts, event: Event) -> Step:
    if isinstance(event, TargetGone):
        return Step(replace(facts, phase=Phase.OVER), (Effect.TELL_TARGET_LEFT,))
    if isinstance(event, CalledOff):
        return Step(replace(facts, phase=Phase.OVER), (Effect.HANG_UP_TARGET,))
    return Step(facts, moved=False)


_ANSWERS = {
    Phase.ASKED: _asked,
    Phase.DIALLING: _dialling,
    Phase.RINGING: _dialling,
    Phase.CHECKING: _checking,
    Phase.BRIEFING: _briefing,
    Phase.CONNECTING: _connecting,
    Phase.REFERRING: _referring,
}


def _time_up(facts: Facts) -> Step:
    if facts.phase is Phase.CHECKING:
        return _connect(facts)
    why = {
        Phase.ASKED: Failure.NOT_DIALLED,
        Phase.BRIEFING: Failure.NOT_ACCEPTED,
        Phase.CONNECTING: Failure.BRIDGE,
        Phase.REFERRING: Failure.CARRIER,
    }.get(facts.phase, Failure.NO_ANSWER)
    return _failed(facts, why, *_target_effects(facts))


def _target_effects(facts: Facts) -> tuple[Effect, ...]:
    """A dial that was asked for may be under way while it is still only ASKED."""
    with_target = facts.phase in _WITH_TARGET or facts.phase is Phase.ASKED
    return (Effect.HANG_UP_TARGET,) if with_target else ()


def _failed(facts: Facts, why: Failure, *effects: Effect) -> Step:
    return _over(facts, Outcome.FAILED, why, (*effects, Effect.RETURN_TO_AGENT))


def _over(
    facts: Facts, outcome: Outcome, failure: Failure | None, effects: tuple[Effect, ...]
) -> Step:
    over = replace(facts, phase=Phase.OVER, outcome=outcome, failure=failure)
    return Step(over, effects)


def _why(hangup: Hangup) -> Failure:
    return {
        Unanswered.BUSY: Failure.BUSY,
        Unanswered.NO_ANSWER: Failure.NO_ANSWER,
        Unanswered.REJECTED: Failure.DECLINED,
    }.get(outcome_of(hangup), Failure.CARRIER)


_WORDS = {
    Failure.BUSY: "The line is busy.",
    Failure.NO_ANSWER: "Nobody answered.",
    Failure.DECLINED: "The call was declined.",
    Failure.NOT_ACCEPTED: "Somebody or something answered, but nobody took the call: it may have "
    "been a voicemail.",
    Failure.VOICEMAIL: "A voicemail or another machine answered, and nobody else.",
    Failure.HUNG_UP: "The person hung up before taking the call.",
    Failure.CARRIER: "The telephone network could not connect it.",
    Failure.NOT_DIALLED: "It could not be dialled.",
    Failure.BRIEFING: "The person could not be told what the call is about.",
    Failure.BRIDGE: "The two lines could not be connected.",
}


def in_words(failure: Failure) -> str:
    """What the agent is told."""
    return _WORDS[failure]

"""What can happen to a transfer. What follows from it is decided in `core/transfer.py` alone."""

from __future__ import annotations

from dataclasses import dataclass

from topcalls.core.call_events import Hangup


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody wants the call handed over."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """The wish is stored and the target is dialled."""


@dataclass(frozen=True, slots=True)
class NotDialled:
    """It could not be stored, or not be sent to the switch."""


@dataclass(frozen=True, slots=True)
class TargetRang:
    """The target's phone rings."""


@dataclass(frozen=True, slots=True)
class TargetAnswered:
    """Somebody, or something, answered at the target's."""


@dataclass(frozen=True, slots=True)
class TargetIsMachine:
    """What answered is no person, for certain."""


@dataclass(frozen=True, slots=True)
class TargetMayTalk:
    """A person answered, or nothing tells that it is none."""


@dataclass(frozen=True, slots=True)
class TargetGone:
    """The target's channel is over, or never came to be."""

    hangup: Hangup


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The target pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class BriefingOver:
    """The briefing ended without a key; `broken`: by a fault."""

    broken: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """The switch has connected the two."""


@dataclass(frozen=True, slots=True)
class NotJoined:
    """The switch could not connect them."""


@dataclass(frozen=True, slots=True)
class Referred:
    """The carrier's answer to REFER, or (`final`) what became of its own dial."""

    status: int
    final: bool = False


@dataclass(frozen=True, slots=True)
class TimeUp:
    """The present phase has lasted as long as it may."""


@dataclass(frozen=True, slots=True)
class CalledOff:
    """The call itself is over, or somebody took the wish back."""


Event = (
    Begun
    | Dialled
    | NotDialled
    | TargetRang
    | TargetAnswered
    | TargetIsMachine
    | TargetMayTalk
    | TargetGone
    | KeyPressed
    | BriefingOver
    | Joined
    | NotJoined
    | Referred
    | TimeUp
    | CalledOff
)
EVENT_KINDS: tuple[type[Event], ...] = Event.__args__

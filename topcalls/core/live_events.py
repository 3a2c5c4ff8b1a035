"""What followers of a call are told, by name, and where in it they are.

A follower who was cut off says how far it had come, and is told what came after that: every kind of
row has a number that grows with each change in its call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

STATE: Final = "state"
PARTIAL: Final = "partial"
TURN: Final = "turn"
TURN_REMOVED: Final = "turn_removed"
DTMF: Final = "dtmf"
LATENCY: Final = "latency"
TOOL: Final = "tool"
END: Final = "end"

_OTHERS: Final = {
    "ContextInjected": "injected",
    "FollowingBegan": "following",
    "HandedToCarrier": "transfer",
    "KeysAsked": "keys",
    "ListenerJoined": "listening",
    "ListenerLeft": "listening",
    "ListeningAllowed": "listening",
    "PutOnHold": "hold",
    "RecordingPauseAsked": "recording",
    "RecordingPaused": "recording",
    "RecordingPauseFailed": "recording",
    "RecordingResumeAsked": "recording",
    "RecordingResumed": "recording",
    "Supervised": "supervision",
    "SupervisionAsked": "supervision",
    "TakenOffHold": "hold",
    "TransferAsked": "transfer",
    "Transferred": "transfer",
    "TransferTargetLeft": "transfer",
    "WordsSaid": "said",
}
"""Kinds of the trail that are told by a name of their own."""

NAMES: Final = tuple(
    dict.fromkeys((STATE, *_OTHERS.values(), PARTIAL, TURN, TURN_REMOVED, DTMF, LATENCY, TOOL, END))
)
_POSITION = re.compile(r"(\d{1,18})-(\d{1,9})-(\d{1,9})-(\d{1,9})(-end)?", re.ASCII)


def name_of(kind: str) -> str:
    """By which name an event of the trail is told."""
    return _OTHERS.get(kind, STATE)


@dataclass(frozen=True, slots=True)
class Position:
    """How much of a call was told: the number of the last event, turn, delay and tool. `over`: its
    end too. `partial`: when the last partial words were written, which a follower who comes again
    need not know."""

    event: int = 0
    turn: int = 0
    timing: int = 0
    tool: int = 0
    over: bool = False
    partial: datetime | None = None

    def __str__(self) -> str:
        end = "-end" if self.over else ""
        return f"{self.event}-{self.turn}-{self.timing}-{self.tool}{end}"


def parse_position(text: str) -> Position | None:
    """The inverse of `str`; None for what is none."""
    match = _POSITION.fullmatch(text)
    if match is None:
        return None
    event, turn, timing, tool = (int(number) for number in match.groups()[:4])
    return Position(event, turn, timing, tool, over=match[5] is not None)

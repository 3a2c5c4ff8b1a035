"""The vocabulary of turn-taking: what it decides, how firmly the floor is held, its time limits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

LONGEST_TURN_SECONDS: Final = 60


@dataclass(frozen=True)
class Pause:
    """Stop the agent's sound for now; nothing is dropped."""


@dataclass(frozen=True)
class Resume:
    """The doubt was unfounded: go on where the agent was paused."""


@dataclass(frozen=True)
class Commit:
    """The caller has the floor: clear playback, cut what was half heard, cancel the response."""


@dataclass(frozen=True)
class CreateResponse:
    """The agent has something to answer."""


@dataclass(frozen=True)
class Withdraw:
    """The caller has only paused, as their words tell: cancel the answer, of which nothing was
    heard."""


@dataclass(frozen=True)
class DeleteBackchannel:
    """The caller's utterance meant only "I am listening": take it out of the conversation."""

    item_id: str


@dataclass(frozen=True)
class Reclaim:
    """What cut the agent off was no speech: cancel what was to answer it, and let the agent go on
    with what it was saying."""


@dataclass(frozen=True)
class TakeFloor:
    """The caller has spoken for too long: end their turn and speak, over them if need be.

    `in_vain`: how often that was decided already without a word of theirs being known since.
    """

    in_vain: int = 0


Decision = (
    Pause | Resume | Commit | CreateResponse | Withdraw | DeleteBackchannel | Reclaim | TakeFloor
)


class Protection(Enum):
    """How firmly an utterance of the agent holds the floor."""

    NONE = "none"
    YIELDS_LATE = "yields_late"  # only to a caller who speaks on and on
    ABSOLUTE = "absolute"  # to nobody: a legal notice


class Floor(Enum):
    """What the agent is doing with the floor."""

    FREE = "free"
    PENDING = "pending"  # asked for a response; nothing is audible yet
    AUDIBLE = "audible"


@dataclass(frozen=True)
class TurnRules:
    """Time limits in milliseconds.

    `hangover_ms` is how long after the caller's last sound the ears say that the speech ended:
    only after that long can speech be told from a noise that is already over.

    Speech of which no word is known may be an acknowledgement or a noise for its first
    `wordless_ms`, and is given `verdict_wait_ms` after its end for its words to come; the agent is
    silent meanwhile. Speech of acknowledgements alone commits after `acknowledging_ms`.

    An answer that was asked for too early is withdrawn if there is more to wait than `withdraw_ms`.

    Not `interruptible`: whatever the agent says is heard to its end. A caller who has spoken for
    `longest_turn_ms` without letting the agent speak is spoken over.
    """

    commit_after_ms: int = 500
    min_words: int = 2
    hangover_ms: int = 500
    wordless_ms: int = 1500
    acknowledging_ms: int = 4000
    verdict_wait_ms: int = 1200
    protected_yields_after_ms: int = 3000
    answer_overlap_ms: int = 1000
    words_wait_ms: int = 2000
    reclaim_after_ms: int = 2000
    withdraw_ms: int = 200
    longest_turn_ms: int = LONGEST_TURN_SECONDS * 1000
    interruptible: bool = True


_COMMIT_AFTER_MS = {"low": 900, "medium": 500, "high": 300}
_MIN_WORDS = {"low": 3, "medium": 2, "high": 1}


def rules_for(sensitivity: str, hangover_ms: int) -> TurnRules:
    """The rules behind `interruption.sensitivity`: low, medium or high."""
    return TurnRules(
        commit_after_ms=_COMMIT_AFTER_MS[sensitivity],
        min_words=_MIN_WORDS[sensitivity],
        hangover_ms=hangover_ms,
    )

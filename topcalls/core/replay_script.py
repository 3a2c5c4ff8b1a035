"""When the caller of a recording speaks again: the same sounds, in a conversation that is new.

What the caller did is a list of moves: a stretch of speech, keys, the end. Each move had a reason
in time, which is its anchor: it came so long after the agent had stopped, or so long after the
agent had begun and over it, or so long after the caller's own last move while the agent said
nothing. With timing `relative` a move comes when its anchor has come again, however long the agent
takes now; with `absolute` it comes when it came then. Times are milliseconds.

The agent's speech is counted in spells: stretches of its sound between silences. Of a person who
sat through two spells of the agent before speaking, the recording sits through two; but nobody in
it waits much longer in silence than they did then: `SLACK_MS` more for an agent to begin, `MORE_MS`
for one that has said something to say as much as it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

SLACK_MS: Final = 5_000
"""How much longer than in the recording the caller waits for an agent that has said nothing."""

MORE_MS: Final = 1_000
"""How much longer for one that was heard, and in fewer spells than then."""

LAST_MS: Final = 5_000
"""How long, after the last move of a call that the caller did not end, the agent must have been
silent before the replay is over."""


class Timing(StrEnum):
    """What clocks the caller's moves."""

    RELATIVE = "relative"
    ABSOLUTE = "absolute"


class Anchor(StrEnum):
    """What a move follows."""

    CALLER = "caller"
    AGENT_END = "agent_end"
    AGENT_START = "agent_start"


class MoveKind(StrEnum):
    """What the caller does. `END`: the recording is over, and the caller has not hung up."""

    SPEECH = "speech"
    KEYS = "keys"
    HANG_UP = "hang_up"
    END = "end"


class Span(NamedTuple):
    """From the first sound of a stretch to its last, in the recording."""

    start_ms: int
    end_ms: int


class Keys(NamedTuple):
    """Keys that the caller pressed, and when."""

    at_ms: int
    digits: str


@dataclass(frozen=True)
class Move:
    """One thing that the caller did.

    `delay_ms` after its anchor. `spells` of the agent began since the move before, the one that it
    was spoken over included; `patience_ms` is the longest that the caller waited in silence for
    them. `turn` counts the caller's turns from 1: moves between which the agent said nothing are
    one turn.
    """

    kind: MoveKind
    start_ms: int
    end_ms: int
    anchor: Anchor
    delay_ms: int
    spells: int
    patience_ms: int
    turn: int
    keys: str = ""


@dataclass(frozen=True)
class Floor:
    """How it stands in the replay. `spells` of the agent began since the caller's last move did,
    which ended at `caller_end_ms` (0: none yet). `speaking_since_ms`: the agent is heard since
    then; None: it is silent, since `silent_since_ms` if it was heard before."""

    now_ms: int
    caller_end_ms: int
    spells: int
    speaking_since_ms: int | None = None
    silent_since_ms: int | None = None


def script_of(
    caller: Sequence[Span],
    agent: Sequence[Span],
    over_ms: int,
    *,
    keys: Iterable[Keys] = (),
    hangs_up: bool,
) -> tuple[Move, ...]:
    """The moves of a recording that is over after `over_ms`, in order; the last is its end.

    `caller` and `agent` are when each side is heard, in order and without overlaps on one side.
    """
    acts = [(span, MoveKind.SPEECH, "") for span in caller]
    acts += [(Span(one.at_ms, one.at_ms), MoveKind.KEYS, one.digits) for one in keys]
    acts.sort(key=lambda act: act[0].start_ms)
    last = max([over_ms, *(act[0].end_ms for act in acts)])
    end = MoveKind.HANG_UP if hangs_up else MoveKind.END
    moves: list[Move] = []
    for span, kind, digits in [*acts, (Span(last, last), end, "")]:
        moves.append(_move(span, kind, digits, moves, agent))
    return tuple(moves)


def _move(
    span: Span, kind: MoveKind, digits: str, before: Sequence[Move], agent: Sequence[Span]
) -> Move:
    start, quiet_since, turn = 0, 0, 0
    if before:
        start, quiet_since, turn = before[-1].start_ms, before[-1].end_ms, before[-1].turn
    since = start if before else -1
    spells = [one for one in agent if since < one.start_ms < span.start_ms]
    anchor, moment = Anchor.CALLER, quiet_since
    if spells:
        speaks = spells[-1].end_ms > span.start_ms and kind is not MoveKind.END
        anchor = Anchor.AGENT_START if speaks else Anchor.AGENT_END
        moment = spells[-1].start_ms if speaks else spells[-1].end_ms
    delay = max(0, span.start_ms - moment)
    if kind is MoveKind.END:
        delay = max(delay, LAST_MS)
    is_new = bool(spells) or not before
    return Move(
        kind,
        *span,
        anchor=anchor,
        delay_ms=delay,
        spells=len(spells),
        patience_ms=_longest_silence(quiet_since, spells, span.start_ms),
        turn=turn + 1 if is_new else turn,
        keys=digits,
    )


def _longest_silence(since_ms: int, spells: Sequence[Span], until_ms: int) -> int:
    """The longest that nobody was heard between the caller's last sound and the next."""
    longest, silent_from = 0, since_ms
    for spell in spells:
        longest = max(longest, spell.start_ms - silent_from)
        silent_from = max(silent_from, spell.end_ms)
    return max(longest, until_ms - silent_from, 0)


def is_due(move: Move, floor: Floor, timing: Timing) -> bool:
    """Whether the caller makes this move now. The end of a recording waits for an agent that
    speaks, whatever the timing."""
    if move.kind is MoveKind.END and not _is_silent_for(LAST_MS, floor):
        return False
    if timing is Timing.ABSOLUTE:
        return floor.now_ms >= move.start_ms
    if move.anchor is Anchor.CALLER:
        return floor.now_ms - floor.caller_end_ms >= move.delay_ms
    if floor.spells < move.spells:
        more = MORE_MS if floor.spells else SLACK_MS
        return _is_silent_for(move.patience_ms + more, floor)
    speaking = floor.speaking_since_ms
    if move.anchor is Anchor.AGENT_END:
        return speaking is None and floor.now_ms - (floor.silent_since_ms or 0) >= move.delay_ms
    is_later = floor.spells > move.spells
    return speaking is None or is_later or floor.now_ms - speaking >= move.delay_ms


def _is_silent_for(milliseconds: int, floor: Floor) -> bool:
    """Nobody has been heard for so long."""
    if floor.speaking_since_ms is not None:
        return False
    silent_since = max(floor.caller_end_ms, floor.silent_since_ms or 0)
    return floor.now_ms - silent_since >= milliseconds

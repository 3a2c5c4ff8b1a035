"""What a recording has of the caller, for a conversation that is held again with it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import BinaryIO

from topcalls.audio.energies import read_sounding
from topcalls.audio.pcm import split_stereo
from topcalls.audio.spells import AGENT_GAP_MS, CALLER_GAP_MS, EDGE_MS, spells_of
from topcalls.audio.wav import WavError, WavReader
from topcalls.core import keys, notes
from topcalls.core.replay_script import Keys, Move, MoveKind, Span
from topcalls.core.transcript import Turn
from topcalls.errors import Conflict

BYTES_PER_MS = 16
"""Of L16 at 8 kHz."""

_RATE = 8000
_NEAR_MS = 1_500
"""How far a recording may begin from the answer, for its sound to be known again by its turns."""


@dataclass(frozen=True)
class CallersSound:
    """`caller` is the left channel, L16 at 8 kHz; spells of both sides in ms of the recording."""

    caller: bytes
    caller_spells: tuple[Span, ...]
    agent_spells: tuple[Span, ...]

    @property
    def milliseconds(self) -> int:
        return len(self.caller) // BYTES_PER_MS


def read_sound(file: BinaryIO) -> CallersSound:
    """Of an opened recording, which is closed. Blocks for as long as that takes.

    Raises `Conflict` where it is not as calls are recorded in stereo.
    """
    with file:
        data = file.read()
    try:
        with WavReader(io.BytesIO(data)) as reader:
            _check(reader.format.channels, reader.format.rate)
            caller = b"".join(split_stereo(chunk)[0] for chunk in reader.chunks(10_000))
        sounding = read_sounding(io.BytesIO(data))
    except WavError as error:
        raise Conflict(f"The recording cannot be read: {error}.") from None
    mine = spells_of(sounding.caller, CALLER_GAP_MS, EDGE_MS)
    agents = spells_of(sounding.agent, AGENT_GAP_MS)
    return CallersSound(
        caller, tuple(Span(*one) for one in mine), tuple(Span(*one) for one in agents)
    )


def _check(channels: int, rate: int) -> None:
    if channels != 2:
        raise Conflict(
            "The recording is mono: the caller cannot be told from the agent in it.",
            remedy="Record calls in stereo: recording.channels, which is the default.",
        )
    if rate != _RATE:
        raise Conflict(
            f"The recording has {rate} samples a second and not {_RATE}.",
            remedy="Take the WAV file as it is exported: GET /v1/calls/{id}/recording.",
        )


def begins_after(turns: Sequence[Turn], agent_spells: Sequence[Span]) -> int:
    """By how many ms the moments of a recording are later than those of its call: by the agent's
    turns, found again as sound. 0 where none is."""
    found = []
    for turn in turns:
        if turn.speaker == "assistant" and is_spoken(turn):
            near = min(
                agent_spells, key=lambda one: abs(one.start_ms - turn.started_ms), default=None
            )
            if near is not None and abs(near.start_ms - turn.started_ms) <= _NEAR_MS:
                found.append(near.start_ms - turn.started_ms)
    return round(median(found)) if found else 0


def is_spoken(turn: Turn) -> bool:
    """It is words, and no keys and no note."""
    return not keys.is_written(turn.text) and not notes.is_note(turn.text)


def keys_in(turns: Sequence[Turn], offset_ms: int) -> tuple[list[Keys], int]:
    """The keys that the caller pressed, in ms of the recording, and how often it is not known which
    they were."""
    found, hidden = [], 0
    for turn in turns:
        if turn.speaker != "user" or not keys.is_written(turn.text):
            continue
        digits = turn.text.removeprefix("[pressed ").removesuffix("]")
        if set(digits) <= {"*"}:
            hidden += 1
        else:
            found.append(Keys(max(0, turn.started_ms + offset_ms), digits))
    return found, hidden


@dataclass(frozen=True)
class SaidThen:
    """Words that the caller says from move number `move` on, and where in the recording."""

    move: int
    span: Span
    text: str


def said_in(moves: Sequence[Move], turns: Sequence[Turn], offset_ms: int) -> tuple[SaidThen, ...]:
    """The words of the caller's moves, as they were understood. `offset_ms`: see `begins_after`."""
    found: dict[int, SaidThen] = {}
    speech = {at: move for at, move in enumerate(moves) if move.kind is MoveKind.SPEECH}
    for turn in turns:
        if turn.speaker != "user" or not is_spoken(turn) or not speech:
            continue
        start, end = turn.started_ms + offset_ms, turn.ended_ms + offset_ms
        within = [at for at, one in speech.items() if one.start_ms < end and one.end_ms > start]
        middle = (start + end) / 2
        nearest = min(
            speech, key=lambda at: abs((moves[at].start_ms + moves[at].end_ms) / 2 - middle)
        )
        first, last = (within[0], within[-1]) if within else (nearest, nearest)
        before = found.get(first)
        text = turn.text if before is None else f"{before.text} {turn.text}"
        found[first] = SaidThen(first, Span(moves[first].start_ms, moves[last].end_ms), text)
    return tuple(found.values())

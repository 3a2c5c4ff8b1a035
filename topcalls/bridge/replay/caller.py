"""The caller of a recording, on the line of a conversation that is new.

The moves come as `core/replay_script.py` says. Between them the line sounds as it did: what was
recorded between two moves is repeated for as long as that takes now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from topcalls.audio.spells import SpellWatch
from topcalls.bridge.replay.loudspeaker import Loudspeaker
from topcalls.core.replay_script import Floor, Move, MoveKind, Timing, is_due

FRAME_MS = 20
FRAME_BYTES = 320
"""20 ms of L16 at 8 kHz."""

_BYTES_PER_MS = 16
_LEAST_BACKGROUND_MS = 400


@dataclass(frozen=True)
class CallersSide:
    """What is replayed. `sound` is the caller's channel, L16 at 8 kHz; `moves` are places in it."""

    sound: bytes
    moves: tuple[Move, ...]
    timing: Timing = Timing.RELATIVE

    def piece(self, start_ms: int, end_ms: int) -> bytes:
        """The sound between two moments."""
        return self.sound[start_ms * _BYTES_PER_MS : max(start_ms, end_ms) * _BYTES_PER_MS]


class RecordedCaller:
    """Gives 20 ms of the line at a time. `on_move` is told the index of each move as it begins,
    `on_keys` the keys that are pressed."""

    def __init__(
        self,
        side: CallersSide,
        speaker: Loudspeaker,
        on_move: Callable[[int], None],
        on_keys: Callable[[str], None],
    ) -> None:
        self.end: MoveKind | None = None
        """How it was over: the caller hung up, or the recording ends."""
        self._side = side
        self._speaker = speaker
        self._on_move = on_move
        self._on_keys = on_keys
        self._agent = SpellWatch()
        self._next = 0
        self._spells_before = 0
        self._quiet_since = 0
        self._sounding = b""
        self._between = _Background(side)

    def frame(self, played: bytes) -> bytes:
        """What the line brings while `played` (L16, 20 ms) is heard on it."""
        self._agent.feed(played)
        if not self._sounding:
            self._consider()
        if not self._sounding:
            return self._between.frame(self._next)
        frame, self._sounding = self._sounding[:FRAME_BYTES], self._sounding[FRAME_BYTES:]
        if not self._sounding:
            self._quiet_since = self._agent.heard_ms + FRAME_MS
        return frame.ljust(FRAME_BYTES, b"\0")

    def _consider(self) -> None:
        moves = self._side.moves
        while self._next < len(moves) and self.end is None and not self._sounding:
            move = moves[self._next]
            if not is_due(move, self._floor, self._side.timing):
                return
            self._on_move(self._next)
            self._next += 1
            self._spells_before = self._agent.count
            self._make(move)

    def _make(self, move: Move) -> None:
        if move.kind is MoveKind.SPEECH:
            self._sounding = self._side.piece(move.start_ms, move.end_ms)
        elif move.kind is MoveKind.KEYS:
            self._on_keys(move.keys)
            self._quiet_since = self._agent.heard_ms
        else:
            self.end = move.kind

    @property
    def _floor(self) -> Floor:
        agent, since = self._agent, self._agent.began_ms
        speaks = agent.is_speaking or self._speaker.is_behind
        return Floor(
            now_ms=agent.heard_ms,
            caller_end_ms=self._quiet_since,
            spells=agent.count - self._spells_before,
            speaking_since_ms=(agent.heard_ms if since is None else since) if speaks else None,
            silent_since_ms=agent.ended_ms,
        )


class _Background:
    """The line while the caller does nothing."""

    def __init__(self, side: CallersSide) -> None:
        edges = [0, *(move.end_ms for move in side.moves)]
        starts = [move.start_ms for move in side.moves]
        self._gaps = [side.piece(*pair) for pair in zip(edges, starts, strict=False)]
        self._usual = max(self._gaps, key=len, default=b"")
        self._place: Sequence[int] = (-1, 0)

    def frame(self, gap: int) -> bytes:
        """20 ms of what was heard before move number `gap`, over and over."""
        own = self._gaps[gap] if gap < len(self._gaps) else b""
        sound = own if len(own) >= _LEAST_BACKGROUND_MS * _BYTES_PER_MS else self._usual
        if len(sound) < FRAME_BYTES:
            return bytes(FRAME_BYTES)
        before, at = self._place
        at = at if before == gap and at + FRAME_BYTES <= len(sound) else 0
        self._place = gap, at + FRAME_BYTES
        return sound[at : at + FRAME_BYTES]

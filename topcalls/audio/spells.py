"""Spells: stretches in which one side of a call is heard, silences within them bridged.

The same rule for a recording and for sound as it is made: what is counted in one is found again in
the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topcalls.audio.energies import FLOOR, FRAME_MS, RUN_FRAMES, SOUNDING_FRAMES
from topcalls.audio.pcm import audioop

AGENT_GAP_MS = 700
"""Silences of the agent that are part of its speech: longer than between most sentences."""

CALLER_GAP_MS = 300
"""The same of the caller, short: what they pause is part of what is replayed."""

EDGE_MS = 120
"""How much softer sound may lie before and after what stands out."""

Bounds = tuple[int, int]


def spells_of(sounding: NDArray[np.bool_], gap_ms: int, edge_ms: int = 0) -> list[Bounds]:
    """Where spells begin and end in a side of `energies.Sounding`, in ms of the recording, in
    order. `edge_ms` are added at both ends, as far as there is room."""
    edges = np.diff(np.concatenate(([0], sounding.astype(np.int8), [0])))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    found: list[Bounds] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        begins, stops = start * FRAME_MS, end * FRAME_MS
        if found and begins - found[-1][1] < gap_ms:
            found[-1] = (found[-1][0], stops)
        else:
            found.append((begins, stops))
    return _widened(found, edge_ms, len(sounding) * FRAME_MS)


def _widened(spells: list[Bounds], edge_ms: int, whole_ms: int) -> list[Bounds]:
    widened = []
    for index, (start, end) in enumerate(spells):
        earliest = spells[index - 1][1] if index else 0
        latest = spells[index + 1][0] if index + 1 < len(spells) else whole_ms
        widened.append((max(start - edge_ms, earliest), min(end + edge_ms, latest)))
        if index and widened[-2][1] > widened[-1][0]:
            middle = (spells[index - 1][1] + start) // 2
            widened[-2:] = [(widened[-2][0], middle), (middle, widened[-1][1])]
    return widened


class SpellWatch:
    """Hears one side as it is played, L16 at 8 kHz, in whole frames of `FRAME_MS`."""

    def __init__(self, gap_ms: int = AGENT_GAP_MS) -> None:
        self.heard_ms = 0
        self.count = 0
        self.began_ms: int | None = None
        """The present spell began then; None: there is none, or its silence has outlasted it."""
        self.ended_ms: int | None = None
        """The last sound of all; None: nothing was heard yet."""
        self._gap_ms = gap_ms
        self._latest: list[bool] = []

    def feed(self, l16: bytes) -> None:
        """More of it."""
        size = FRAME_MS * 16
        for at in range(0, len(l16), size):
            self._latest = [*self._latest[-RUN_FRAMES + 1 :], self._is_loud(l16[at : at + size])]
            self.heard_ms += FRAME_MS
            if sum(self._latest) >= SOUNDING_FRAMES:
                self._sounds()
        if self.began_ms is not None and self.silent_ms >= self._gap_ms:
            self.began_ms = None

    @property
    def silent_ms(self) -> int:
        """Since the last sound; 0 while there was none."""
        return 0 if self.ended_ms is None else self.heard_ms - self.ended_ms

    @property
    def is_speaking(self) -> bool:
        """Sound was heard just now: within a run of frames."""
        return self.began_ms is not None and self.silent_ms <= RUN_FRAMES * FRAME_MS

    def _sounds(self) -> None:
        if self.began_ms is None:
            self.count += 1
            self.began_ms = self.heard_ms - SOUNDING_FRAMES * FRAME_MS
        self.ended_ms = self.heard_ms

    @staticmethod
    def _is_loud(frame: bytes) -> bool:
        return audioop.rms(frame, 2) > FLOOR

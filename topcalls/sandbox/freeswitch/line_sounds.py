"""What a line carries beside words: tones of any frequencies, and a hiss. PCMU, 20 ms at a time."""

from __future__ import annotations

import audioop
import math
import random
import struct
from collections.abc import Iterator, Sequence

from topcalls.sandbox.freeswitch.codec import FRAME_BYTES, PCMU, RATE

_AMPLITUDE = 10_000
_HISS_FRAMES = 50


def tones(hertz: Sequence[float], seconds: float) -> Iterator[bytes]:
    """These frequencies together, without a break from frame to frame."""
    amplitude = _AMPLITUDE / len(hertz)
    steps = [2 * math.pi * hz / RATE for hz in hertz]
    for start in range(0, math.ceil(seconds * RATE), FRAME_BYTES):
        places = range(start, start + FRAME_BYTES)
        samples = [round(amplitude * sum(math.sin(step * at) for step in steps)) for at in places]
        yield PCMU.from_linear(struct.pack(f"<{FRAME_BYTES}h", *samples))


class Hiss:
    """Noise of all frequencies, of a loudness in dBFS; the same one on every line."""

    def __init__(self, level: float) -> None:
        self._source = random.Random(RATE)
        deviation = 32768 * 10 ** (level / 20)
        self._frames = [self._frame(deviation) for _ in range(_HISS_FRAMES)]

    def under(self, said: bytes | None) -> bytes:
        """20 ms of the line: what is said now, and the hiss."""
        hiss = self._source.choice(self._frames)
        words = hiss if said is None else audioop.add(PCMU.to_linear(said), hiss, 2)
        return PCMU.from_linear(words)

    def _frame(self, deviation: float) -> bytes:
        samples = [round(self._source.gauss(0, deviation)) for _ in range(FRAME_BYTES)]
        return struct.pack(f"<{FRAME_BYTES}h", *samples)

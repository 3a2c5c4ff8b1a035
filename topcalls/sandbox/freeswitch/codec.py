"""G.711 as the double needs it: bytes of a channel's codec to and from 16-bit samples."""

from __future__ import annotations

import audioop
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

RATE = 8000
FRAME_SECONDS = 0.02
FRAME_BYTES = 160


@dataclass(frozen=True)
class Codec:
    """One of the two codecs. `to_linear` and `from_linear` convert 16-bit little-endian samples."""

    name: str
    to_linear: Callable[[bytes], bytes]
    from_linear: Callable[[bytes], bytes]
    silence: bytes = field(default=b"", repr=False)

    def from_pcmu(self, audio: bytes) -> bytes:
        """mu-law bytes in this codec."""
        return audio if self is PCMU else self.from_linear(audioop.ulaw2lin(audio, 2))


PCMU = Codec(
    "PCMU",
    lambda audio: audioop.ulaw2lin(audio, 2),
    lambda samples: audioop.lin2ulaw(samples, 2),
    b"\xff" * FRAME_BYTES,
)
PCMA = Codec(
    "PCMA",
    lambda audio: audioop.alaw2lin(audio, 2),
    lambda samples: audioop.lin2alaw(samples, 2),
    b"\xd5" * FRAME_BYTES,
)
CODECS = {codec.name: codec for codec in (PCMU, PCMA)}


def level(samples: bytes) -> int:
    """RMS of 16-bit samples, 0 to 32768."""
    return audioop.rms(samples, 2)


class ComfortNoise:
    """What a parked channel sends while `send_silence_when_idle` is set: faint noise."""

    AMPLITUDE = 60
    FRAMES = 50

    def __init__(self, codec: Codec) -> None:
        source = random.Random(RATE)
        amplitude = self.AMPLITUDE
        self._next = 0
        self._frames = []
        for _ in range(self.FRAMES):
            noise = [source.randint(-amplitude, amplitude) for _ in range(FRAME_BYTES)]
            samples = struct.pack(f"<{FRAME_BYTES}h", *noise)
            self._frames.append(codec.to_linear(codec.from_linear(samples)))

    def frame(self) -> bytes:
        """20 ms of samples."""
        self._next = (self._next + 1) % len(self._frames)
        return self._frames[self._next]


@cache
def comfort_noise(codec: Codec) -> ComfortNoise:
    """The noise of one codec, shared by all channels."""
    return ComfortNoise(codec)

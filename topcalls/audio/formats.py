"""What the bytes of a piece of audio mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# The two codecs of a telephone call. The names are those of SDP and of FreeSWITCH.
G711Codec = Literal["PCMU", "PCMA"]
# L16 is signed 16-bit little-endian, as mod_audio_stream sends it.
Encoding = Literal["L16", "PCMU", "PCMA"]


@dataclass(frozen=True)
class AudioFormat:
    """Encoding, samples per second and channels (interleaved)."""

    encoding: Encoding
    rate: int = 8000
    channels: int = 1

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return (2 if self.encoding == "L16" else 1) * self.channels

    @property
    def bytes_per_second(self) -> int:
        return self.frame_bytes * self.rate

    def size_of(self, milliseconds: float) -> int:
        """Bytes of so much audio, whole samples, rounded down."""
        return int(milliseconds * self.rate // 1000) * self.frame_bytes

    def milliseconds(self, size: int) -> float:
        """How long `size` bytes sound."""
        return size * 1000 / self.bytes_per_second


L16_8K: Final = AudioFormat("L16")
PCMU_8K: Final = AudioFormat("PCMU")
PCMA_8K: Final = AudioFormat("PCMA")

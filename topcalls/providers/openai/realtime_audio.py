"""What goes over a Realtime socket for the G.711 of a call.

The same bytes: no conversion, a sixth of the size, and OpenAI speaks them. Servers that are
compatible otherwise may know PCM at 24 kHz only; their sound is converted here, once each way.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.audio.resampler import Resampler
from topcalls.providers.base import AudioFormat, SessionConfig

LINE_RATE: Final = 8000
WIDE_RATE: Final = 24000
_CODEC: dict[AudioFormat, G711Codec] = {"audio/pcmu": "PCMU", "audio/pcma": "PCMA"}


class Wire(Protocol):
    """One conversation's audio. `format` is the session's, as the API wants it."""

    format: dict[str, Any]

    def out(self, line: bytes) -> bytes:
        """The caller's sound, for the server."""
        ...

    def back(self, wire: bytes) -> bytes:
        """The server's sound, for the line."""
        ...

    def rest(self) -> bytes:
        """What is left of an item's sound at its end, for the line."""
        ...


def wire_of(config: SessionConfig) -> Wire:
    """What this session's audio goes through."""
    if config.pcm24:
        return Pcm24(_CODEC[config.audio_format])
    return Unchanged(config.audio_format)


class Unchanged:
    """G.711 end to end."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self.format: dict[str, Any] = {"type": audio_format}

    def out(self, line: bytes) -> bytes:
        return line

    def back(self, wire: bytes) -> bytes:
        return wire

    def rest(self) -> bytes:
        return b""


class Pcm24:
    """L16 at 24 kHz. Holds back about a millisecond each way."""

    def __init__(self, codec: G711Codec) -> None:
        self.format: dict[str, Any] = {"type": "audio/pcm", "rate": WIDE_RATE}
        self._codec = codec
        self._up = Resampler(LINE_RATE, WIDE_RATE)
        self._down = Resampler(WIDE_RATE, LINE_RATE)

    def out(self, line: bytes) -> bytes:
        return self._up.feed(g711.decode(line, self._codec))

    def back(self, wire: bytes) -> bytes:
        return g711.encode(self._down.feed(wire), self._codec)

    def rest(self) -> bytes:
        return g711.encode(self._down.flush(), self._codec)

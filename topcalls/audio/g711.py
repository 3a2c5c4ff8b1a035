"""G.711: the eight bits per sample that telephone calls are made of."""

from __future__ import annotations

from typing import Final

from topcalls.audio.formats import G711Codec
from topcalls.audio.pcm import audioop

SILENCE: Final[dict[G711Codec, bytes]] = {"PCMU": b"\xff", "PCMA": b"\xd5"}

_ENCODERS = {"PCMU": audioop.lin2ulaw, "PCMA": audioop.lin2alaw}
_DECODERS = {"PCMU": audioop.ulaw2lin, "PCMA": audioop.alaw2lin}


def encode(l16: bytes, codec: G711Codec) -> bytes:
    """L16 to G.711, one byte for two."""
    return _ENCODERS[codec](l16, 2)


def decode(data: bytes, codec: G711Codec) -> bytes:
    """G.711 to L16, two bytes for one."""
    return _DECODERS[codec](data, 2)


def silence(codec: G711Codec, milliseconds: float) -> bytes:
    """So much silence at 8000 samples per second."""
    return SILENCE[codec] * int(milliseconds * 8)

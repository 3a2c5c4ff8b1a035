"""Between a session's audio format and the codec on the line."""

from __future__ import annotations

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.providers.base import AudioFormat

_CODEC: dict[AudioFormat, G711Codec] = {"audio/pcmu": "PCMU", "audio/pcma": "PCMA"}
_EVERY_BYTE = bytes(range(256))


def codec_of(audio_format: AudioFormat) -> G711Codec:
    """The codec whose bytes a session of this format takes and gives."""
    return _CODEC[audio_format]


def transcoder(audio_format: AudioFormat, codec: G711Codec) -> bytes | None:
    """Table for `bytes.translate` from a session's bytes to a line's; None: they are the same."""
    own = codec_of(audio_format)
    return None if own == codec else g711.encode(g711.decode(_EVERY_BYTE, own), codec)

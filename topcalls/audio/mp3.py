"""MP3 of what a WAV file holds."""

from __future__ import annotations

import lameenc

from topcalls.audio.wav import WavReader

KBITS_PER_CHANNEL = 16
"""At 8 kHz: a telephone's sound loses nothing that is heard."""

_QUALITY = 5  # of 0 (best) to 9 (fastest)


def encoded(wav: WavReader) -> bytes:
    """The whole as MP3 of a constant bit rate, stereo where it is: some 0.24 MB a minute in stereo.

    Takes a second or two for an hour's sound: never call it where an event loop carries audio.
    """
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_bit_rate(KBITS_PER_CHANNEL * wav.format.channels)
    encoder.set_in_sample_rate(wav.format.rate)
    encoder.set_channels(wav.format.channels)
    encoder.set_quality(_QUALITY)
    pieces = [bytes(encoder.encode(chunk)) for chunk in wav.chunks()]
    return b"".join((*pieces, bytes(encoder.flush())))

"""MP3s of recordings: whole frames, of the length of the sound, stereo where it was."""

import io
import math
import struct
import wave

import pytest

from topcalls.audio.mp3 import KBITS_PER_CHANNEL, encoded
from topcalls.audio.wav import WavReader

pytestmark = pytest.mark.unit
SECONDS = 5
MONO = 3


def sound(channels):
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        tone = [int(8000 * math.sin(n / 4)) for n in range(8000 * SECONDS)]
        writer.writeframes(b"".join(struct.pack("<h", one) * channels for one in tone))
    file.seek(0)
    return file


@pytest.mark.parametrize("channels", [1, 2])
def test_an_mp3_has_frames_of_the_right_kind_and_the_right_length(channels):
    data = encoded(WavReader(sound(channels)))
    assert data[0] == 0xFF
    assert data[1] & 0xE0 == 0xE0
    assert (data[3] >> 6 == MONO) == (channels == 1)
    expected = KBITS_PER_CHANNEL * channels * 1000 // 8 * SECONDS
    assert abs(len(data) - expected) < expected / 10


def test_the_same_sound_is_the_same_mp3():
    assert encoded(WavReader(sound(2))) == encoded(WavReader(sound(2)))

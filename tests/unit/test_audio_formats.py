"""Formats, G.711, framing: arithmetic that everything else stands on."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.audio import g711
from topcalls.audio.formats import L16_8K, PCMU_8K, AudioFormat
from topcalls.audio.framing import Framer
from topcalls.audio.pcm import interleave, split_stereo
from topcalls.audio.tones import sine, tone_dbfs

pytestmark = pytest.mark.unit

codecs = pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
samples = st.lists(st.integers(-32768, 32767), max_size=300)


def l16(values) -> bytes:
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)


@pytest.mark.parametrize(
    ("audio_format", "size"),
    [(PCMU_8K, 160), (L16_8K, 320), (AudioFormat("L16", 16000, 2), 1280)],
)
def test_twenty_milliseconds_in_bytes_and_back(audio_format, size):
    assert audio_format.size_of(20) == size
    assert audio_format.milliseconds(size) == 20.0


def test_a_size_is_whole_samples():
    stereo = AudioFormat("L16", 11025, 2)
    assert stereo.size_of(10) % stereo.frame_bytes == 0


@codecs
def test_silence_decodes_to_next_to_nothing(codec):
    silence = g711.silence(codec, 20)
    assert len(silence) == 160
    decoded = g711.decode(silence, codec)
    assert max(abs(v) for v in memoryview(decoded).cast("h")) <= 8
    assert g711.encode(decoded, codec) == silence


@codecs
def test_every_code_survives_decoding_and_encoding(codec):
    codes = bytes(range(256))
    again = g711.encode(g711.decode(codes, codec), codec)
    assert g711.decode(again, codec) == g711.decode(codes, codec)


@codecs
def test_a_tone_survives(codec):
    tone = sine(1000, milliseconds=200)
    coded = g711.encode(tone, codec)
    assert len(coded) == 1600
    assert tone_dbfs(g711.decode(coded, codec), 1000) == pytest.approx(-12, abs=0.2)


@given(st.binary(max_size=2000), st.integers(1, 400), st.data())
def test_frames_do_not_depend_on_the_chunking(data, size, draw):
    framer = Framer(size)
    frames, rest = [], data
    while rest:
        cut = draw.draw(st.integers(1, len(rest)))
        frames += framer.feed(rest[:cut])
        rest = rest[cut:]
    last = framer.flush(b"\xff")
    whole = len(data) // size * size
    assert frames == [data[at : at + size] for at in range(0, whole, size)]
    assert (last or b"") == (data[whole:].ljust(size, b"\xff") if data[whole:] else b"")
    assert framer.flush(b"\xff") is None


def test_a_frame_has_a_size():
    with pytest.raises(ValueError, match="at least one byte"):
        Framer(0)


@given(samples)
def test_stereo_is_two_monos(values):
    left, right = l16(values), l16(reversed(values))
    assert split_stereo(interleave(left, right)) == (left, right)


def test_importing_audio_warns_of_nothing():
    """`audioop` is deprecated; users who turn warnings into errors must not notice."""
    subprocess.run(
        [sys.executable, "-W", "error", "-c", "import topcalls.audio.g711"], check=True, timeout=60
    )

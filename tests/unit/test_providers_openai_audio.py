"""What goes over a Realtime socket for the sound of a call."""

import numpy as np
import pytest

from topcalls.audio import g711
from topcalls.providers.base import SessionConfig
from topcalls.providers.openai.realtime_audio import wire_of

pytestmark = pytest.mark.unit


def config(audio_format="audio/pcmu", *, pcm24):
    return SessionConfig("m", "i", audio_format=audio_format, pcm24=pcm24)


def tone(seconds, rate):
    samples = 8000 * np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * 440 / rate)
    return samples.astype("<i2").tobytes()


@pytest.mark.parametrize("audio_format", ["audio/pcmu", "audio/pcma"])
def test_the_lines_own_bytes_pass_unchanged(audio_format):
    wire = wire_of(config(audio_format, pcm24=False))
    assert wire.format == {"type": audio_format}
    assert (wire.out(b"ab"), wire.back(b"cd"), wire.rest()) == (b"ab", b"cd", b"")


@pytest.mark.parametrize(
    ("audio_format", "codec"), [("audio/pcmu", "PCMU"), ("audio/pcma", "PCMA")]
)
def test_wide_sound_is_the_same_sound(audio_format, codec):
    wire = wire_of(config(audio_format, pcm24=True))
    assert wire.format == {"type": "audio/pcm", "rate": 24000}
    line = g711.encode(tone(1, 8000), codec)
    sent = b"".join(wire.out(line[at : at + 160]) for at in range(0, len(line), 160))
    assert abs(len(sent) - 48000) <= 480
    pieces = [wire.back(sent[at : at + 9600]) for at in range(0, len(sent), 9600)]
    heard = np.frombuffer(g711.decode(b"".join([*pieces, wire.rest()]), codec), "<i2")
    assert abs(len(heard) - 8000) <= 80
    spectrum = np.abs(np.fft.rfft(heard[400:7600] * np.hanning(7200)))
    peak = int(spectrum.argmax())
    assert abs(peak * 8000 / 7200 - 440) < 3
    near = spectrum[peak - 5 : peak + 6] ** 2
    assert near.sum() / (spectrum**2).sum() > 0.98


def test_what_an_item_leaves_is_not_in_the_next():
    wire = wire_of(config(pcm24=True))
    wire.back(tone(0.1, 24000))
    wire.rest()
    quiet = np.frombuffer(g711.decode(wire.back(bytes(4800)), "PCMU"), "<i2")
    assert np.abs(quiet).max() <= 8

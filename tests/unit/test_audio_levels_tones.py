"""Loudness, the energy VAD, and tones that are found again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.audio.levels import SILENCE_DBFS, EnergyVad, level_dbfs
from topcalls.audio.tones import find_tones, sine, tone_dbfs

pytestmark = pytest.mark.unit

FRAME_MS = 20
SILENCE = bytes(320)
SPEECH = sine(300, milliseconds=FRAME_MS, level_dbfs=-15)


def noise(milliseconds: int, level_dbfs: float) -> bytes:
    samples = np.random.default_rng(1).normal(size=milliseconds * 8)
    return (samples * 32768 * 10 ** (level_dbfs / 20)).clip(-32768, 32767).astype("<i2").tobytes()


def test_levels():
    assert level_dbfs(b"") == SILENCE_DBFS
    assert level_dbfs(SILENCE) == SILENCE_DBFS
    assert level_dbfs(b"\x00\x80" * 160) == pytest.approx(0, abs=0.01)
    assert level_dbfs(sine(1000, milliseconds=100)) == pytest.approx(-15.01, abs=0.05)
    assert level_dbfs(noise(500, -30)) == pytest.approx(-30, abs=0.5)


def test_speech_begins_after_the_onset_and_ends_after_the_hangover():
    vad = EnergyVad(onset_ms=60, hangover_ms=100)
    heard = [vad.feed(frame) for frame in [SILENCE] * 5 + [SPEECH] * 6 + [SILENCE] * 8]
    assert heard.index(True) == 5 + 60 // FRAME_MS - 1
    assert heard[heard.index(True) :].index(False) == 4 + 100 // FRAME_MS - 1
    assert vad.speaking is False


def test_a_click_is_not_speech_and_a_pause_is_not_the_end():
    vad = EnergyVad(onset_ms=60, hangover_ms=300)
    assert not any(vad.feed(frame) for frame in [SPEECH, SPEECH, SILENCE] * 5)
    for _ in range(3):
        vad.feed(SPEECH)
    assert all(vad.feed(frame) for frame in ([SILENCE] * 14 + [SPEECH]) * 3)


def test_the_hangover_counts_time_not_frames():
    vad = EnergyVad(onset_ms=20, hangover_ms=100)
    vad.feed(SPEECH)
    assert vad.feed(bytes(320 * 4))
    assert not vad.feed(bytes(320))


@given(st.lists(st.integers(300, 3400), min_size=1, max_size=3, unique=True))
def test_a_chord_is_found_again(frequencies):
    frequencies.sort()
    if any(b - a < 60 for a, b in zip(frequencies, frequencies[1:], strict=False)):
        return
    found = find_tones(sine(*frequencies, milliseconds=400, level_dbfs=-15))
    assert found == pytest.approx(frequencies, abs=2)


def test_a_tone_is_measured_apart_from_the_others():
    chord = sine(700, 1000, milliseconds=200, level_dbfs=-20)
    assert tone_dbfs(chord, 700) == pytest.approx(-20, abs=0.3)
    assert tone_dbfs(chord, 1000) == pytest.approx(-20, abs=0.3)
    assert tone_dbfs(chord, 1600) < -60


def test_a_tone_is_found_in_noise():
    tone = np.frombuffer(sine(1000, milliseconds=500), "<i2")
    mixed = (tone + np.frombuffer(noise(500, -35), "<i2")).astype("<i2").tobytes()
    assert find_tones(mixed, floor_dbfs=-30) == pytest.approx([1000], abs=2)


def test_there_is_no_tone_in_silence_or_in_nothing():
    assert find_tones(bytes(1600)) == []
    assert find_tones(b"") == []
    assert tone_dbfs(bytes(1600), 1000) == SILENCE_DBFS
    assert tone_dbfs(b"", 1000) == SILENCE_DBFS


def test_a_tone_has_the_length_asked_for_and_never_wraps_around():
    assert len(sine(440, milliseconds=20, rate=16000)) == 640
    loud = np.frombuffer(sine(400, 500, 600, milliseconds=100, level_dbfs=0), "<i2")
    assert np.abs(np.diff(loud.astype(int))).max() < 40000

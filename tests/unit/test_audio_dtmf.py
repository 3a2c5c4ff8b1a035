"""Keys as tones: found at once and only where they are, and taken out of the audio."""

import numpy as np
import pytest

from topcalls.audio import dtmf, g711
from topcalls.audio.dtmf import HIGH, KEYS, LOW, ToneFilter
from topcalls.audio.tones import sine
from topcalls.sandbox.scenario import builtin_scenarios
from topcalls.sandbox.speech import Synthesizer

PIECE = 640


def pcm(samples):
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


def values(l16):
    return np.frombuffer(l16, "<i2").astype(float)


def heard(l16, piece=PIECE):
    """What is left of the audio, and the keys, piece by piece as the switch sends it."""
    line, left, keys = ToneFilter(), b"", ""
    for at in range(0, len(l16), piece):
        clean, found = line.clean(l16[at : at + piece])
        assert len(clean) == len(l16[at : at + piece])
        left += clean
        keys += found
    return left, keys


def key_sound(key, milliseconds, dbfs=-12.0, twist=0.0, offset=0.0):
    at = KEYS.index(key)
    time = np.arange(round(milliseconds * 8)) / 8000
    amplitude = 32768 * 10 ** (dbfs / 20)
    low = np.sin(2 * np.pi * LOW[at // 4] * (1 + offset) * time + 1)
    high = np.sin(2 * np.pi * HIGH[at % 4] * (1 + offset) * time + 2)
    return amplitude * (low + high * 10 ** (twist / 20))


def typed(milliseconds, gap=None, *, snr=None, seed=1, keys=KEYS, **sound):
    """All keys one after the other, beginning anywhere, through G.711."""
    random = np.random.default_rng(seed)
    parts = []
    for key in keys:
        parts.append(np.zeros((gap or milliseconds) * 8 + random.integers(0, 80)))
        parts.append(key_sound(key, milliseconds, **sound))
    audio = np.concatenate([*parts, np.zeros(800)])
    if snr is not None:
        power = (32768 * 10 ** (sound.get("dbfs", -12.0) / 20)) ** 2
        audio = audio + random.standard_normal(len(audio)) * np.sqrt(power / 10 ** (snr / 10))
    return g711.decode(g711.encode(pcm(audio), "PCMU"), "PCMU")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("piece", [320, 640, 960])
def test_the_shortest_tones_are_found_wherever_they_begin(seed, piece):
    assert heard(typed(40, seed=seed), piece)[1] == KEYS


@pytest.mark.parametrize(
    "sound",
    [
        {"dbfs": -30.0},
        {"dbfs": -6.5},
        {"twist": 8.0},
        {"twist": -8.0},
        {"offset": 0.015},
        {"offset": -0.015},
        {"snr": 15.0},
        {"snr": 10.0},
    ],
    ids=str,
)
def test_worn_noisy_and_unequal_tones_are_found(sound):
    assert heard(typed(60, **sound))[1] == KEYS


def test_the_same_key_twice_is_two_and_a_long_one_is_one():
    for seed in range(10):
        assert heard(typed(50, 50, keys="110000", seed=seed))[1] == "110000"
    assert heard(typed(2000, 60, keys="5"))[1] == "5"


def test_a_hole_in_a_tone_does_not_make_two_of_it():
    tone = key_sound("8", 200)
    tone[800:900] = 0
    assert heard(pcm(np.concatenate((np.zeros(500), tone, np.zeros(800)))))[1] == "8"


@pytest.mark.parametrize(
    "audio",
    [
        sine(697, milliseconds=500),
        sine(1209, milliseconds=500),
        sine(697, 770, milliseconds=500),
        sine(1000, milliseconds=500),
        sine(350, 440, milliseconds=500),
        sine(440, 480, milliseconds=500),
        sine(480, 620, milliseconds=500),
        sine(697, 1209, 1336, milliseconds=500),
        pcm(key_sound("1", 500, twist=15.0)),
        pcm(key_sound("1", 500, dbfs=-50.0)),
        pcm(key_sound("D", 500, offset=0.04)),
    ],
    ids=range(11),
)
def test_other_tones_are_no_keys_and_stay(audio):
    left, keys = heard(audio)
    assert keys == ""
    assert left == audio


def test_noise_is_no_key():
    noise = pcm(np.random.default_rng(7).standard_normal(8000 * 20) * 4000)
    left, keys = heard(noise)
    assert keys == ""
    assert left == noise


def test_speech_is_no_key_and_stays_whole():
    synthesizer = Synthesizer()
    texts = {text for scenario in builtin_scenarios() for text in scenario.spoken_texts()}
    for text in sorted(texts)[:12]:
        for voice in ("callee", "agent"):
            speech = g711.decode(synthesizer.speak(text, voice), "PCMU")
            left, keys = heard(speech)
            assert keys == "", text
            assert left == speech, text


def test_of_a_tone_at_most_the_first_moment_is_left():
    for start in range(0, 640, 40):
        tone = key_sound("6", 100)
        audio = np.concatenate((np.zeros(start), tone, np.zeros(1600)))
        left, keys = heard(pcm(audio))
        assert keys == "6"
        passed = np.flatnonzero(np.abs(values(left)) > 500)
        assert len(passed) == 0 or passed.max() - start < 0.0201 * 8000


def test_what_is_said_after_a_key_is_heard():
    speech = np.random.default_rng(2).standard_normal(1600) * 3000
    audio = pcm(np.concatenate((np.zeros(333), key_sound("3", 80), np.zeros(400), speech)))
    left, _ = heard(audio)
    assert left[-3200:] == audio[-3200:]


def test_keys_are_made_as_they_are_found():
    for key in KEYS:
        assert heard(dtmf.tone(key, 60) + bytes(1600))[1] == key


def test_odd_pieces_do_no_harm():
    line = ToneFilter()
    audio = typed(80, keys="12")
    keys = ""
    for size in (2, 50, 158, 2, 640) * 40:
        piece, audio = audio[:size], audio[size:]
        clean, found = line.clean(piece)
        assert len(clean) == len(piece)
        keys += found
    assert keys == "12"
    assert line.clean(b"") == (b"", "")

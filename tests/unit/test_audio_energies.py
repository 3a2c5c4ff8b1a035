"""What a caller waited for, measured on recordings made here."""

import wave

import numpy as np
import pytest

from topcalls.audio.energies import Wait, read_sounding, wait_before
from topcalls.audio.wav import WavError

pytestmark = pytest.mark.unit
RATE = 8000


def tone(seconds, level=3000.0):
    return level * np.sin(np.arange(round(seconds * RATE)) * 2 * np.pi * 300 / RATE)


def side(length, *sounds, noise=0.0, seed=1):
    """Seconds of background, with a sound from each given second on."""
    samples = np.random.default_rng(seed).normal(0, noise, round(length * RATE))
    for at, sound in sounds:
        start = round(at * RATE)
        samples[start : start + len(sound)] += sound
    return samples


def recorded(path, caller, agent):
    samples = np.stack([caller, agent], axis=1).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return read_sounding(path)


@pytest.mark.parametrize("noise", [0.0, 60.0, 250.0])
def test_the_wait_is_from_sound_to_sound(tmp_path, noise):
    caller = side(10, (2.0, tone(1.5)), noise=noise)
    agent = side(10, (0.2, tone(1.0)), (4.3, tone(2.0)), noise=noise, seed=2)
    sound = recorded(tmp_path / "a.wav", caller, agent)
    wait = wait_before(sound, 4250)
    assert wait is not None
    assert abs(wait.caller_ms - 3500) <= 20
    assert abs(wait.agent_ms - 4300) <= 20


def test_a_click_is_no_sound(tmp_path):
    caller = side(8, (2.0, tone(1.0)), (3.9, tone(0.02)))
    agent = side(8, (4.0, tone(1.0)))
    assert wait_before(recorded(tmp_path / "a.wav", caller, agent), 4000) == Wait(3000, 4000)


def test_an_agent_that_is_speaking_already_begins_no_answer(tmp_path):
    sound = recorded(tmp_path / "a.wav", side(8, (1.0, tone(1.0))), side(8, (2.0, tone(5.0))))
    assert wait_before(sound, 5000) is None


@pytest.mark.parametrize("packet", [-4000, 0, 60_000])
def test_nothing_is_found_where_nothing_is(tmp_path, packet):
    sound = recorded(tmp_path / "a.wav", side(3), side(3))
    assert wait_before(sound, packet) is None


def test_a_caller_who_was_never_heard_waited_for_nothing(tmp_path):
    sound = recorded(tmp_path / "a.wav", side(5), side(5, (2.0, tone(1.0))))
    assert wait_before(sound, 2000) is None


def test_one_side_alone_tells_nothing(tmp_path):
    with wave.open(str(tmp_path / "mono.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(16000))
    with pytest.raises(WavError, match="stereo"):
        read_sounding(tmp_path / "mono.wav")


def test_an_empty_recording_has_no_sound(tmp_path):
    assert wait_before(recorded(tmp_path / "a.wav", side(0), side(0)), 500) is None

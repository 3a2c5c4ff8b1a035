import sys

import numpy as np
import pytest

from topcalls.audio.echo import CancelledLeak, EchoCanceller, LeakGate
from topcalls.audio.g711 import decode, encode
from topcalls.audio.levels import level_dbfs
from topcalls.errors import ConfigError
from topcalls.sandbox.speech import Synthesizer

RATE = 8000
PIECE = 320
GUARDS = [CancelledLeak, LeakGate]


def samples(l16):
    return np.frombuffer(l16, "<i2").astype(np.float64)


def l16_of(signal):
    """As a line would carry it."""
    clipped = np.clip(np.round(signal), -32768, 32767).astype("<i2").tobytes()
    return decode(encode(clipped, "PCMU"), "PCMU")


@pytest.fixture(scope="module")
def agent():
    text = "Good morning. I am calling about your appointment on Thursday, which has to be moved."
    return samples(decode(Synthesizer().speak(text, "agent"), "PCMU"))


@pytest.fixture(scope="module")
def caller():
    return samples(decode(Synthesizer().speak("Wait, I have a question.", "callee"), "PCMU"))


def echo_of(signal, delay_ms, decibels, seed=1):
    numbers = np.random.default_rng(seed)
    path = numbers.standard_normal(256) * np.exp(-np.arange(256) / 60)
    path[0] += 2.0
    path /= np.sqrt(np.sum(path**2))
    returned = np.convolve(signal, path)[: len(signal)] * 10 ** (decibels / 20)
    delay = delay_ms * RATE // 1000
    noise = numbers.standard_normal(len(signal)) * 10
    return np.concatenate((np.zeros(delay), returned))[: len(signal)] + noise


def pass_through(guard, near, far, piece=PIECE):
    near, far = l16_of(near), l16_of(far)
    return b"".join(
        guard.clean(near[at : at + piece], far[at : at + piece])
        for at in range(0, len(near), piece)
    )


def level(l16, start, end):
    return level_dbfs(l16[int(start * RATE) * 2 : int(end * RATE) * 2])


@pytest.mark.parametrize("make", [EchoCanceller, *GUARDS])
@pytest.mark.parametrize(("delay_ms", "decibels"), [(20, -15), (120, -6), (400, -12)])
def test_the_agents_own_voice_does_not_come_back(make, delay_ms, decibels, agent):
    near = echo_of(agent, delay_ms, decibels)
    cleaned = pass_through(make(), near, agent)
    heard = level(l16_of(near), 1.5, 4.0)
    assert level(cleaned, 1.5, 4.0) < heard - 12


@pytest.mark.parametrize("make", GUARDS)
def test_the_caller_is_heard_over_the_echo(make, agent, caller):
    near = echo_of(agent, 120, -12)
    start = 2 * RATE
    spoken = np.zeros(len(near))
    spoken[start : start + len(caller)] = caller[: len(near) - start]
    cleaned = pass_through(make(), near + spoken, agent)
    seconds = len(caller) / RATE
    alone = level(l16_of(spoken), 2.0, 2.0 + seconds)
    assert level(cleaned, 2.0, 2.0 + seconds) > alone - 6


@pytest.mark.parametrize("make", GUARDS)
def test_a_line_without_echo_is_left_alone(make, agent, caller):
    """The caller speaks while the agent does, and nothing comes back."""
    near = np.zeros(len(agent))
    near[RATE : RATE + len(caller)] = caller
    cleaned = pass_through(make(), near, agent)
    seconds = len(caller) / RATE
    assert abs(level(cleaned, 1.0, 1.0 + seconds) - level(l16_of(near), 1.0, 1.0 + seconds)) < 4


@pytest.mark.parametrize("make", GUARDS)
def test_nothing_is_done_while_nothing_was_played(make, caller):
    """Not a sample is changed."""
    near = np.tile(caller, 2)
    assert pass_through(make(), near, np.zeros(len(near))) == l16_of(near)


@pytest.mark.parametrize("make", GUARDS)
@pytest.mark.parametrize("piece", [160, 500, 640, 3200])
def test_pieces_of_any_length_come_through(make, piece, agent):
    cleaned = pass_through(make(), echo_of(agent, 60, -10), agent, piece)
    assert len(agent) * 2 - 160 < len(cleaned) <= len(agent) * 2


def test_a_canceller_with_nothing_to_cancel_is_let_go(agent):
    guard = CancelledLeak()
    pass_through(guard, np.zeros(3 * len(agent)), np.tile(agent, 3))
    assert guard._canceller is None
    pass_through(guard, echo_of(agent, 100, -10), agent)
    assert guard._canceller is not None


def test_noise_is_taken_out_where_that_is_wanted():
    noise = np.random.default_rng(2).standard_normal(4 * RATE) * 300
    cleaned = pass_through(EchoCanceller(noise_suppression=True), noise, np.zeros(len(noise)))
    assert level(cleaned, 2.0, 4.0) < level(l16_of(noise), 2.0, 4.0) - 6


def test_without_the_extra_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "livekit.rtc", None)
    with pytest.raises(ConfigError) as refused:
        EchoCanceller()
    assert "topcalls[echo]" in refused.value.remedy

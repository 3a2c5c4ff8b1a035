"""A sound behind the agent, in calls of the whole product: heard, softer under words, in no way."""

import wave
from io import BytesIO

import numpy as np
import pytest
from product import Product
from scenarios import NUMBERS, words

from topcalls.media.background import layers_of

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

WISHES = {"background_audio": "cafe", "background_audio_gain": "high"}
VOICE = 2500
FRAME = 160


def agent_side(product, call):
    """RMS of each 20 ms that the called person heard, by the recording."""
    path = product.wav_path(call)
    with wave.open(BytesIO(product.request("GET", path).body)) as audio:
        samples = np.frombuffer(audio.readframes(audio.getnframes()), "<i2").reshape(-1, 2)
    right = samples[: len(samples) // FRAME * FRAME, 1].astype(float)
    return np.sqrt((right.reshape(-1, FRAME) ** 2).mean(axis=1))


def levels(product, call):
    """The level while the agent is silent, and in the quietest moments between its words."""
    frames = agent_side(product, call)
    voice = np.flatnonzero(frames > VOICE)
    assert len(voice) > 50
    far = np.array([np.abs(voice - at).min() for at in range(len(frames))])
    silent = frames[(far > 50) & (np.arange(len(frames)) > 25)]
    gaps = np.flatnonzero((np.diff(voice) > 4) & (np.diff(voice) < 25))
    within = np.concatenate([frames[voice[at] + 2 : voice[at + 1] - 1] for at in gaps])
    assert len(silent) > 25
    assert len(within) > 5
    return float(np.median(silent)), float(np.percentile(within, 3))


def level_of(sound):
    return float(np.sqrt(np.mean(np.frombuffer(sound, "<i2").astype(float) ** 2)))


@pytest.fixture(scope="module")
def ended_with_background(product):
    """Two calls with a sound behind them: the talk, and the one that is interrupted."""
    ids = [product.place(NUMBERS[name], **WISHES) for name in ("talk", "interrupts")]
    return [product.wait_over(call_id, seconds=120) for call_id in ids]


def test_the_talk_goes_as_without_it(ended_with_background):
    call = ended_with_background[0]
    assert (call["status"], call["end_reason"]) == ("completed", "agent_ended"), call
    assert "thursday" in words(call, "user")
    assert "unintelligible" not in words(call, "user")
    assert not any(turn["interrupted"] for turn in call["transcript"])


def test_it_is_heard_between_sentences_and_softer_between_words(product, ended_with_background):
    layers = layers_of("cafe", "high")
    silent, within = levels(product, ended_with_background[0])
    assert 0.5 < silent / level_of(layers.top) < 2
    assert within > level_of(layers.bed) / 2


def test_without_it_there_is_silence(product, ended):
    silent, within = levels(product, ended("talk"))
    layers = layers_of("cafe", "high")
    assert silent < level_of(layers.top) / 4
    assert within < level_of(layers.bed) / 4


def test_an_interruption_still_cuts_the_agent(ended_with_background):
    call = ended_with_background[1]
    assert call["status"] == "completed", call
    cut = [turn for turn in call["transcript"] if turn["interrupted"]]
    assert cut, call["transcript"]
    assert "main street" not in cut[0]["text"].lower()
    assert "it is on tuesday" in words(call, "assistant")


def test_a_switch_elsewhere_is_sent_the_sound(tmp_path):
    product = Product(tmp_path, TOPCALLS_PLAYBACK="stream").start()
    try:
        call = product.wait_over(product.place(NUMBERS["talk"], **WISHES), seconds=120)
        assert (call["status"], call["end_reason"]) == ("completed", "agent_ended"), call
        silent, within = levels(product, call)
        layers = layers_of("cafe", "high")
        assert 0.5 < silent / level_of(layers.top) < 2
        assert within > level_of(layers.bed) / 2
    finally:
        assert product.stop() == 0

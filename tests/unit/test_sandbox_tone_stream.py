"""Tones that the double's switch makes, and the ear of its telephones for keys in them."""

import audioop
import random
import struct

import pytest

from topcalls.core import keys
from topcalls.esl.commands import uuid_press_tones
from topcalls.sandbox.freeswitch.tone_stream import KEYS, KeyEar, open_tones

FRAME = 320


def heard(samples):
    ear = KeyEar()
    return "".join(ear.hear(samples[at : at + FRAME]) for at in range(0, len(samples), FRAME))


def pressed(text):
    """The sound that the switch makes of our command."""
    command = uuid_press_tones("11111111-2222-4333-8444-555555555555", keys.sounds(text))
    return open_tones(command.rpartition(" ")[2]).read()


@pytest.mark.parametrize("text", [KEYS, "112233", "1w1W#"])
def test_a_telephone_knows_the_keys_we_press(text):
    sound = pressed(text)
    assert heard(sound) == keys.only_keys(text)
    assert len(sound) / 16000 == pytest.approx(keys.sounds(text).seconds)


def test_they_are_as_loud_as_the_real_switch_makes_them():
    assert audioop.max(open_tones("tone_stream://%(100,0,697,1209)").read(), 2) == pytest.approx(
        10_364, rel=0.03
    )
    assert audioop.max(
        open_tones("tone_stream://v=-10;%(100,0,697,1209)").read(), 2
    ) == pytest.approx(7_164, rel=0.03)


def test_noise_and_single_tones_are_no_keys():
    source = random.Random(1)
    noise = struct.pack("<16000h", *(source.randint(-8000, 8000) for _ in range(16000)))
    assert heard(noise) == ""
    assert heard(open_tones("tone_stream://%(1000,0,697)").read()) == ""
    assert heard(bytes(FRAME * 50)) == ""


def test_it_begins_again_as_often_as_it_is_told():
    once = open_tones("tone_stream://%(20,20,440)").read()
    assert open_tones("tone_stream://%(20,20,440);loops=3").read() == 3 * once
    endless = open_tones("tone_stream://%(20,20,440);loops=-1")
    assert endless.read(3 * len(once)) == 3 * once
    assert endless.read(10) == once[:10]


@pytest.mark.parametrize("target", ["tone_stream://", "tone_stream://v=-4", "tone_stream://x"])
def test_what_is_no_tone_cannot_be_played(target):
    assert open_tones(target) is None

"""What a wish for a cloned voice must hold, and the marks by which its vendor's are known again."""

import io
import wave
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.voice_clones import (
    COUNTED,
    LEAST_SECONDS,
    MOST_BYTES,
    MOST_SAMPLE_BYTES,
    MOST_SAMPLES,
    OPEN,
    State,
    delay,
    described,
    marked,
    media_type,
    seconds,
    wish_faults,
)
from topcalls.ids import new_id

pytestmark = pytest.mark.unit

CONSENT = "I agree that my voice is copied for your telephone agent."


def wav(length=LEAST_SECONDS, rate=8000):
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(2 * int(length * rate)))
    return file.getvalue()


GOOD = {
    "name": "Anna",
    "consent": CONSENT,
    "consent_by": "Anna Meier",
    "samples": [("anna.wav", wav())],
}


def faults(**changes):
    wish = {**GOOD, **changes}
    return {
        (fault.path, fault.code)
        for fault in wish_faults({name: value for name, value in wish.items() if value is not None})
    }


def test_a_good_wish():
    assert faults() == set()
    more = {"description": "", "language": "pt-BR", "gender": "neutral"}
    assert faults(**more, remove_background_noise=True) == set()


def test_every_fault_is_told_at_once():
    assert {
        (fault.path, fault.code) for fault in wish_faults({"nam": "Anna", "gender": "loud"})
    } == {
        ("nam", "unknown"),
        ("name", "required"),
        ("consent", "required"),
        ("consent_by", "required"),
        ("gender", "choice"),
        ("samples", "required"),
    }


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": " "}, ("name", "length")),
        ({"name": "a" * 101}, ("name", "length")),
        ({"name": "a\0b"}, ("name", "invalid_character")),
        ({"name": 7}, ("name", "invalid_type")),
        ({"description": "d" * 501}, ("description", "length")),
        ({"consent": "yes"}, ("consent", "length")),
        ({"consent": " " * 30}, ("consent", "length")),
        ({"consent_by": "A"}, ("consent_by", "length")),
        ({"language": "Klingon!"}, ("language", "invalid_language")),
        ({"remove_background_noise": "yes"}, ("remove_background_noise", "choice")),
        ({"samples": [("a.wav", b"")]}, ("samples.0", "empty")),
        ({"samples": [("a.txt", b"Hello there, this is text")]}, ("samples.0", "not_audio")),
        ({"samples": [("a.wav", wav()), ("b.wav", wav())]}, ("samples.1", "repeated")),
        ({"samples": [("a.wav", wav(1)), ("b.wav", wav(2))]}, ("samples", "too_short")),
    ],
)
def test_a_fault_by_name(changes, fault):
    assert faults(**changes) == {fault}


def test_sizes():
    big = b"ID3" + bytes(MOST_SAMPLE_BYTES - 3)
    assert faults(samples=[("a.mp3", big)]) == set()
    assert faults(samples=[("a.mp3", big + b"\0")]) == {("samples.0", "too_large")}
    three = [("a.mp3", big), ("b.mp3", big[:-1]), ("c.mp3", big[: MOST_BYTES - 2 * len(big) + 1])]
    assert faults(samples=three) == set()
    assert faults(samples=[*three, ("d.mp3", b"ID3")]) == {("samples", "too_large")}
    many = [(f"{index}.mp3", b"ID3" + bytes([index])) for index in range(MOST_SAMPLES + 1)]
    assert faults(samples=many[:-1]) == set()
    assert faults(samples=many) == {("samples", "too_many")}


def test_what_cannot_be_measured_is_not_too_short():
    assert faults(samples=[("a.wav", wav(1)), ("b.ogg", b"OggS")]) == set()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (wav(), "audio/wav"),
        (b"RIFF\0\0\0\0AVI LIST", None),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"fLaC", "audio/flac"),
        (b"OggS", "audio/ogg"),
        (b"\x1aE\xdf\xa3", "audio/webm"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_kinds_of_sound(content, kind):
    assert media_type(content) == kind


def test_lengths_of_wav_files():
    assert seconds(wav(2.5, 16000)) == 2.5
    assert seconds(wav()[:20]) is None
    assert seconds(b"ID3") is None


@given(st.none() | st.text(max_size=500))
def test_a_voice_is_known_again_by_its_description(description):
    voice_id = new_id()
    assert marked(described(description, voice_id)) == voice_id


def test_what_carries_no_mark():
    for text in (None, "", "A calm voice.", "[topcalls:]", "[topcalls:soon]"):
        assert marked(text) is None


def test_states():
    assert set(OPEN) < set(COUNTED)
    assert set(State) - set(COUNTED) == {State.FAILED, State.DELETED}


def test_delays_grow_to_an_hour():
    waits = [delay(tries) for tries in range(40)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=5)
    assert waits[-1] == timedelta(hours=1)

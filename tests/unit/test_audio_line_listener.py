"""What tones of a telephone line are taken for, and speech beside them."""

from __future__ import annotations

import numpy as np
import pytest

from topcalls.audio.call_progress import Heard, Signal
from topcalls.audio.line_listener import LineEvent, LineListener
from topcalls.audio.speech_activity import SpeechBegan, SpeechEnded
from topcalls.audio.tones import sine

pytestmark = pytest.mark.unit


def silence(seconds: float) -> bytes:
    return bytes(int(seconds * 16000))


def voice(seconds: float, pitch: float = 140.0) -> bytes:
    """Harmonics whose pitch and loudness move as those of speech do."""
    time = np.arange(int(seconds * 8000)) / 8000
    phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.15 * np.sin(2 * np.pi * 2.3 * time))) / 8000
    formant = 600 + 250 * np.sin(2 * np.pi * 3.1 * time)
    wave = np.zeros(len(time))
    for k in range(1, 22):
        weight = np.exp(-(((k * pitch - formant) / 400) ** 2)) + 0.1 / k
        wave += weight * np.sin(k * phase)
    wave *= 0.4 + 0.6 * np.abs(np.sin(2 * np.pi * 2.0 * time))
    return (wave * 2500).clip(-32768, 32767).astype("<i2").tobytes()


def noisy(l16: bytes, dbfs: float) -> bytes:
    numbers = np.random.default_rng(5).standard_normal(len(l16) // 2) * 32768 * 10 ** (dbfs / 20)
    mixed = np.frombuffer(l16, "<i2") + numbers
    return mixed.clip(-32768, 32767).astype("<i2").tobytes()


def hear(l16: bytes, piece: int = 640) -> list[LineEvent]:
    listener = LineListener()
    pieces = (l16[at : at + piece] for at in range(0, len(l16), piece))
    return [event for part in pieces for event in listener.feed(part)]


def signals(l16: bytes) -> list[Heard]:
    return [event for event in hear(noisy(l16, -60.0)) if isinstance(event, Heard)]


@pytest.mark.parametrize("hertz", [440, 620, 850, 1000, 1400, 2000])
@pytest.mark.parametrize("milliseconds", [150, 400, 1200])
def test_a_beep_after_a_greeting_is_known_within_300_ms(hertz: int, milliseconds: int) -> None:
    before = voice(2.0) + silence(0.4)
    heard = signals(before + sine(hertz, milliseconds=milliseconds) + silence(1.0))
    true_end = len(before) / 16000 + milliseconds / 1000
    assert [event.signal for event in heard] == [Signal.BEEP]
    assert heard[0].end == pytest.approx(true_end, abs=0.05)
    assert true_end <= heard[0].at <= true_end + 0.3
    assert heard[0].frequencies[0] == pytest.approx(hertz, abs=8)


def test_a_beep_is_heard_in_noise_as_loud_as_itself() -> None:
    line = noisy(silence(1.0) + sine(1000, milliseconds=500) + silence(1.0), -15.0)
    beeps = [event for event in hear(line) if isinstance(event, Heard)]
    assert [event.signal for event in beeps] == [Signal.BEEP]


def test_a_tone_that_noise_hides_in_part_is_heard_by_its_pitch() -> None:
    line = noisy(silence(1.0) + sine(1000, milliseconds=800) + silence(1.0), -12.0)
    beeps = [event for event in hear(line) if isinstance(event, Heard)]
    assert [event.signal for event in beeps] == [Signal.BEEP]
    assert beeps[0].end == pytest.approx(1.8, abs=0.06)


@pytest.mark.parametrize("milliseconds", [140, 250])
def test_a_vowel_before_the_rest_of_a_word_is_no_beep(milliseconds: int) -> None:
    word = sine(450, milliseconds=milliseconds) + voice(1.0)
    assert signals(silence(0.5) + word + silence(1.0)) == []
    assert signals(silence(0.5) + word + silence(0.3) + word + silence(1.0)) == []


def test_two_low_beeps_in_a_row_are_no_vowels() -> None:
    twice = sine(440, milliseconds=200) + silence(0.06) + sine(440, milliseconds=200)
    heard = signals(voice(2.0) + silence(0.4) + twice + silence(1.0))
    assert {event.signal for event in heard} == {Signal.BEEP}
    assert heard[-1].end == pytest.approx(2.86, abs=0.05)


@pytest.mark.parametrize("steps", [(985.2, 1428.5, 1776.7), (913.8, 1370.6, 1776.7)])
def test_three_rising_tones_are_one_information_signal_and_no_beep(
    steps: tuple[float, ...],
) -> None:
    tones = b"".join(sine(hertz, milliseconds=330) for hertz in steps)
    heard = signals(silence(0.5) + tones + silence(1.0))
    assert [event.signal for event in heard] == [Signal.SIT]


@pytest.mark.parametrize(
    ("ring", "pause"),
    [
        (sine(440, 480, milliseconds=2000), 4.0),
        (sine(425, milliseconds=1000), 4.0),
        (sine(400, 450, milliseconds=400), 0.2),
    ],
    ids=["north america", "europe", "united kingdom"],
)
def test_ringing_is_told_as_it_begins_and_when_it_stops(ring: bytes, pause: float) -> None:
    heard = signals(silence(0.2) + ring + silence(pause) + ring + silence(1.0))
    assert {event.signal for event in heard} == {Signal.RINGBACK}
    assert [event.end is None for event in heard] == [True, False, True, False]


@pytest.mark.parametrize(
    ("hertz", "on", "off", "signal"),
    [
        ((480, 620), 500, 0.5, Signal.BUSY),
        ((480, 620), 250, 0.25, Signal.CONGESTION),
        ((425,), 480, 0.48, Signal.BUSY),
        ((425,), 240, 0.24, Signal.CONGESTION),
    ],
)
def test_busy_and_congestion_differ_by_their_cadence(
    hertz: tuple[float, ...], on: int, off: float, signal: Signal
) -> None:
    period = sine(*hertz, milliseconds=on) + silence(off)
    heard = signals(silence(0.3) + period * 4)
    assert heard and heard[0].signal is signal
    assert heard[0].at < 0.3 + 3 * (on / 1000 + off) + 0.2


@pytest.mark.parametrize(("hertz", "signal"), [(2100, Signal.FAX), (2225, Signal.MODEM)])
def test_an_answer_tone_is_known_before_it_ends(hertz: int, signal: Signal) -> None:
    heard = signals(silence(0.5) + sine(hertz, milliseconds=3000) + silence(0.5))
    assert {event.signal for event in heard} == {signal}
    assert heard[0].at < 1.5


def test_a_calling_fax_beeps_again_after_three_seconds() -> None:
    once = sine(1100, milliseconds=500) + silence(3.0)
    heard = signals(silence(0.5) + once + once)
    assert [event.signal for event in heard] == [Signal.BEEP, Signal.FAX]


def test_speech_is_no_tone_and_its_ends_are_found() -> None:
    line = noisy(silence(0.6) + voice(1.2) + silence(1.0), -55.0)
    began, ended = hear(line)
    assert isinstance(began, SpeechBegan)
    assert began.start == pytest.approx(0.6, abs=0.1)
    assert isinstance(ended, SpeechEnded)
    assert ended.end == pytest.approx(1.8, abs=0.12)
    assert ended.at - ended.end < 0.35


@pytest.mark.parametrize("dbfs", [-50.0, -30.0, -20.0])
def test_steady_noise_is_no_speech(dbfs: float) -> None:
    assert hear(noisy(silence(4.0), dbfs)) == []


@pytest.mark.parametrize("dbfs", [-22.0, -17.0])
def test_speech_is_found_in_noise_that_is_nearly_as_loud(dbfs: float) -> None:
    line = noisy(silence(1.0) + voice(2.0) + silence(1.5), dbfs)
    found = [event for event in hear(line) if not isinstance(event, Heard)]
    assert isinstance(found[0], SpeechBegan)
    assert found[0].start == pytest.approx(1.0, abs=0.3)
    last = found[-1]
    assert isinstance(last, SpeechEnded)
    assert last.end == pytest.approx(3.0, abs=0.35)
    assert last.clarity < 3


def test_a_pure_vowel_belongs_to_the_word_it_is_in() -> None:
    word = voice(0.3) + sine(450, milliseconds=90) + voice(0.3)
    began, ended = hear(noisy(silence(0.6) + word + silence(1.0), -55.0))
    assert isinstance(began, SpeechBegan) and isinstance(ended, SpeechEnded)
    assert ended.end - began.start == pytest.approx(0.69, abs=0.15)


def test_somebody_stirs_before_they_are_known_to_speak() -> None:
    listener = LineListener()
    line = noisy(silence(0.6) + voice(0.5), -55.0)
    pieces = [line[at : at + 320] for at in range(0, len(line), 320)]
    stirs = [(listener.stirs, bool(listener.feed(piece))) for piece in pieces]
    first = next(index for index, (_, began) in enumerate(stirs) if began)
    assert stirs[first][0]
    assert not any(stir for stir, _ in stirs[:20])


def test_a_line_without_any_sound_tells_nothing() -> None:
    assert hear(silence(3.0)) == []


def test_pieces_of_any_length_tell_the_same() -> None:
    line = noisy(voice(1.0) + silence(0.4) + sine(900, milliseconds=300) + silence(0.5), -55.0)
    assert hear(line, 640) == hear(line, 320) == hear(line, 1234)

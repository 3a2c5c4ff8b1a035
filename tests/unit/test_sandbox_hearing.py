"""The double's ear: words are found again in call audio, and garbled audio is not understood."""

from __future__ import annotations

import audioop
import random
from datetime import UTC, datetime

import numpy as np
import pytest
from sandbox_openai_speech import RATE, samples, silence, spoken, tone

from topcalls.clock import ManualClock
from topcalls.sandbox.hearing import UNINTELLIGIBLE, Hearing
from topcalls.sandbox.line_noise import LineNoise
from topcalls.sandbox.word_timing import word_spans

SENTENCE = "Yes I have a minute to talk about my appointment"
HELLO = "Hello who is this"


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 23, tzinfo=UTC))


@pytest.fixture
def hearing(clock):
    return Hearing(clock)


def say(hearing, text, call="call-1", scenario="talk"):
    """Register words and return the sound that goes down the line, as samples."""
    hearing.said(call, scenario, text, spoken(text))
    return samples(spoken(text))


def test_whole_utterance_between_silences(hearing):
    sound = say(hearing, SENTENCE)
    quiet = samples(silence(0.3))
    (match,) = hearing.listener().hear(np.concatenate([quiet, sound, quiet]))
    assert match.text == SENTENCE
    assert match.fraction > 0.98
    assert match.confidence > 0.98
    assert match.starts_at == len(quiet)


def test_louder_or_softer_with_noise_is_still_understood(hearing):
    sound = say(hearing, SENTENCE)
    noise = np.random.default_rng(1).normal(size=len(sound)) * 600
    for gain in (0.2, 1.0, 2.0):
        assert hearing.listener().transcript((sound + noise) * gain) == SENTENCE


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_beginning_only_gives_the_first_words(hearing, share):
    sound = say(hearing, SENTENCE)
    (match,) = hearing.listener().hear(sound[: int(len(sound) * share)])
    words = match.text.split()
    assert SENTENCE.startswith(match.text)
    assert abs(len(match.text) / len(SENTENCE) - share) < 0.15
    assert abs(match.fraction - share) < 0.1
    assert words


def test_end_only_gives_the_last_words(hearing):
    sound = say(hearing, SENTENCE)
    assert SENTENCE.endswith(hearing.listener().transcript(sound[len(sound) // 2 :]))


def test_two_halves_give_all_words_once(hearing):
    sound = say(hearing, SENTENCE)
    ear = hearing.listener()
    middle = len(sound) // 2
    halves = [ear.transcript(sound[:middle]), ear.transcript(sound[middle:])]
    words = " ".join(halves).split()
    assert abs(len(words) - len(SENTENCE.split())) <= 1
    assert set(words) <= set(SENTENCE.split())


def test_hole_in_the_middle_loses_those_words(hearing):
    sound = say(hearing, SENTENCE).copy()
    third = len(sound) // 3
    sound[third : 2 * third] = 0
    words = hearing.listener().transcript(sound).split()
    assert words[0] == "Yes"
    assert words[-1] == "appointment"
    assert len(words) < len(SENTENCE.split()) - 1


def test_missing_frame_does_not_lose_what_follows(hearing):
    sound = say(hearing, SENTENCE)
    third = len(sound) // 3
    shifted = np.concatenate([sound[:third], sound[third + 160 :]])
    assert hearing.listener().transcript(shifted) == SENTENCE


def test_two_utterances_in_one_turn(hearing, clock):
    first = say(hearing, HELLO)
    clock.advance(len(first) / RATE)
    second = say(hearing, SENTENCE)
    clock.advance(len(second) / RATE)
    audio = np.concatenate([first, samples(silence(0.2)), second])
    ear = hearing.listener()
    assert [match.text for match in ear.hear(audio)] == [HELLO, SENTENCE]
    assert ear.transcript(audio) == f"{HELLO} {SENTENCE}"


def test_silence_and_tone_are_not_words(hearing):
    say(hearing, HELLO)
    ear = hearing.listener()
    assert ear.transcript(samples(silence(1.0))) == ""
    assert ear.transcript(samples(tone(0.5))) == ""
    assert ear.transcript(np.zeros(0, np.float32)) == ""
    assert ear.call_id is None


def test_unknown_speech_is_unintelligible(hearing):
    say(hearing, HELLO)
    assert hearing.listener().transcript(samples(spoken("Something else"))) == UNINTELLIGIBLE


@pytest.mark.parametrize(
    "garble",
    [
        lambda pcm: audioop.byteswap(pcm, 2),
        lambda pcm: pcm[1:] + b"\0",
        lambda pcm: audioop.reverse(pcm, 2),
        lambda pcm: audioop.ratecv(pcm, 2, 1, 8000, 16000, None)[0],
    ],
    ids=["wrong byte order", "off by a byte", "backwards", "wrong rate"],
)
def test_garbled_audio_is_unintelligible(hearing, garble):
    hearing.said("call-1", "talk", SENTENCE, spoken(SENTENCE))
    pcm = garble(audioop.ulaw2lin(spoken(SENTENCE), 2))
    audio = np.frombuffer(pcm, "<i2").astype(np.float32)
    assert hearing.listener().transcript(audio) == UNINTELLIGIBLE


def test_frames_out_of_order_are_not_understood_in_full(hearing):
    frames = say(hearing, SENTENCE)
    frames = list(frames[: len(frames) // 160 * 160].reshape(-1, 160))
    random.Random(7).shuffle(frames)
    assert hearing.listener().transcript(np.concatenate(frames)) == UNINTELLIGIBLE


def test_same_sentence_at_the_same_time_in_two_calls(hearing):
    first, second = hearing.listener(), hearing.listener()
    sound = say(hearing, HELLO, "call-1", "talk")
    say(hearing, HELLO, "call-2", "busy")
    calls = [ear.hear(sound)[0].utterance.call_id for ear in (first, second)]
    assert sorted(calls) == ["call-1", "call-2"]
    for ear, call in zip((first, second), calls, strict=True):
        say(hearing, SENTENCE, "call-1")
        say(hearing, SENTENCE, "call-2")
        assert ear.hear(samples(spoken(SENTENCE)))[0].utterance.call_id == call


def test_a_wrong_guess_between_equal_calls_is_put_right(hearing):
    ears = [hearing.listener(), hearing.listener()]
    for call in ("call-1", "call-2"):
        sound = say(hearing, HELLO, call)
    for ear in ears:
        ear.hear(sound)
    first = ears[0].call_id
    other = next(call for call in ("call-1", "call-2") if call != first)
    assert ears[0].transcript(say(hearing, SENTENCE, other)) == SENTENCE
    assert ears[0].call_id == other
    assert ears[0].transcript(say(hearing, "Never mind me", first)) == UNINTELLIGIBLE


def test_beginning_that_several_sentences_share_is_not_yet_a_call(hearing):
    say(hearing, HELLO, "call-1")
    hearing.said("call-2", "talk", f"{HELLO} are you", spoken(HELLO) + spoken("are you"))
    ear = hearing.listener()
    ear.hear(samples(spoken(HELLO)))
    assert ear.transcript(samples(spoken("are you"))) == "are you"
    assert ear.call_id == "call-2"


def test_words_are_timed_by_pauses():
    voiced = np.array([True] * 4 + [False] * 6 + [True] * 20 + [False] + [True] * 9)
    spans = word_spans("Yes, this is a good time.", voiced)
    assert spans[0] == ("Yes,", 0, 4)
    assert spans[1][:2] == ("this", 10)
    assert spans[-1][2] == len(voiced)
    assert [word for word, _, _ in word_spans("a, b, c, d.", voiced)] == ["a,", "b,", "c,", "d."]
    assert word_spans("", voiced) == []
    assert word_spans("quiet", np.zeros(4, bool)) == [("quiet", 0, 4)]


def test_same_words_twice_in_a_recording_are_two_utterances(hearing, clock):
    sound = say(hearing, HELLO)
    clock.advance(5)
    say(hearing, HELLO)
    audio = np.concatenate([sound, samples(silence(1.0)), sound])
    assert [match.text for match in hearing.transcribe(audio)] == [HELLO, HELLO]


def test_a_session_stays_with_its_call(hearing):
    ear = hearing.listener()
    ear.hear(say(hearing, HELLO, "call-1"))
    other = say(hearing, SENTENCE, "call-2")
    assert ear.transcript(other) == UNINTELLIGIBLE
    assert ear.call_id == "call-1"


def test_nearest_in_time_is_chosen(hearing, clock):
    sound = say(hearing, HELLO, "early")
    clock.advance(8)
    say(hearing, HELLO, "now")
    clock.advance(len(sound) / RATE)
    ear = hearing.listener()
    ear.hear(sound)
    assert ear.call_id == "now"


def test_a_closed_session_leaves_its_call_to_the_next(hearing):
    sound = say(hearing, HELLO, "call-1")
    say(hearing, HELLO, "call-2")
    ear = hearing.listener()
    ear.hear(sound)
    left = ear.call_id
    assert not hearing.is_free(left)
    ear.close()
    assert hearing.is_free(left)


def test_words_long_past_are_not_heard_live_but_in_a_recording(hearing, clock):
    sound = say(hearing, HELLO)
    clock.advance(60)
    assert hearing.listener().transcript(sound) == UNINTELLIGIBLE
    assert [match.text for match in hearing.transcribe(sound)] == [HELLO]
    clock.advance(1000)
    hearing.said("call-2", "talk", SENTENCE, spoken(SENTENCE))
    assert hearing.transcribe(sound) == []


def test_scenario_before_and_after_recognition(clock):
    calls = {}
    hearing = Hearing(clock, lambda: calls)
    ear = hearing.listener()
    assert ear.scenario is None
    calls["call-1"] = "silent person"
    assert ear.scenario == "silent person"
    calls["call-2"] = "talk"
    ear.hear(say(hearing, HELLO, "call-2", "talk"))
    assert (ear.scenario, hearing.listener().scenario) == ("talk", "silent person")
    calls.clear()
    assert (ear.scenario, hearing.listener().scenario) == ("talk", None)


def test_a_call_that_is_up_is_preferred_to_one_that_is_over(clock):
    calls = {"live": "talk"}
    hearing = Hearing(clock, lambda: calls)
    for call in ("over", "live", "also over"):
        sound = say(hearing, HELLO, call)
    ear = hearing.listener()
    ear.hear(sound)
    assert ear.call_id == "live"


def test_scenario_of_words(hearing):
    assert hearing.scenario_of_words(["anything"]) is None
    say(hearing, HELLO, "call-1", "talk")
    say(hearing, SENTENCE, "call-1", "talk")
    say(hearing, HELLO, "call-2", "busy")
    assert hearing.scenario_of_words(["hello, who is this?"]) == "busy"
    assert hearing.scenario_of_words([HELLO, SENTENCE]) == "talk"
    assert hearing.scenario_of_words(["never said"]) is None


def line(call, *sounds):
    """The line of a call: noise where nobody speaks. None stands for half a second of silence."""
    noise = LineNoise(call)
    frames = []
    for sound in sounds:
        said = b"" if sound is None else sound
        frames += [noise.under(said[start : start + 160]) for start in range(0, len(said), 160)]
        frames += [noise.under(None) for _ in range(25 if sound is None else 0)]
    return b"".join(frames)


def test_line_noise_is_faint_and_different_for_every_call():
    noise = line("call-1", None, None)
    assert audioop.rms(audioop.ulaw2lin(noise, 2), 2) == 24
    assert noise != line("call-2", None, None)
    assert noise == line("call-1", None) * 2


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_a_line_is_known_before_anybody_speaks(clock, law):
    calls = {f"call-{number}": "talk" for number in range(50)}
    hearing = Hearing(clock, lambda: calls)
    pcm = audioop.ulaw2lin(line("call-7", None, None)[1234:], 2)
    there, back = getattr(audioop, f"lin2{law}"), getattr(audioop, f"{law}2lin")
    ear = hearing.listener()
    ear.listen(back(there(pcm, 2), 2))
    assert ear.call_id == "call-7"


def test_same_sentence_at_the_same_time_is_told_apart_by_the_line(hearing):
    frames = spoken(HELLO)
    frames += silence((-len(frames) % 160) / RATE)
    for call, scenario in (("call-1", "talk"), ("call-2", "busy"), ("call-3", "silent")):
        hearing.said(call, scenario, HELLO, frames)
    for call in ("call-2", "call-3", "call-1"):
        ear = hearing.listener()
        audio = samples(line(call, None, frames, None))
        assert ear.transcript(audio) == HELLO
        assert ear.call_id == call
        assert hearing.transcribe(audio)[0].utterance.call_id == call


def test_words_of_another_call_are_not_understood_on_this_line(clock):
    calls = {"mine": "talk", "other": "talk"}
    hearing = Hearing(clock, lambda: calls)
    hearing.said("other", "talk", SENTENCE, spoken(SENTENCE))
    ear = hearing.listener()
    ear.listen(audioop.ulaw2lin(line("mine", None), 2))
    assert ear.transcript(samples(spoken(SENTENCE))) == UNINTELLIGIBLE


def test_noise_that_is_no_line_is_ignored(hearing):
    sound = say(hearing, HELLO)
    noise = np.random.default_rng(3).integers(-40, 40, RATE).astype(np.float32)
    ear = hearing.listener()
    assert ear.transcript(np.concatenate([noise, sound])) == HELLO
    assert ear.call_id == "call-1"
    ear = hearing.listener()
    for _ in range(40):
        ear.listen(noise.astype("<i2").tobytes())
    assert ear.call_id is None


def test_lost_frames_do_not_hide_the_line(clock):
    hearing = Hearing(clock, lambda: {"mine": "talk", "other": "talk"})
    noise = line("mine", None, None)
    damaged = noise[:3000] + noise[3160:]
    ear = hearing.listener()
    ear.listen(audioop.ulaw2lin(damaged, 2))
    assert ear.call_id == "mine"

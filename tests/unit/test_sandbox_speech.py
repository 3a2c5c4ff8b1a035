"""Speech of the sandbox: understandable, at telephone level, rendered once."""

import audioop
import shutil

import numpy as np
import pytest

from topcalls.sandbox import speech_engines
from topcalls.sandbox.speech import LEVEL_DBFS, Synthesizer, resample, to_telephone
from topcalls.sandbox.speech_engines import (
    FliteEngine,
    SpeechUnavailable,
    espeak_engine,
    installed_engine,
)

try:
    import pocketsphinx
except ImportError:
    pocketsphinx = None

PHRASES = (
    "is this a good time to talk",
    "do you have anything on thursday",
    "please take me off your list",
    "for appointments press one",
)

needs_flite = pytest.mark.skipif(not shutil.which("flite"), reason="flite is not installed")
needs_pocketsphinx = pytest.mark.skipif(
    pocketsphinx is None, reason="pocketsphinx is not installed"
)


@pytest.fixture(params=["espeak", pytest.param("flite", marks=needs_flite)])
def engine(request):
    return espeak_engine() if request.param == "espeak" else FliteEngine(shutil.which("flite"))


class CountingEngine:
    """A second of a 440 Hz tone for every text."""

    name = "counting"

    def __init__(self):
        self.rendered = []

    def render(self, text, voice):
        self.rendered.append((text, voice))
        return 16000, tone(440, 16000)


def tone(frequency, rate, seconds=1.0, amplitude=8000):
    at = np.arange(int(rate * seconds)) / rate
    return np.round(amplitude * np.sin(2 * np.pi * frequency * at)).astype(np.int16)


def spectrum_peak(signal, rate):
    power = np.abs(np.fft.rfft(signal * np.hanning(signal.size)))
    return np.argmax(power) * rate / signal.size


def recognize(pcmu):
    """The one of PHRASES that the audio holds, by an independent recognizer."""
    decoder = pocketsphinx.Decoder(samprate=16000, loglevel="FATAL", lm=None)
    grammar = "#JSGF V1.0; grammar g; public <p> = " + " | ".join(PHRASES) + ";"
    decoder.add_jsgf_string("phrases", grammar)
    decoder.activate_search("phrases")
    linear, _ = audioop.ratecv(audioop.ulaw2lin(pcmu, 2), 2, 1, 8000, 16000, None)
    decoder.start_utt()
    decoder.process_raw(linear, full_utt=True)
    decoder.end_utt()
    return decoder.hyp().hypstr if decoder.hyp() else ""


def test_two_engines_of_one_process_hear_each_their_own():
    loader = pytest.importorskip("espeakng_loader")
    paths = loader.get_library_path(), loader.get_data_path()
    first, second = (speech_engines.EspeakEngine(*paths) for _ in range(2))
    for engine in (first, second, first):
        _, sound = engine.render("Hello.", "agent")
        assert len(sound) > 1000


@needs_pocketsphinx
@pytest.mark.parametrize("voice", ["agent", "callee"])
@pytest.mark.parametrize("phrase", PHRASES)
def test_speech_is_understood_over_a_telephone_line(engine, voice, phrase):
    assert recognize(Synthesizer(engine=engine).speak(phrase, voice)) == phrase


def test_agent_and_callee_sound_different(engine):
    speaker = Synthesizer(engine=engine)
    agent = pitch(speaker.speak("oh no", "agent"))
    callee = pitch(speaker.speak("oh no", "callee"))
    assert agent > callee * 1.2


def pitch(pcmu):
    """The fundamental of the loudest 60 ms, by autocorrelation, in Hz."""
    signal = np.frombuffer(audioop.ulaw2lin(pcmu, 2), dtype=np.int16).astype(float)
    start = max(range(0, signal.size - 480, 160), key=lambda at: np.sum(signal[at : at + 480] ** 2))
    piece = signal[start : start + 480]
    correlation = np.correlate(piece, piece, "full")[479:]
    return 8000 / (25 + np.argmax(correlation[25:130]))


def test_speech_has_the_level_of_a_person_on_the_phone(engine):
    linear = audioop.ulaw2lin(Synthesizer(engine=engine).speak("good morning", "agent"), 2)
    frames = [audioop.rms(linear[at : at + 320], 2) for at in range(0, len(linear), 320)]
    speaking = [level for level in frames if level > max(frames) * 0.06]
    level = 20 * np.log10(np.sqrt(np.mean(np.square(speaking))) / 32768)
    assert abs(level - LEVEL_DBFS) < 1.5
    assert audioop.max(linear, 2) < 32000


def test_speech_is_whole_frames_without_silence_around(engine):
    audio = Synthesizer(engine=engine).speak("good morning", "callee")
    assert len(audio) % 160 == 0
    linear = audioop.ulaw2lin(audio, 2)
    assert audioop.rms(linear[:1600], 2) > 20, "no word within the first 100 ms"
    assert audioop.rms(linear[-1600:], 2) > 20, "no word within the last 100 ms"


@pytest.mark.parametrize("rate", [16000, 22050, 44100])
def test_resampling_keeps_a_tone_in_the_band(rate):
    result = resample(tone(1000, rate).astype(float), rate, 8000)
    assert result.size == 8000
    assert abs(spectrum_peak(result, 8000) - 1000) < 2
    assert np.sqrt(np.mean(result[400:-400] ** 2)) == pytest.approx(8000 / np.sqrt(2), rel=0.01)


@pytest.mark.parametrize("frequency", [4500, 5000, 7000])
def test_resampling_lets_nothing_fold_back_into_the_band(frequency):
    result = resample(tone(frequency, 22050).astype(float), 22050, 8000)
    assert np.sqrt(np.mean(result[400:-400] ** 2)) < 8000 / 300


def test_rumble_below_the_telephone_band_is_gone():
    def ratio(frequency):
        mixed = tone(1000, 8000) // 2 + tone(frequency, 8000) // 2
        linear = audioop.ulaw2lin(to_telephone(mixed, 8000), 2)
        power = np.abs(np.fft.rfft(np.frombuffer(linear, dtype=np.int16)[800:7200]))
        return power[round(frequency * 0.8)] / power[800]

    assert ratio(60) < 0.05
    assert ratio(500) > 0.9


def test_silence_and_nothing_render_as_nothing():
    assert to_telephone(np.zeros(16000, dtype=np.int16), 16000) == b""
    assert to_telephone(np.zeros(0, dtype=np.int16), 22050) == b""


def test_a_text_is_rendered_once_per_voice():
    engine = CountingEngine()
    speaker = Synthesizer(engine=engine)
    first = speaker.speak("hello", "agent")
    assert speaker.speak("hello", "agent") == first
    speaker.speak("hello", "callee")
    assert engine.rendered == [("hello", "agent"), ("hello", "callee")]


def test_speech_is_kept_on_disk(tmp_path):
    first = Synthesizer(tmp_path / "speech", CountingEngine()).speak("hello", "agent")
    engine = CountingEngine()
    assert Synthesizer(tmp_path / "speech", engine).speak("hello", "agent") == first
    assert engine.rendered == []


def test_without_an_engine_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(speech_engines.shutil, "which", lambda name: None)
    monkeypatch.setattr(speech_engines, "espeakng_loader", None)
    installed_engine.cache_clear()
    espeak_engine.cache_clear()
    try:
        with pytest.raises(SpeechUnavailable, match=r"pip install 'topcalls\[sandbox\]'"):
            Synthesizer()
    finally:
        installed_engine.cache_clear()
        espeak_engine.cache_clear()

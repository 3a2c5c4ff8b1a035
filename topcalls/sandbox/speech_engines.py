"""Offline text-to-speech engines: espeak-ng by ctypes, flite by its program.

An engine turns text into 16-bit samples at its own rate. It blocks its greenlet, never the hub.
"""

from __future__ import annotations

import ctypes
import io
import shutil
import wave
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from gevent import subprocess
from gevent.threadpool import ThreadPool
from numpy.typing import NDArray

from topcalls.errors import TopCallsError

try:
    import espeakng_loader
except ImportError:  # the sandbox is an extra
    espeakng_loader = None

Voice = Literal["agent", "callee"]
Samples = NDArray[np.int16]


class SpeechUnavailable(TopCallsError):
    """No engine is installed, or the one there is failed."""

    code = "speech_unavailable"


class Engine(Protocol):
    """Text in, samples out; `name` is part of the key under which speech is kept."""

    name: str

    def render(self, text: str, voice: Voice) -> tuple[int, Samples]:
        """(sample rate, samples) of `text`."""
        ...


class FliteEngine:
    """The `flite` program: a female agent, a male callee, 16 kHz unit-selection voices."""

    name = "flite-1"
    _VOICES = {"agent": "slt", "callee": "rms"}

    def __init__(self, program: str) -> None:
        self._program = program

    def render(self, text: str, voice: Voice) -> tuple[int, Samples]:
        command = [self._program, "-voice", self._VOICES[voice], "-t", text, "-o", "/dev/stdout"]
        result = subprocess.run(command, capture_output=True, timeout=60, check=False)
        if result.returncode != 0 or not result.stdout:
            raise SpeechUnavailable(f"flite failed with status {result.returncode}.")
        with wave.open(io.BytesIO(result.stdout)) as audio:
            rate = audio.getframerate()
            return rate, np.frombuffer(audio.readframes(audio.getnframes()), dtype="<i2")


class EspeakEngine:
    """libespeak-ng from the `espeakng-loader` wheel. The library has one state per process."""

    name = "espeak-ng-1"
    # name with variant, words per minute, pitch 0-100
    _VOICES = {"agent": (b"en-us+f5", 155, 52), "callee": (b"en-us+adam", 160, 35)}
    _SYNCHRONOUS, _DO_NOT_EXIT, _UTF8 = 2, 0x8000, 1
    _RATE, _PITCH = 1, 3

    def __init__(self, library: str, data: str) -> None:
        self._thread = ThreadPool(1)
        self._pieces: list[bytes] = []
        self._library = ctypes.CDLL(library)
        self._rate = self._library.espeak_Initialize(
            self._SYNCHRONOUS, 0, str(Path(data).parent).encode(), self._DO_NOT_EXIT
        )
        if self._rate <= 0:
            raise SpeechUnavailable("espeak-ng did not start.")
        callback = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        self._callback = callback(self._take)  # espeak keeps the pointer: so must we

    def render(self, text: str, voice: Voice) -> tuple[int, Samples]:
        name, rate, pitch = self._VOICES[voice]
        return self.render_as(text, name.decode(), rate, pitch)

    def render_as(
        self, text: str, name: str, words_per_minute: int, pitch: int
    ) -> tuple[int, Samples]:
        """Any voice of espeak-ng: a language, perhaps with a variant ("de+f2"); pitch 0-100."""
        arguments = (text, name.encode(), words_per_minute, pitch)
        audio: bytes = self._thread.apply(self._render_in_thread, arguments)
        return self._rate, np.frombuffer(audio, dtype=np.int16)

    def _render_in_thread(self, text: str, name: bytes, rate: int, pitch: int) -> bytes:
        if self._library.espeak_SetVoiceByName(name) != 0:
            raise SpeechUnavailable(f"espeak-ng lacks the voice {name.decode()}.")
        self._library.espeak_SetParameter(self._RATE, rate, 0)
        self._library.espeak_SetParameter(self._PITCH, pitch, 0)
        self._pieces.clear()
        self._library.espeak_SetSynthCallback(self._callback)  # another engine may be its listener
        encoded = text.encode() + b"\0"
        failed = self._library.espeak_Synth(
            encoded, ctypes.c_size_t(len(encoded)), 0, 0, 0, self._UTF8, None, None
        )
        if failed:
            raise SpeechUnavailable(f"espeak-ng failed with status {failed}.")
        return b"".join(self._pieces)

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, count * 2))
        return 0


@cache
def installed_engine() -> Engine:
    """The best engine on this machine: flite, else espeak-ng; `SpeechUnavailable` with neither."""
    if program := shutil.which("flite"):
        return FliteEngine(program)
    return espeak_engine()


@cache
def espeak_engine() -> EspeakEngine:
    """The one espeak-ng of this process."""
    if espeakng_loader is None:
        raise SpeechUnavailable(
            "The sandbox cannot speak: neither flite nor espeak-ng is installed.",
            remedy="Run: pip install 'topcalls[sandbox]'",
        )
    return EspeakEngine(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())

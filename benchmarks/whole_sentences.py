"""Sentences that are spoken whole and then cut between two words: what is heard before the cut
sounds as a sentence does that goes on, which a part that was spoken by itself does not.
"""

from __future__ import annotations

import ctypes
import subprocess
import wave
from functools import cache
from io import BytesIO

import espeakng_loader
import numpy as np

from topcalls.sandbox.speech_engines import EspeakEngine

FADE_SECONDS = 0.015  # at a cut
AROUND_SECONDS = 0.05  # of silence beside it
_WORD = 1


class _Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_void_p),
    )


class _MarkingEspeak(EspeakEngine):
    """Also remembers where in the text and, in milliseconds, in the sound each word began."""

    def __init__(self) -> None:
        self.words: list[tuple[int, int]] = []
        super().__init__(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, events: int) -> int:
        event = ctypes.cast(events, ctypes.POINTER(_Event))
        place = 0
        while events and event[place].type:
            if event[place].type == _WORD:
                self.words.append((event[place].text_position, event[place].audio_position))
            place += 1
        return super()._take(samples, count, events)


@cache
def espeak() -> _MarkingEspeak:
    """The one of this process: the library has one state, and one listener."""
    return _MarkingEspeak()


def espeak_parts(
    parts: list[str], voice: str, rate: int, pitch: int
) -> tuple[int, list[np.ndarray]]:
    """(sample rate, the sound of each part), spoken by a voice of espeak-ng."""
    engine = espeak()
    engine.words.clear()
    hertz, samples = engine.render_as(" ".join(parts), voice, rate, pitch)
    begins, place = [], 1
    for part in parts[:-1]:
        place += len(part) + 1
        begins.append(min(at for text, at in engine.words if text >= place))
    return hertz, cut(samples, [begin * hertz // 1000 for begin in begins], hertz)


def flite_parts(command: list[str], parts: list[str]) -> tuple[int, list[np.ndarray]]:
    """The same, spoken by flite: `command` runs it, and lacks the text. A part ends with as many
    sounds as it has when it is spoken alone."""
    whole, audio = _flite(command, " ".join(parts))
    with wave.open(BytesIO(audio)) as read:
        hertz = read.getframerate()
        samples = np.frombuffer(read.readframes(read.getnframes()), "<i2")
    places = []
    for count in range(1, len(parts)):
        sounds, _ = _flite(command, " ".join(parts[:count]))
        places.append(round(whole[min(len(sounds), len(whole)) - 1] * hertz))
    return hertz, cut(samples, places, hertz)


def _flite(command: list[str], text: str) -> tuple[list[float], bytes]:
    """When each of its sounds ends, in seconds; and all of it as WAV."""
    told = [*command, "-psdur", "-t", text, "-o", "/dev/stderr"]
    done = subprocess.run(told, capture_output=True, check=True, timeout=60)
    sounds = [entry.rsplit(":", 1) for entry in done.stdout.decode().split()]
    return [float(end) for name, end in sounds if name != "pau"], done.stderr


def cut(samples: np.ndarray, places: list[int], rate: int) -> list[np.ndarray]:
    """The sound in pieces, faded and with a little silence where it was cut."""
    pieces = []
    fade = np.linspace(1.0, 0.0, int(FADE_SECONDS * rate))
    beside = np.zeros(int(AROUND_SECONDS * rate))
    bounds = [0, *places, len(samples)]
    for start, end in zip(bounds[:-1], bounds[1:], strict=True):
        piece = samples[start:end].astype(np.float64)
        if start:
            piece[: len(fade)] *= fade[::-1]
            piece = np.concatenate((beside, piece))
        if end < len(samples):
            piece[-len(fade) :] *= fade
            piece = np.concatenate((piece, beside))
        pieces.append(np.round(piece).astype(np.int16))
    return pieces

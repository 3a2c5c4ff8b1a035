"""`tone_stream://`: sound that the switch makes by itself, and the ear that knows keys in it.

Of the language of tones what the product uses: `%(on,off,frequency,…)` in milliseconds and hertz,
`v=` in decibels, `loops=` with -1 for ever; parts are parted by semicolons.
"""

from __future__ import annotations

import io
import math
import re
import struct
from functools import cache

import numpy as np

from topcalls.sandbox.freeswitch.codec import FRAME_BYTES, RATE

_TONE = re.compile(r"%\((\d+),(\d+)((?:,\d+(?:\.\d+)?)+)\)")
_SETTING = re.compile(r"(v|loops)=(-?\d+)")
_LOUDNESS = 11_600  # peak of one sine at v=0, as the real switch makes it

KEYS = "123A456B789C*0#D"
_LOW, _HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_LEAST_LEVEL = 230.0  # RMS: -43 dBFS
_SHARE = 0.8  # of a frame's energy, in its two sines
_WEAKER = 0.1  # one of them may have so much less power than the other
_HITS = 2


class Endless(io.RawIOBase):
    """A sound that begins again for ever, 16-bit samples."""

    def __init__(self, round_: bytes) -> None:
        super().__init__()
        self._round = round_
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        sound, start = self._round, self._at
        self._at = (start + size) % len(sound)
        return (sound * (2 + size // len(sound)))[start : start + size]

    def seek(self, offset: int, _: int = 0) -> int:
        """Go on from there."""
        self._at = offset
        return offset


def open_tones(target: str) -> io.BytesIO | Endless | None:
    """The sound of a `tone_stream://…`; None for what is none."""
    settings, samples = {"v": -7, "loops": 1}, b""
    for part in target.removeprefix("tone_stream://").split(";"):
        if tone := _TONE.fullmatch(part):
            pitches = tuple(float(pitch) for pitch in tone[3].split(",")[1:])
            samples += _tone(int(tone[1]), settings["v"], pitches) + bytes(16 * int(tone[2]))
        elif setting := _SETTING.fullmatch(part):
            settings[setting[1]] = int(setting[2])
        else:
            return None
    if not samples:
        return None
    return Endless(samples) if settings["loops"] < 0 else io.BytesIO(samples * settings["loops"])


@cache
def _tone(milliseconds: int, decibels: int, pitches: tuple[float, ...]) -> bytes:
    peak = _LOUDNESS * 10 ** (decibels / 20)
    count = milliseconds * RATE // 1000
    values = (
        round(sum(peak * math.sin(2 * math.pi * hertz * at / RATE) for hertz in pitches))
        for at in range(count)
    )
    return struct.pack(f"<{count}h", *(max(-32768, min(32767, value)) for value in values))


class KeyEar:
    """Knows the keys of a telephone by their tones, 20 ms at a time."""

    def __init__(self) -> None:
        self._sounding = ""
        self._hits = 0

    def hear(self, samples: bytes) -> str:
        """The key that begins to be certain with this frame, or ""."""
        key = _key_in(samples)
        self._hits = self._hits + 1 if key and key == self._sounding else 1
        self._sounding = key
        return key if key and self._hits == _HITS else ""


@cache
def _probes() -> np.ndarray:
    times = np.arange(FRAME_BYTES) / RATE
    return np.exp(-2j * np.pi * np.outer(np.array(_LOW + _HIGH), times))


def _key_in(samples: bytes) -> str:
    wave = np.frombuffer(samples, "<i2").astype(np.float64)
    energy = float(wave @ wave)
    if len(wave) != FRAME_BYTES or energy < FRAME_BYTES * _LEAST_LEVEL**2:
        return ""
    power = 2 * np.abs(_probes() @ wave) ** 2 / FRAME_BYTES
    low, high = int(power[:4].argmax()), int(power[4:].argmax())
    pair = power[low], power[4 + high]
    if sum(pair) < _SHARE * energy or min(pair) < _WEAKER * max(pair):
        return ""
    return KEYS[4 * low + high]

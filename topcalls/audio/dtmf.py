"""Keys of a telephone as tones in the audio (DTMF, ITU-T Q.23): made, found, and taken out.

For lines that do not tell keys apart from the audio (no `telephone-event` in the SDP). A key is two
sines at once, one of four low and one of four high frequencies. Windows of 20 ms, every 10 ms, are
measured at and beside the eight frequencies (a Goertzel filter as one product of matrices); a
window is a key when two sines of a sane relation hold nearly all of its energy, which speech does
not do for long. Two windows in a row report the key: tones of 40 ms and more are found wherever
they begin.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from topcalls.audio.pcm import audioop
from topcalls.audio.tones import sine

LOW: Final = (697.0, 770.0, 852.0, 941.0)
HIGH: Final = (1209.0, 1336.0, 1477.0, 1633.0)
KEYS: Final = "123A456B789C*0#D"

_RATE = 8000
_WINDOW = 160
_HOP = 80
_LEAST_RMS = 230  # -43 dBFS: below that nobody presses keys
_SHARE = 0.8  # of a window's energy, in the two sines
_NEIGHBOUR = 0.25  # the next frequency of a group has less than that of the strongest one's power
_TWIST_DB = 9.0  # the high sine against the low one
_OFFSETS = (-0.016, -0.008, 0.0, 0.008, 0.016)  # up to 1.8 % beside the frequency is the key
_MOST_CREST = 2.5  # of two sines the peak is at most twice the level
_LEAST_CROSSINGS, _MOST_CROSSINGS = 600.0, 1750.0  # of zero, as a frequency
_HITS = 2
_MISSES = 4  # 40 ms and more without it: the next one is pressed anew

Samples = npt.NDArray[np.float32]


def _filters() -> Samples:
    """Columns: the eight frequencies and what a worn telephone makes of them, cosines and sines."""
    hertz = np.outer(np.array(LOW + HIGH), 1 + np.array(_OFFSETS)).ravel()
    turns = np.outer(np.arange(_WINDOW), hertz) * (2 * math.pi / _RATE)
    return np.hstack((np.cos(turns), np.sin(turns))).astype(np.float32)


_FILTERS = _filters()


def tone(key: str, milliseconds: float, *, level_dbfs: float = -12.0) -> bytes:
    """The sound of one key as L16 at 8 kHz; each of its two sines peaks at `level_dbfs`."""
    at = KEYS.index(key)
    pair = LOW[at // 4], HIGH[at % 4]
    return sine(*pair, milliseconds=milliseconds, level_dbfs=level_dbfs)


class ToneFilter:
    """Takes the tones of keys out of audio that comes in pieces.

    Audio is never held back, so the first 20 ms of a tone may pass if they end a piece. Not
    `thorough`, it looks closer only at pieces whose shape two steady sines can have, which is one
    in 500 of speech, and a tone that fills no piece may pass. For a piece of 40 ms `clean` takes
    1 to 2 µs where it does not look closer, else some 35.
    """

    def __init__(self, *, thorough: bool = True) -> None:
        self.thorough = thorough
        self._kept = np.zeros(0, np.float32)  # less than a window that was not measured in full
        self._silence_left = 0  # samples of the next piece that a tone may still reach into
        self._key = ""  # in the last window
        self._hits = 0
        self._misses = _MISSES
        self._reported = ""

    def clean(self, l16: bytes) -> tuple[bytes, str]:
        """The audio with silence in place of tones, and the keys that began in it."""
        if self._is_idle and not self._is_worth_a_look(l16):
            self._kept = np.frombuffer(l16[-2 * (_WINDOW - _HOP) :], "<i2").astype(np.float32)
            return l16, ""
        fresh = np.frombuffer(l16, "<i2")
        data = np.concatenate((self._kept, fresh.astype(np.float32)))
        before = len(self._kept)
        count = max(0, (len(data) - _WINDOW) // _HOP + 1)
        silent = [(0, self._silence_left)] if self._silence_left else []
        digits = ""
        for number, key in enumerate(self._keys_of(data, count)):
            digits += self._judge(key)
            if key:
                start = number * _HOP - _HOP - before
                silent.append((max(0, start), start + _WINDOW + 2 * _HOP))
        self._kept = data[count * _HOP :]
        self._silence_left = max(0, max((end for _, end in silent), default=0) - len(fresh))
        return _silenced(l16, silent), digits

    def _is_worth_a_look(self, l16: bytes) -> bool:
        level = audioop.rms(l16, 2)
        if self.thorough or level < _LEAST_RMS:
            return level >= _LEAST_RMS
        if audioop.max(l16, 2) > _MOST_CREST * level:
            return False
        hertz = audioop.cross(l16, 2) * (_RATE / 2) / (len(l16) / 2)
        return _LEAST_CROSSINGS < hertz < _MOST_CROSSINGS

    @property
    def _is_idle(self) -> bool:
        return not (self._key or self._reported or self._silence_left)

    def _judge(self, key: str) -> str:
        """One more window; the key if it is one that was not reported yet."""
        self._hits = self._hits + 1 if key and key == self._key else int(bool(key))
        self._misses = 0 if key else self._misses + 1
        self._key = key
        if self._misses >= _MISSES:
            self._reported = ""
        if self._hits == _HITS and key != self._reported:
            self._reported = key
            return key
        return ""

    def _keys_of(self, data: Samples, count: int) -> list[str]:
        """The key of each window, "" where there is none."""
        if not count:
            return []
        windows = np.lib.stride_tricks.sliding_window_view(data, _WINDOW)[: count * _HOP : _HOP]
        energy = np.einsum("ij,ij->i", windows, windows)
        cosines, sines = np.hsplit((windows @ _FILTERS) ** 2, 2)
        power = (cosines + sines).reshape(count, 8, len(_OFFSETS)).max(axis=2) * (2 / _WINDOW)
        return [_key(power[at], float(energy[at])) for at in range(count)]


def _key(power: Samples, energy: float) -> str:
    """The key of one window, by the energy in each of the eight sines and in all of it."""
    if energy < _LEAST_RMS**2 * _WINDOW:
        return ""
    low, high = power[:4].tolist(), power[4:].tolist()
    first, second = max(low), max(high)
    if first + second < _SHARE * energy:
        return ""
    if abs(10 * math.log10(max(second, 1e-9) / max(first, 1e-9))) > _TWIST_DB:
        return ""
    if sorted(low)[-2] > _NEIGHBOUR * first or sorted(high)[-2] > _NEIGHBOUR * second:
        return ""
    return KEYS[4 * low.index(first) + high.index(second)]


def _silenced(l16: bytes, ranges: list[tuple[int, int]]) -> bytes:
    if not ranges:
        return l16
    audio = bytearray(l16)
    for start, end in ranges:
        part = slice(2 * start, min(2 * end, len(audio)))
        audio[part] = bytes(len(audio[part]))
    return bytes(audio)

"""Sine tones: made, measured and found again.

Tones are how audio paths are tested (a tone that went in must come out) and how the beep of an
answering machine is told from speech.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

_FULL_SCALE = 32768.0
_FLOOR_DBFS = -96.0


def sine(
    *frequencies: float, milliseconds: float, rate: int = 8000, level_dbfs: float = -12.0
) -> bytes:
    """A chord of sines as L16, each peaking at `level_dbfs` below full scale."""
    time = np.arange(int(milliseconds * rate // 1000)) / rate
    amplitude = _FULL_SCALE * 10 ** (level_dbfs / 20)
    wave = sum((np.sin(2 * math.pi * f * time) for f in frequencies), np.zeros(len(time)))
    return (wave * amplitude).clip(-32768, 32767).astype("<i2").tobytes()


def tone_dbfs(l16: bytes, frequency: float, rate: int = 8000) -> float:
    """The peak level of one frequency in `l16` (a Goertzel filter as one dot product)."""
    samples = _samples(l16)
    if not len(samples):
        return _FLOOR_DBFS
    turns = np.arange(len(samples)) * (2 * math.pi * frequency / rate)
    window = np.hanning(len(samples)) if len(samples) > 2 else np.ones(len(samples))
    amplitude = 2 * abs(np.dot(samples * window, np.exp(-1j * turns))) / window.sum()
    return _dbfs(amplitude)


def find_tones(l16: bytes, rate: int = 8000, *, floor_dbfs: float = -40.0) -> list[float]:
    """The frequencies (Hz, rising) that stand out of the spectrum, by FFT.

    Fine to a tenth of `rate / samples`; two tones must lie four times that apart to be told apart.
    """
    samples = _samples(l16)
    if len(samples) < 16:
        return []
    window = np.hanning(len(samples))
    spectrum = 2 * np.abs(np.fft.rfft(samples * window)) / window.sum()
    floor = _FULL_SCALE * 10 ** (floor_dbfs / 20)
    found = []
    for k in range(2, len(spectrum) - 2):
        if spectrum[k] >= floor and spectrum[k] == spectrum[k - 2 : k + 3].max():
            found.append((k + _offset(spectrum[k - 1 : k + 2])) * rate / len(samples))
    return found


def _samples(l16: bytes) -> npt.NDArray[np.float64]:
    return np.frombuffer(l16, "<i2").astype(np.float64)


def _offset(around: npt.NDArray[np.float64]) -> float:
    """Where between three bins the peak lies: a parabola through their logarithms."""
    left, middle, right = np.log(np.maximum(around, 1e-9))
    curvature = left - 2 * middle + right
    return float((left - right) / (2 * curvature)) if curvature else 0.0


def _dbfs(amplitude: float) -> float:
    return max(_FLOOR_DBFS, 20 * math.log10(max(amplitude, 1e-9) / _FULL_SCALE))

"""The faint noise of a telephone line, different for every call.

Where a called person is silent, the line is not: it carries a pseudo-random sequence made from the
call's id, at -63 dBFS, far below what any voice detector takes for speech. It survives mu-law and
A-law unchanged. The ear of the model's double knows by it which call it hears, before anybody has
said a word and even when two people say the same at the same moment.
"""

from __future__ import annotations

import audioop
from functools import lru_cache
from hashlib import sha256

import numpy as np

from topcalls.sandbox.waveforms import Samples

AMPLITUDE = 24
PERIOD = 4000
"""Samples (0.5 s) after which the noise repeats."""
_FRAME = 160
_QUIET = 2 * AMPLITUDE
_ENOUGH_SAMPLES = 1600
_ENOUGH = 0.3


class LineNoise:
    """The noise of one call, 20 ms at a time."""

    def __init__(self, call_id: str) -> None:
        noise = audioop.lin2ulaw(_sequence(call_id).astype("<i2").tobytes(), 2)
        self._frames = [noise[start : start + _FRAME] for start in range(0, PERIOD, _FRAME)]
        self._next = 0

    def under(self, said: bytes | None) -> bytes:
        """20 ms of the line, PCMU: what is said now, or the noise."""
        frame = self._frames[self._next]
        self._next = (self._next + 1) % len(self._frames)
        return said or frame


def has_noise(audio: Samples) -> bool:
    """Whether there is enough of a line's noise in `audio` to tell lines apart."""
    quiet = audio[(audio != 0) & (np.abs(audio) <= _QUIET)]
    return len(quiet) >= _ENOUGH_SAMPLES


def is_line_of(call_id: str, audio: Samples) -> bool:
    """Whether `audio` (8 kHz) has the noise of that call's line in it, anywhere."""
    quiet = np.where(np.abs(audio) <= _QUIET, audio, 0.0)
    energy = float((quiet**2).sum())
    if energy < _ENOUGH_SAMPLES * AMPLITUDE**2 / 2:
        return False
    folded = np.pad(quiet, (0, -len(quiet) % PERIOD)).reshape(-1, PERIOD).sum(axis=0)
    products = np.fft.irfft(np.fft.rfft(folded) * _spectrum(call_id), PERIOD)
    return bool(products.max() > _ENOUGH * energy)


def _sequence(call_id: str) -> np.ndarray:
    seed = int.from_bytes(sha256(call_id.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).choice((-AMPLITUDE, AMPLITUDE), PERIOD)


@lru_cache(4096)
def _spectrum(call_id: str) -> np.ndarray:
    return np.conj(np.fft.rfft(_sequence(call_id).astype(np.float64)))

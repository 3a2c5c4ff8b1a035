"""Short spectra of a telephone line: what tone and speech detection both look at.

Windows of 80 ms, one every 20 ms: long enough to tell 440 Hz from 480 Hz, short enough to see a
beep of 100 ms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

RATE: Final = 8000
HOP: Final = 160
WINDOW: Final = 640
HOP_SECONDS: Final = HOP / RATE
WINDOW_SECONDS: Final = WINDOW / RATE
BIN_HZ: Final = RATE / WINDOW
BAND_EDGES: Final = (
    *(150, 225, 300, 375, 450, 525, 600, 700, 800, 900),
    *(1050, 1200, 1400, 1600, 1900, 2300, 2800, 3400),
)  # Hz

_FULL_SCALE = 32768.0
_SHAPE = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
# a full-scale sine has power 1 in its bins together
_SCALE = 2.0 / (_FULL_SCALE * _FULL_SCALE * float((_SHAPE**2).sum()) * WINDOW) * 2.0
_LOWEST_BIN = round(300 / BIN_HZ)
_HIGHEST_BIN = round(2600 / BIN_HZ)
_LOBE = 2  # bins on either side of a peak that belong to it
_SILENT_POWER = 1e-6
_LEAST_SECOND = 0.05  # of the first one's power
_CLEAR_SECOND = 3.5  # times the power of the third

Numbers = npt.NDArray[np.float32]


def _band_matrix() -> Numbers:
    hertz = np.arange(WINDOW // 2 + 1) * BIN_HZ
    pairs = zip(BAND_EDGES[:-1], BAND_EDGES[1:], strict=True)
    bands = np.array([(hertz >= low) & (hertz < high) for low, high in pairs], np.float32).T
    return np.asarray(bands / bands.sum(axis=0), np.float32)


_BANDS = _band_matrix()


@dataclass(frozen=True, slots=True)
class Peaks:
    """The strongest two frequencies of one window; `second` is 0 where it is hardly there.

    `clear_db`: how far the next strongest is below the first. `rest_db`: how far that stands out
    of what is usual in the window: little for noise, much for the harmonics of a voice.
    """

    first: float
    second: float
    first_dbfs: float
    clear_db: float
    rest_db: float


class Spectra:
    """Cuts audio that comes in pieces into windows. `seconds`: how much was fed."""

    def __init__(self) -> None:
        self._kept = np.zeros(0, np.float32)
        self._fed = 0

    @property
    def seconds(self) -> float:
        return self._fed / RATE

    def feed(self, l16: bytes) -> list[tuple[float, Numbers, Numbers]]:
        """Of each new window: when it ends, its power spectrum, the mean power of its bands."""
        fresh = np.frombuffer(l16, "<i2").astype(np.float32)
        data = np.concatenate((self._kept, fresh))
        count = (len(data) - WINDOW) // HOP + 1
        first_end = self._fed - len(self._kept) + WINDOW
        self._fed += len(fresh)
        if count <= 0:
            self._kept = data
            return []
        # They overlap. (`sliding_window_view` gives the same and takes as long as the spectrum.)
        windows = np.ndarray((count, WINDOW), np.float32, data, strides=(HOP * 4, 4))
        spectrum = np.fft.rfft(windows * _SHAPE, axis=1)
        power = ((spectrum.real**2 + spectrum.imag**2) * _SCALE).astype(np.float32)
        self._kept = data[count * HOP :]
        ends = [(first_end + number * HOP) / RATE for number in range(count)]
        return list(zip(ends, power, power @ _BANDS, strict=True))


def peaks_of(power: Numbers, least_clear_db: float = 0.0) -> Peaks | None:
    """The two strongest frequencies between 300 and 2600 Hz; None in silence, and where the first
    is less clear than that, as most of speech is: that much is seen soon."""
    part = power[_LOWEST_BIN:_HIGHEST_BIN].copy()
    at = int(part.argmax())
    top = float(part[at])
    if top < _SILENT_POWER:
        return None
    part[max(0, at - _LOBE) : at + _LOBE + 1] = 0
    other = int(part.argmax())
    rest = second_power = float(part[other])
    has_second = False
    if second_power > _LEAST_SECOND * top:
        part[max(0, other - _LOBE) : other + _LOBE + 1] = 0
        third = float(np.maximum.reduce(part))
        if second_power > _CLEAR_SECOND * third:
            has_second, rest = True, third
    rest = max(rest, 1e-12)
    clear_db = 10 * math.log10(top / rest)
    if clear_db < least_clear_db:
        return None
    first = _refined(power, at + _LOWEST_BIN)
    second = _refined(power, other + _LOWEST_BIN) if has_second else 0.0
    middle = len(part) // 2
    part.partition(middle)
    usual = float(part[middle])
    rest_db = 10 * math.log10(rest / max(usual, 1e-10))
    return Peaks(first, second, 10 * math.log10(top) + 1.8, clear_db, rest_db)


def _refined(power: Numbers, at: int) -> float:
    """The frequency of a peak, between bins."""
    left, middle, right = (math.log(max(value, 1e-12)) for value in power[at - 1 : at + 2].tolist())
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return (at + shift) * BIN_HZ

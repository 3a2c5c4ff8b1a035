"""Log-mel features of speech, as the networks of the Whisper family want them, by numpy alone.

Frames of 25 ms every 10 ms, 80 bands on Slaney's mel scale up to 8 kHz, logarithms held within
80 dB of the loudest. The same figures as the reference, `WhisperFeatureExtractor` of the
transformers package with `do_normalize=True`: the test compares.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

RATE: Final = 16_000
BANDS: Final = 80
_HOP: Final = 160
_FRAME: Final = 400
_FLOOR: Final = 1e-10
_RANGE: Final = 8.0  # powers of ten
_LINEAR_BELOW: Final = 1000.0  # Hz; above it the scale is logarithmic
_MELS_THERE: Final = 15.0
_STEP: Final = np.log(6.4) / 27.0


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features of shape (80, frames) of sound at 16 kHz, one frame for each 10 ms of it."""
    level = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    padded = np.pad(level, _FRAME // 2, mode="reflect")
    frames = sliding_window_view(padded, _FRAME)[::_HOP][: len(samples) // _HOP]
    power = np.abs(np.fft.rfft(frames * _window())) ** 2
    bands = np.log10(np.maximum(power @ _filters(), _FLOOR))
    held = np.maximum(bands, bands.max() - _RANGE)
    features: NDArray[np.float32] = ((held + 4.0) / 4.0).T.astype(np.float32)
    return features


@cache
def _window() -> NDArray[np.float64]:
    window: NDArray[np.float64] = np.hanning(_FRAME + 1)[:-1]
    return window


@cache
def _filters() -> NDArray[np.float64]:
    """Triangles of equal area, one column per band, over the bins of the spectrum."""
    bins = np.linspace(0, RATE / 2, _FRAME // 2 + 1)
    top = _MELS_THERE + np.log(RATE / 2 / _LINEAR_BELOW) / _STEP
    mels = np.linspace(0, top, BANDS + 2)
    edges = np.where(
        mels < _MELS_THERE,
        mels * _LINEAR_BELOW / _MELS_THERE,
        _LINEAR_BELOW * np.exp(_STEP * (mels - _MELS_THERE)),
    )
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    filters *= 2.0 / (edges[2:] - edges[:-2])
    return filters

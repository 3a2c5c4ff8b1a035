"""How loud each side of a recording was, as a browser draws it."""

from __future__ import annotations

import io
import wave
from typing import Any, Final

import numpy as np

POINTS: Final = 1200
"""Along the whole recording; a wide screen has about as many pixels."""


def peaks(data: bytes, points: int = POINTS) -> dict[str, Any]:
    """Of a WAV of 16-bit samples: `seconds`, and `sides`, for each channel up to `points` peaks
    from 0 to 1. Raises wave.Error for anything else."""
    with wave.open(io.BytesIO(data)) as sound:
        if sound.getsampwidth() != 2:
            raise wave.Error("not 16 bits")
        channels, rate, frames = sound.getnchannels(), sound.getframerate(), sound.getnframes()
        samples = np.frombuffer(sound.readframes(frames), "<i2").reshape(-1, channels)
    width = max(1, -(-len(samples) // points))
    padded = np.zeros((-(-len(samples) // width) * width, channels), np.float32)
    padded[: len(samples)] = np.abs(samples.astype(np.float32)) / 32768
    highest = padded.reshape(-1, width, channels).max(axis=1) if len(samples) else padded
    sides = [[round(float(peak), 3) for peak in highest[:, side]] for side in range(channels)]
    return {"seconds": len(samples) / rate, "sides": sides}

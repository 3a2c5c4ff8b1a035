"""Parts of a recording made unintelligible, by silence or a tone.

These functions touch the disk: never call them where an event loop carries audio.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from topcalls.audio.wav import WavReader, WavWriter

Fill = Literal["silence", "tone"]
TONE_HZ = 1000.0
TONE_DBFS = -26.0
"""Plainly heard, and softer than a voice on the telephone."""

_FULL_SCALE = 32768.0


@dataclass(frozen=True)
class Span:
    """From when to when, in milliseconds, on which channel; None: on all of them."""

    start_ms: float
    end_ms: float
    channel: int | None = None


def mask(path: Path, spans: Sequence[Span], fill: Fill) -> None:
    """Replace a WAV file by one without what is in `spans`. Masking it again changes nothing.

    The file is whole at every moment: the new one takes its place once it is written.

    Raises:
        OSError: it is not there, or there is no room for another.
        WavError: it is no WAV file of 16-bit samples.
    """
    temporary = path.with_name(f"{path.name}.masking")
    try:
        with WavReader(path) as source, WavWriter(temporary, source.format) as target:
            rate, channels, at = source.format.rate, source.format.channels, 0
            for chunk in source.chunks():
                samples = np.frombuffer(chunk, dtype="<i2").reshape(-1, channels).copy()
                for span in spans:
                    _cover(samples, at, rate, span, fill)
                target.write(samples.tobytes())
                at += len(samples)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _cover(samples: npt.NDArray[np.int16], at: int, rate: int, span: Span, fill: Fill) -> None:
    """In samples (frames by channels) that begin `at` frames into the file."""
    first = max(0, math.floor(span.start_ms * rate / 1000) - at)
    last = min(len(samples), math.ceil(span.end_ms * rate / 1000) - at)
    if first >= last:
        return
    columns = slice(None) if span.channel is None else slice(span.channel, span.channel + 1)
    samples[first:last, columns] = _sound(at + first, last - first, rate, fill)[:, None]


def _sound(at: int, length: int, rate: int, fill: Fill) -> npt.NDArray[np.int16]:
    if fill == "silence":
        return np.zeros(length, dtype=np.int16)
    time = np.arange(at, at + length) / rate
    level = _FULL_SCALE * 10 ** (TONE_DBFS / 20)
    wave: npt.NDArray[np.int16] = (level * np.sin(2 * math.pi * TONE_HZ * time)).astype(np.int16)
    return wave

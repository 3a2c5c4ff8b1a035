"""Speech-like sound without a synthesizer: noise in words, different for every text."""

from __future__ import annotations

import audioop
from functools import cache
from zlib import crc32

import numpy as np

RATE = 8000


@cache
def spoken(text: str, seconds_per_character: float = 0.05, lead: float = 0.05) -> bytes:
    """PCMU 8 kHz: every word a burst of low-passed noise, a short gap between words."""
    generator = np.random.default_rng(crc32(text.encode()))
    pieces = [np.zeros(int(RATE * lead))]
    for word in text.split():
        length = max(800, int(RATE * seconds_per_character * len(word)))
        noise = np.convolve(generator.normal(size=length), [0.25, 0.5, 0.25], "same")
        pieces += [noise * 6000, np.zeros(int(RATE * 0.04))]
    pieces.append(np.zeros(int(RATE * lead)))
    return audioop.lin2ulaw(np.concatenate(pieces).clip(-30000, 30000).astype("<i2").tobytes(), 2)


def silence(seconds: float) -> bytes:
    """PCMU silence."""
    return b"\xff" * int(RATE * seconds)


def tone(seconds: float, hertz: float = 1000.0) -> bytes:
    """A PCMU tone."""
    wave = 8000 * np.sin(np.arange(int(RATE * seconds)) * 2 * np.pi * hertz / RATE)
    return audioop.lin2ulaw(wave.astype("<i2").tobytes(), 2)


def samples(pcmu: bytes) -> np.ndarray:
    """PCMU as the numbers that hearing searches."""
    return np.frombuffer(audioop.ulaw2lin(pcmu, 2), "<i2").astype(np.float32)

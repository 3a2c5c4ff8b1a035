"""Finding one waveform in another by normalised cross-correlation.

Sound is 16-bit PCM at 8 kHz, mono, as floating-point numbers.
"""

from __future__ import annotations

import audioop

import numpy as np

RATE = 8000
BLOCK = 400
"""Samples (50 ms) that are judged together as heard or not heard."""
ENOUGH = 0.6
"""The likeness from which on a waveform counts as found."""
MINIMUM_OVERLAP = 1600
"""Samples (200 ms) of a waveform that must be there to look for it."""

_BLOCK_ENOUGH = 0.5
_VOICED = 0.05

Samples = np.ndarray


def samples_of(pcm: bytes) -> Samples:
    """16-bit little-endian PCM as numbers."""
    return np.frombuffer(pcm, "<i2").astype(np.float32)


class Recording:
    """Audio that is searched for utterances."""

    def __init__(self, audio: Samples) -> None:
        self.samples = audio
        self.energies = np.concatenate(([0.0], np.cumsum(audio**2, dtype=np.float64)))
        self._spectra: dict[int, np.ndarray] = {}

    def products(self, wave: Waveform) -> np.ndarray:
        """The correlation with `wave` at every shift; negative shifts count from the end."""
        size = 1 << (len(self.samples) + len(wave.samples) - 2).bit_length()
        if size not in self._spectra:
            self._spectra[size] = np.fft.rfft(self.samples, size).astype(np.complex64)
        return np.fft.irfft(self._spectra[size] * wave.spectrum(size), size)


class Waveform:
    """The sound of one utterance, prepared for searching. Shared by all who say the same."""

    def __init__(self, pcmu: bytes) -> None:
        self.samples = samples_of(audioop.ulaw2lin(pcmu, 2))
        blocks = max(1, -(-len(self.samples) // BLOCK))
        padded = np.zeros(blocks * BLOCK, np.float32)
        padded[: len(self.samples)] = self.samples
        energy = (padded.reshape(blocks, BLOCK) ** 2).sum(axis=1)
        self.voiced = energy > energy.max() * _VOICED**2 if energy.max() > 0 else energy > 0
        self.energies = np.concatenate(([0.0], np.cumsum(self.samples**2, dtype=np.float64)))
        self._spectra: dict[int, np.ndarray] = {}

    def spectrum(self, size: int) -> np.ndarray:
        """The conjugate spectrum over `size` points, kept for the next search."""
        if size not in self._spectra:
            self._spectra[size] = np.conj(np.fft.rfft(self.samples, size)).astype(np.complex64)
        return self._spectra[size]


def best_place(recording: Recording, wave: Waveform) -> tuple[float, int]:
    """Highest normalised correlation over all shifts of `wave`, and the shift (its first sample).

    Shifts where more of the utterance is in the recording are preferred.
    """
    length, size = len(recording.samples), len(wave.samples)
    if size < MINIMUM_OVERLAP or wave.energies[-1] == 0:
        return 0.0, 0
    shifts = np.arange(MINIMUM_OVERLAP - size, length - MINIMUM_OVERLAP + 1)
    first, last = np.maximum(shifts, 0), np.minimum(shifts + size, length)
    ours = recording.energies[last] - recording.energies[first]
    theirs = wave.energies[last - shifts] - wave.energies[first - shifts]
    usable = (theirs > 0.03 * wave.energies[-1]) & (ours > 0)
    likeness = np.zeros(len(shifts))
    products = recording.products(wave)[shifts[usable]]
    likeness[usable] = products / np.sqrt(ours[usable] * theirs[usable])
    best = int(np.argmax(likeness * np.sqrt(theirs / wave.energies[-1])))
    if likeness[best] < ENOUGH:
        best = int(np.argmax(likeness))
    return float(likeness[best]), int(shifts[best])


def heard_blocks(audio: Samples, wave: Waveform, starts_at: int) -> np.ndarray:
    """For each 50 ms of the utterance, whether it is in `audio` at that place."""
    heard = np.zeros(len(wave.voiced), bool)
    for index in np.flatnonzero(wave.voiced):
        begin = index * BLOCK
        theirs = wave.samples[begin : begin + BLOCK]
        if starts_at + begin < 0:
            continue
        ours = audio[starts_at + begin : starts_at + begin + len(theirs)]
        if len(ours) == len(theirs):
            heard[index] = _likeness(ours, theirs) > _BLOCK_ENOUGH
    return heard


def _likeness(ours: Samples, theirs: Samples) -> float:
    energy = float((ours**2).sum()) * float((theirs**2).sum())
    return float((ours * theirs).sum()) / energy**0.5 if energy > 0 else 0.0


def erase(audio: Samples, blocks: np.ndarray, starts_at: int) -> None:
    """Silence what was recognised, so that the next search finds what else there is."""
    first, last = np.flatnonzero(blocks)[[0, -1]]
    for index in range(first, last + 1):
        begin = starts_at + index * BLOCK
        if blocks[max(first, index - 1) : index + 2].any():
            audio[max(0, begin) : max(0, begin + BLOCK)] = 0.0

"""Speech for the sandbox: text to G.711 as a telephone would carry it.

Whatever an engine renders is brought to 8 kHz, cut to the telephone band, set to the level of a
person on the phone and trimmed; then it is mu-law, the same bytes for the same words.
"""

from __future__ import annotations

import audioop
import hashlib
from collections import OrderedDict
from functools import cache
from math import gcd
from pathlib import Path

import numpy as np
from gevent import get_hub
from gevent.lock import BoundedSemaphore
from numpy.typing import NDArray

from topcalls.sandbox.speech_engines import Engine, Samples, Voice, installed_engine

RATE = 8000
LEVEL_DBFS = -20.0  # RMS while speaking, 0 dBFS = 32768
_BAND_HZ = (150.0, 3500.0)
_FRAME = 160
_QUIET_BELOW_PEAK_DB = 40.0
_MARGIN_FRAMES = 2
_KEPT_IN_MEMORY = 512
_HALF_WIDTH = 24  # zero crossings of the interpolating sinc on either side

Signal = NDArray[np.float64]


class Synthesizer:
    """Speaks a text once, then remembers it; shared by all calls of a process."""

    def __init__(self, cache_directory: Path | None = None, engine: Engine | None = None) -> None:
        """`cache_directory` keeps speech over restarts; the default engine is the best installed.

        Raises `SpeechUnavailable` when there is none.
        """
        self._engine = engine or installed_engine()
        self._directory = cache_directory
        self._memory: OrderedDict[tuple[str, Voice], bytes] = OrderedDict()
        self._one_at_a_time = BoundedSemaphore(1)
        if cache_directory is not None:
            cache_directory.mkdir(parents=True, exist_ok=True)

    def speak(self, text: str, voice: Voice) -> bytes:
        """PCMU at 8 kHz, whole 20 ms frames. Blocks the greenlet while the text is new."""
        key = (text, voice)
        if key not in self._memory:
            with self._one_at_a_time:
                if key not in self._memory:
                    self._remember(key, self._from_disk(key) or self._render(key))
        self._memory.move_to_end(key)
        return self._memory[key]

    def _render(self, key: tuple[str, Voice]) -> bytes:
        rate, samples = self._engine.render(*key)
        audio: bytes = get_hub().threadpool.apply(to_telephone, (samples, rate))
        if path := self._path(key):
            part = path.with_suffix(".part")
            part.write_bytes(audio)
            part.replace(path)
        return audio

    def _remember(self, key: tuple[str, Voice], audio: bytes) -> None:
        self._memory[key] = audio
        while len(self._memory) > _KEPT_IN_MEMORY:
            self._memory.popitem(last=False)

    def _from_disk(self, key: tuple[str, Voice]) -> bytes:
        path = self._path(key)
        return path.read_bytes() if path is not None and path.exists() else b""

    def _path(self, key: tuple[str, Voice]) -> Path | None:
        if self._directory is None:
            return None
        name = hashlib.sha256("\n".join((self._engine.name, *key)).encode()).hexdigest()
        return self._directory / f"{name}.pcmu"


def to_telephone(samples: Samples, rate: int) -> bytes:
    """PCMU of a recording at any rate: telephone band, telephone level, no silence around it."""
    if not samples.any():
        return b""
    signal = _trimmed(_without_rumble(resample(samples.astype(np.float64), rate, RATE)))
    padded = np.pad(signal, (0, -signal.size % _FRAME))
    linear = np.clip(np.round(_levelled(padded)), -32768, 32767).astype("<i2")
    return audioop.lin2ulaw(linear.tobytes(), 2)


def resample(signal: Signal, rate: int, to_rate: int) -> Signal:
    """Polyphase windowed-sinc resampling down to `to_rate`, band-limited against aliasing."""
    divisor = gcd(rate, to_rate)
    step, phases = rate // divisor, to_rate // divisor
    bank = _filter_bank(step, phases, _BAND_HZ[1] / rate)
    half = bank.shape[1] // 2
    length = signal.size * phases // step
    positions = np.arange(length) * step
    padded = np.pad(signal, (half, half))
    windows = np.lib.stride_tricks.sliding_window_view(padded, bank.shape[1])
    blocks = [positions[start : start + RATE] for start in range(0, length, RATE)]
    pieces = [np.einsum("ij,ij->i", windows[at // phases], bank[at % phases]) for at in blocks]
    return np.concatenate([np.zeros(0), *pieces])


@cache
def _filter_bank(step: int, phases: int, cutoff: float) -> Signal:
    """One low-pass filter per fractional position; `cutoff` in cycles per input sample."""
    half = int(np.ceil(_HALF_WIDTH / (2 * cutoff)))
    offsets = np.arange(-half, half + 1)[None, :] - (np.arange(phases) / phases)[:, None]
    window = np.where(
        np.abs(offsets) <= half + 1, 0.5 + 0.5 * np.cos(np.pi * offsets / (half + 1)), 0.0
    )
    bank = np.sinc(2 * cutoff * offsets) * window
    normalised: Signal = bank / bank.sum(axis=1, keepdims=True)
    return normalised


def _without_rumble(signal: Signal) -> Signal:
    """The signal without what a telephone does not carry below its band."""
    half = 200
    offsets = np.arange(-half, half + 1)
    low = np.sinc(2 * _BAND_HZ[0] / RATE * offsets) * np.hanning(offsets.size)
    result: Signal = signal - np.convolve(signal, low / low.sum(), mode="same")[: signal.size]
    return result


def _frame_levels(signal: Signal) -> Signal:
    frames = np.pad(signal, (0, -signal.size % _FRAME)).reshape(-1, _FRAME)
    levels: Signal = np.sqrt(np.mean(frames**2, axis=1))
    return levels


def _trimmed(signal: Signal) -> Signal:
    levels = _frame_levels(signal)
    loud = np.flatnonzero(levels >= levels.max() * 10 ** (-_QUIET_BELOW_PEAK_DB / 20))
    first = max(0, loud[0] - _MARGIN_FRAMES)
    return signal[first * _FRAME : (loud[-1] + 1 + _MARGIN_FRAMES) * _FRAME]


def _levelled(signal: Signal) -> Signal:
    """`signal` at the wanted level while it speaks; peaks are bent, not cut."""
    levels = _frame_levels(signal)
    speaking = levels[levels > levels.max() * 10 ** (-25 / 20)]
    wanted = 32768 * 10 ** (LEVEL_DBFS / 20)
    scaled = signal * (wanted / np.sqrt(np.mean(speaking**2)))
    ceiling = 30000.0
    result: Signal = ceiling * np.tanh(scaled / ceiling)
    return result

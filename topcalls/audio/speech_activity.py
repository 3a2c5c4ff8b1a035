"""Whether somebody speaks, on a line whose noise is learnt as it is heard."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from topcalls.audio.spectra import BAND_EDGES, HOP_SECONDS, Numbers

HANG_SECONDS = 0.22
_BANDS = len(BAND_EDGES) - 1
_SMOOTHED_HOPS = 3
_BUCKET_HOPS = 5
_BUCKETS = 12  # 1.2 s: within so long every talker pauses
_BIAS = 1.78  # the quietest of a second of noise is so much weaker than the noise
_SWELL = 3.16  # what all bands share, up to this factor, is noise that swells
_BEGINS, _GOES_ON, _CLEARLY = 0.45, 0.26, 1.0  # of the likelihood ratio, mean over the bands
_MOST_OF_A_BAND = 20.0
_ONSET_HOPS, _ONSET_OF = 3, 4
_LAG_SECONDS = 0.06  # from the middle of what a decision looks at to its end
_QUIET_POWER = 10**-9.0  # below this is silence, whatever it was before


@dataclass(frozen=True)
class SpeechBegan:
    """Seconds of the line."""

    start: float


@dataclass(frozen=True)
class SpeechEnded:
    """`end` is when the last sound was, `at` when it was known; `clarity` is the mean likelihood
    ratio of the speech: below 1 it hardly stands out of the noise."""

    end: float
    at: float
    clarity: float


class SpeechActivity:
    """Speech is what stands out of the noise of the last second, in some parts of the spectrum
    more than in others. `feed` takes the bands of one window after the other."""

    def __init__(self) -> None:
        self.speaking = False
        self._buckets = np.full((_BUCKETS, _BANDS), np.inf, np.float32)
        self._last: deque[Numbers] = deque(maxlen=_SMOOTHED_HOPS)
        self._hops = 0
        self._recent = deque([False] * _ONSET_OF, maxlen=_ONSET_OF)
        self._first_active = self._last_active = 0.0
        self._ratios: list[float] = []
        self._active: deque[float] = deque(maxlen=250)

    def was_speech_at(self, moment: float) -> bool:
        """There was clearly speech up to this moment, which is in the last few seconds."""
        return any(0.03 <= moment - at <= 0.075 for at in self._active)

    def feed(self, at: float, bands: Numbers, *, tone: bool) -> SpeechBegan | SpeechEnded | None:
        """One window, which ends at `at`; `tone`: a tone sounds, which is no speech."""
        ratio = 0.0
        if tone:
            self._last.clear()
        else:
            ratio = self._ratio(bands)
        active = ratio > (_GOES_ON if self.speaking else _BEGINS)
        if active:
            if not any(self._recent):
                self._first_active = at
            self._last_active = at
            if ratio > _CLEARLY:
                self._active.append(at)
            self._ratios.append(ratio)
        self._recent.append(active)
        if not self.speaking and sum(self._recent) >= _ONSET_HOPS:
            self.speaking = True
            self._ratios = [ratio]
            return SpeechBegan(max(0.0, self._first_active - _LAG_SECONDS))
        if self.speaking and at - self._last_active >= HANG_SECONDS:
            self.speaking = False
            clarity = round(sum(self._ratios) / max(1, len(self._ratios)), 3)
            return SpeechEnded(self._last_active - _LAG_SECONDS + HOP_SECONDS, at, clarity)
        return None

    def _ratio(self, bands: Numbers) -> float:
        """The likelihood ratio of speech against noise, mean over the bands."""
        self._last.append(bands + _QUIET_POWER)
        power = sum(self._last) / len(self._last)
        slot = self._hops // _BUCKET_HOPS % _BUCKETS
        if self._hops % _BUCKET_HOPS == 0:
            self._buckets[slot] = power
        else:
            np.minimum(self._buckets[slot], power, out=self._buckets[slot])
        self._hops += 1
        excess = power / (self._buckets.min(axis=0) * _BIAS)
        shared = float(np.partition(excess, _BANDS // 4)[_BANDS // 4])
        excess = np.maximum(excess / min(max(shared, 1.0), _SWELL), 1.0)
        ratios = np.minimum(excess - np.log(excess) - 1.0, _MOST_OF_A_BAND)
        return float(ratios.mean())

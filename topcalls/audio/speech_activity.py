"""Whether somebody speaks, on a line whose noise is learnt as it is heard."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from topcalls.audio.spectra import BAND_EDGES, HOP_SECONDS, Numbers

HANG_SECONDS = 0.22
_BANDS = len(BAND_EDGES) - 1
_SMOOTHED_HOPS = 5
_BUCKET_HOPS = 5
_BUCKETS = 12  # 1.2 s: within so long every talker pauses
_BIAS = 1.35  # the quietest of a second of noise is so much weaker than the noise
_SWELL = 6.0  # what all bands share, up to this factor, is noise that swells
_BEGINS, _GOES_ON, _CLEARLY = 0.28, 0.14, 1.0  # of the likelihood ratio, mean over the bands
_FADES = 0.06  # of what the speech was so far; less is not the speech any more
_MOST_OF_A_BAND = 20.0
_SOUND = 0.32  # the same, of a single window
_FAR_DB = 28.0  # a band shows the mean of its bins, so a tone is 8 dB weaker in it
_REMEMBERED_HOPS = 60
_ONSET_HOPS, _ONSET_OF = 3, 4
_LONGEST_PURE_HOPS = 6  # of a vowel that is as pure as a tone
_LAG_SECONDS = 0.08  # from the middle of what a decision looks at to its end
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
        self._tone_hops = 0
        self._recent = deque([False] * _ONSET_OF, maxlen=_ONSET_OF)
        self._first_active = self._last_active = 0.0
        self._loudness = 0.0  # sum of the ratios of the speech that goes on
        self._active_hops = 0
        self._active: deque[float] = deque(maxlen=250)
        self._windows: deque[tuple[float, Numbers]] = deque(maxlen=_REMEMBERED_HOPS)

    def was_speech_at(self, moment: float) -> bool:
        """There was clearly speech up to this moment, which is in the last few seconds."""
        return any(0.03 <= moment - at <= 0.075 for at in self._active)

    def has_sound(self, since: float, until: float, dbfs: float) -> bool:
        """More than noise was in the windows that ended between these two moments, and not far
        weaker than a tone of `dbfs`."""
        least = 10 ** ((dbfs - _FAR_DB) / 10)
        windows = [bands for at, bands in self._windows if since <= at <= until]
        ratios = [self._against_noise(bands) * (bands.max() > least) for bands in windows]
        return bool(ratios) and sorted(ratios)[len(ratios) // 2] > _SOUND

    def feed(self, at: float, bands: Numbers, *, tone: bool) -> SpeechBegan | SpeechEnded | None:
        """One window, which ends at `at`; `tone`: a tone sounds, which is no speech."""
        self._windows.append((at, bands + _QUIET_POWER))
        if tone:
            self._pass_tone()
            return self._end(at)
        self._tone_hops = 0
        ratio = self._ratio(bands)
        active = ratio > (max(_GOES_ON, _FADES * self._clarity) if self.speaking else _BEGINS)
        if active:
            if not any(self._recent):
                self._first_active = at
            self._last_active = at
            if ratio > _CLEARLY:
                self._active.append(at)
            self._loudness += ratio
            self._active_hops += 1
        self._recent.append(active)
        if not self.speaking and sum(self._recent) >= _ONSET_HOPS:
            self.speaking = True
            self._loudness, self._active_hops = ratio, 1
            return SpeechBegan(max(0.0, self._first_active - _LAG_SECONDS))
        return self._end(at)

    def _pass_tone(self) -> None:
        """Whatever was heard before a tone, if it is one, says nothing of what follows it."""
        self._tone_hops += 1
        if self._tone_hops == _LONGEST_PURE_HOPS:
            self._last.clear()
            self._recent.extend([False] * _ONSET_OF)

    def _end(self, at: float) -> SpeechEnded | None:
        if self.speaking and at - self._last_active >= HANG_SECONDS:
            self.speaking = False
            end = self._last_active - _LAG_SECONDS + HOP_SECONDS
            return SpeechEnded(end, at, round(self._clarity, 3))
        return None

    @property
    def stirs(self) -> bool:
        """Speech may be about to begin."""
        return not self.speaking and any(self._recent)

    @property
    def _clarity(self) -> float:
        return self._loudness / max(1, self._active_hops)

    def _ratio(self, bands: Numbers) -> float:
        """The likelihood ratio of speech against noise, mean over the bands."""
        self._last.append(self._windows[-1][1])
        power = np.add.reduce(tuple(self._last), dtype=np.float32) / np.float32(len(self._last))
        if len(self._last) == _SMOOTHED_HOPS:  # a mean of fewer may be far below the noise
            self._learn(power)
        return self._against_noise(power)

    def _learn(self, power: Numbers) -> None:
        slot = self._hops // _BUCKET_HOPS % _BUCKETS
        if self._hops % _BUCKET_HOPS == 0:
            self._buckets[slot] = power
        else:
            np.minimum(self._buckets[slot], power, out=self._buckets[slot])
        self._hops += 1

    def _against_noise(self, power: Numbers) -> float:
        excess = power / (np.minimum.reduce(self._buckets) * _BIAS)
        shared = sorted(excess.tolist())[_BANDS // 4]
        excess = np.maximum(excess / min(max(shared, 1.0), _SWELL), 1.0)
        ratios = np.minimum(excess - np.log(excess) - 1.0, _MOST_OF_A_BAND)
        return float(np.add.reduce(ratios) / np.float32(_BANDS))

"""Steady tones in a line's spectra: when each began and ended, and at which frequencies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from topcalls.audio.spectra import BIN_HZ, HOP_SECONDS, WINDOW_SECONDS, Numbers, Peaks, peaks_of

LEAST_SECONDS: Final = 0.09
_CLEAR = ((18.0, 99.0), (12.0, 19.0), (8.0, 14.0))
"""How many dB everything else is below a tone, at which height above what is usual in a window: the
harmonics of a voice are high above it, noise is not."""
_FAINT_DB = 6.0  # enough where the frequency stays
_MOST_SPREAD_DB = 3.0  # a tone keeps its level
_MOST_SPREAD_IN_NOISE_DB = 6.0
_MOST_SPREAD_HZ = 7.0
_DRIFT_HZ = 11.0
_FAINT_DRIFT_HZ = 6.0
_CLEAR_FRAMES = 3  # so many make a tone
_HELD_FRAMES = 12  # and so many do however faint they are
_MOST_MISSES = 2
_MOST_MASKED = 10
_MASKED_DB = 4.5
_HALF_DB = 6.0  # a window half filled with a tone shows it so much weaker
_FADE_DB = 9.0  # within a tone; more is another one


@dataclass(frozen=True)
class Tone:
    """One or two frequencies (Hz, rising) held from `start` to `end`, in seconds of the line."""

    frequencies: tuple[float, ...]
    start: float
    end: float
    dbfs: float

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def near(self, *hertz: float, within: float = 12.0) -> bool:
        """It has these frequencies and no other."""
        pairs = zip(self.frequencies, hertz, strict=False)
        return len(self.frequencies) == len(hertz) and all(abs(a - b) <= within for a, b in pairs)


@dataclass(frozen=True, slots=True)
class _Frame:
    """One window of a run. `clear`: nothing else in it was nearly as strong."""

    at: float  # its end
    first: float
    second: float
    dbfs: float
    clear: bool


class ToneRuns:
    """Feed it window after window. `present` is the tone that still sounds, from its start."""

    def __init__(self) -> None:
        self._frames: list[_Frame] = []
        self._misses = 0
        self._masked = 0

    @property
    def sounding(self) -> bool:
        """A tone is (perhaps) under way."""
        return len(self._frames) >= 3 and self._is_sure()

    @property
    def beginning(self) -> bool:
        """One of the last windows may be of a tone."""
        return any(frame.clear for frame in self._frames)

    @property
    def present(self) -> Tone | None:
        return self._tone() if self.sounding else None

    def feed(self, at: float, power: Numbers) -> Tone | None:
        """One window, which ends at `at`; the tone that has ended with it, if one has."""
        peaks = peaks_of(power, _FAINT_DB)
        if peaks is None:
            return None if self._is_masked(power) else self._miss()
        frame = _Frame(at, peaks.first, peaks.second, peaks.first_dbfs, _is_tone(peaks))
        if not self._frames or self._continues(frame):
            self._frames.append(frame)
            self._misses = self._masked = 0
            return None
        if not frame.clear and self.beginning:
            return None if self._is_masked(power) else self._miss()
        ended = self._finish()
        self._frames = [frame]
        return ended

    def _continues(self, frame: _Frame) -> bool:
        loudest = max(item.dbfs for item in self._frames[-8:])
        if frame.dbfs < loudest - _FADE_DB - (6.0 if len(self._frames) < 4 else 0.0):
            return False
        drift = _DRIFT_HZ if frame.clear else _FAINT_DRIFT_HZ
        return any(abs(frame.first - hertz) <= drift for hertz in self._established())

    def _is_sure(self) -> bool:
        clear = sum(frame.clear for frame in self._frames)
        return clear >= _CLEAR_FRAMES or len(self._frames) >= _HELD_FRAMES

    def _established(self) -> tuple[float, ...]:
        """The frequencies of the last few windows that a further one may begin with: the next
        tone, which a window may already hold beside this one, is none of them."""
        recent = self._frames[-6:]
        seconds = [item.second for item in recent if item.second]
        first, second = recent[-1].first, recent[-1].second
        return (first, second) if second and len(seconds) * 3 >= len(recent) * 2 else (first,)

    def _is_masked(self, power: Numbers) -> bool:
        """Noise is as loud as the tone for a moment, and the tone goes on below it."""
        if len(self._frames) < 3 or self._masked >= _MOST_MASKED:
            return False
        usual = sorted(item.dbfs for item in self._frames)[len(self._frames) // 2]
        at = round(self._frames[-1].first / BIN_HZ)
        level = 10 * math.log10(max(float(power[at - 1 : at + 2].max()), 1e-12)) + 1.8
        self._masked += level >= usual - _MASKED_DB
        return level >= usual - _MASKED_DB

    def _miss(self) -> Tone | None:
        if not self._frames:
            return None
        self._misses += 1
        return self._finish() if self._misses > _MOST_MISSES else None

    def _finish(self) -> Tone | None:
        tone = self._tone()
        steady = self._is_sure() and self._is_steady()
        self._frames, self._misses = [], 0
        long_enough = tone is not None and tone.seconds >= LEAST_SECONDS
        return tone if steady and long_enough else None

    def _is_steady(self) -> bool:
        """Level and frequency stay, beginning and end apart."""
        inner = self._frames[3:-3] or self._frames[len(self._frames) // 2 :][:1]
        levels = sorted(item.dbfs for item in inner)
        lowest, highest = levels[len(levels) // 6], levels[-1 - len(levels) // 6]
        hertz = sorted(item.first for item in inner)
        middle = hertz[len(hertz) // 2]
        near = sum(abs(value - middle) <= _MOST_SPREAD_HZ for value in hertz)
        chord = any(item.second for item in inner)
        noisy = len(inner) >= _HELD_FRAMES // 2 and not all(item.clear for item in inner)
        most = _MOST_SPREAD_IN_NOISE_DB if noisy else _MOST_SPREAD_DB
        return highest - lowest <= most and (chord or near >= 0.85 * len(hertz))

    def _tone(self) -> Tone | None:
        if len(self._frames) < 2:
            return None
        levels = sorted(item.dbfs for item in self._frames)
        usual = levels[len(levels) * 3 // 4]
        loud = [item for item in self._frames if item.dbfs >= usual - _HALF_DB]
        start = loud[0].at - WINDOW_SECONDS / 2 - HOP_SECONDS / 2
        end = loud[-1].at - WINDOW_SECONDS / 2 + HOP_SECONDS
        return Tone(_frequencies(loud), max(0.0, start), end, usual)


def _is_tone(peaks: Peaks) -> bool:
    return any(peaks.clear_db >= clear and peaks.rest_db <= rest for clear, rest in _CLEAR)


def _frequencies(frames: list[_Frame]) -> tuple[float, ...]:
    """What was there in most windows: two only if they were there together."""
    first = sorted(item.first for item in frames)
    together = [item for item in frames if item.second]
    if len(together) < 0.6 * len(frames):
        return (first[len(first) // 2],)
    lower = sorted(min(item.first, item.second) for item in together)
    upper = sorted(max(item.first, item.second) for item in together)
    return lower[len(lower) // 2], upper[len(upper) // 2]

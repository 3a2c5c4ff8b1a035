"""What the tones of a line say: ringing, busy, a fax, an intercept, or the beep of a mailbox.

Frequencies and cadences are those of ITU-T E.180 Supplement 2 (national tones), E.180/Q.35
(special information tones), T.30 and V.25 (fax and modem).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from topcalls.audio.tone_runs import Tone


class Signal(StrEnum):
    """A meaning that tones have on a telephone line."""

    BEEP = "beep"
    SIT = "sit"
    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    FAX = "fax"
    MODEM = "modem"
    DIAL_TONE = "dial_tone"


@dataclass(frozen=True)
class Heard:
    """A signal; `end` is None while it sounds, `at` is when it was known (seconds of the line)."""

    signal: Signal
    start: float
    end: float | None
    at: float
    frequencies: tuple[float, ...]


SETTLE_SECONDS: Final = 0.1
"""A beep is over when nothing has followed it for so long. Information tones come in threes, so
what may be one of those waits longer."""

_SIT_STEPS: Final = ((913.8, 985.2), (1370.6, 1428.5), (1776.7,))
_SIT_GAP = 0.12
_SIT_SETTLE_SECONDS = 0.24
_RINGBACK_PAIRS: Final = ((440.0, 480.0), (400.0, 450.0))
_RINGBACK_SINGLES: Final = (425.0, 450.0, 400.0)
_BUSY_PAIR: Final = (480.0, 620.0)
_DIAL_PAIR: Final = (350.0, 440.0)
_ANSWER_TONE, _MODEM_TONE, _CALLING_TONE = 2100.0, 2225.0, 1100.0
_BEEP_HZ = (380.0, 2200.0)
_BEEP_SECONDS = (0.12, 3.5)
_LONGEST_CONGESTION = 0.36
_SHORTEST_RING = 0.75
_LONGEST_BUSY_GAP = 0.8


class CallProgress:
    """Feed it tones as they end, and the one that sounds. `after_speech`: somebody has spoken, so
    that a lone tone of 425 Hz is a beep and no ringing."""

    def __init__(self) -> None:
        self._waiting: list[Tone] = []  # may yet be a beep
        self._repeats: list[Tone] = []  # of the kind that cadences are made of
        self._answer_tone_seconds = 0.0
        self._told: set[tuple[Signal, float]] = set()

    def ended(self, tone: Tone, at: float, *, after_speech: bool) -> list[Heard]:
        """A tone is over."""
        if self._is_answer_tone(tone):
            self._answer_tone_seconds += tone.seconds
            long_enough = self._answer_tone_seconds >= 0.6
            return self._tell(_answerer(tone), tone, at) if long_enough else []
        if (heard := self._cadence(tone, at, after_speech)) is not None:
            return heard
        self._waiting.append(tone)
        if self._is_sit():
            first, self._waiting = self._waiting[-len(_SIT_STEPS)], []
            return self._tell(Signal.SIT, first, at, end=tone.end)
        return []

    def going_on(self, tone: Tone, at: float, *, after_speech: bool) -> list[Heard]:
        """A tone sounds; what is known of it already."""
        if self._is_answer_tone(tone) and tone.seconds + self._answer_tone_seconds >= 0.6:
            return self._tell(_answerer(tone), tone, at, sounding=True)
        if tone.near(*_DIAL_PAIR) and tone.seconds >= 2.0:
            return self._tell(Signal.DIAL_TONE, tone, at, sounding=True)
        single = not after_speech and tone.seconds >= _SHORTEST_RING and _is_ring_single(tone)
        if (_is_ring_pair(tone) and tone.seconds >= 0.3) or single:
            return self._tell(Signal.RINGBACK, tone, at, sounding=True)
        return []

    def settled(self, at: float, *, sounding: bool) -> list[Heard]:
        """Time has passed: what has waited long enough is a beep."""
        if not self._waiting or sounding:
            return []
        last = self._waiting[-1]
        if at - last.end < (_SIT_SETTLE_SECONDS if _may_be_sit(last) else SETTLE_SECONDS):
            return []
        tones, self._waiting = self._waiting, []
        if not all(_can_be_beep(tone) for tone in tones):
            return []
        first, last = tones[0], tones[-1]
        if len(tones) == 1 and self._is_calling_tone(first):
            return self._tell(Signal.FAX, first, at, end=first.end)
        return self._tell(Signal.BEEP, first, at, end=last.end)

    def _cadence(self, tone: Tone, at: float, after_speech: bool) -> list[Heard] | None:
        """Ringing, busy and congestion; None if the tone can be none of them."""
        if _is_ring_pair(tone) and tone.seconds >= 0.3:
            return self._tell(Signal.RINGBACK, tone, at, end=tone.end)
        busy_pair = tone.near(*_BUSY_PAIR)
        if after_speech or not (busy_pair or _is_ring_single(tone)):
            return None
        if not busy_pair and tone.seconds >= _SHORTEST_RING:
            return self._tell(Signal.RINGBACK, tone, at, end=tone.end)
        gap = tone.start - self._repeats[-1].end if self._repeats else 99.0
        self._repeats = [*self._repeats, tone] if gap <= _LONGEST_BUSY_GAP else [tone]
        if len(self._repeats) < 3:
            return []
        short = tone.seconds <= _LONGEST_CONGESTION
        signal = Signal.CONGESTION if short else Signal.BUSY
        return self._tell(signal, self._repeats[0], at, end=tone.end)

    def _is_answer_tone(self, tone: Tone) -> bool:
        return tone.near(_ANSWER_TONE, within=25.0) or tone.near(_MODEM_TONE, within=25.0)

    def _is_calling_tone(self, tone: Tone) -> bool:
        """Of a fax that calls: half a second, and again three seconds later."""
        if not (tone.near(_CALLING_TONE, within=40.0) and 0.4 <= tone.seconds <= 0.65):
            return False
        before = [item for item in self._repeats if item.near(_CALLING_TONE, within=40.0)]
        self._repeats.append(tone)
        return any(2.5 <= tone.start - item.end <= 3.6 for item in before)

    def _is_sit(self) -> bool:
        tones = self._waiting[-len(_SIT_STEPS) :]
        if len(tones) < len(_SIT_STEPS):
            return False
        pairs = zip(tones, tones[1:], strict=False)
        joined = all(later.start - earlier.end <= _SIT_GAP for earlier, later in pairs)
        steps = zip(tones, _SIT_STEPS, strict=True)
        return joined and all(
            any(tone.near(hertz, within=40.0) for hertz in step) and 0.15 <= tone.seconds <= 0.5
            for tone, step in steps
        )

    def _tell(
        self,
        signal: Signal,
        tone: Tone,
        at: float,
        *,
        end: float | None = None,
        sounding: bool = False,
    ) -> list[Heard]:
        """Each beginning is told once, and once more when it is known to be over."""
        key = (signal, round(tone.start, 1))
        if sounding and key in self._told:
            return []
        self._told.add(key)
        over = None if sounding else (tone.end if end is None else end)
        return [Heard(signal, tone.start, over, at, tone.frequencies)]


def _answerer(tone: Tone) -> Signal:
    return Signal.FAX if tone.near(_ANSWER_TONE, within=25.0) else Signal.MODEM


def _is_ring_pair(tone: Tone) -> bool:
    return any(tone.near(*pair) for pair in _RINGBACK_PAIRS)


def _is_ring_single(tone: Tone) -> bool:
    return any(tone.near(hertz, within=9.0) for hertz in _RINGBACK_SINGLES)


def _may_be_sit(tone: Tone) -> bool:
    steps = (hertz for step in _SIT_STEPS[:2] for hertz in step)
    return 0.15 <= tone.seconds <= 0.5 and any(tone.near(hertz, within=40.0) for hertz in steps)


def _can_be_beep(tone: Tone) -> bool:
    low, high = _BEEP_HZ
    shortest, longest = _BEEP_SECONDS
    return low <= tone.frequencies[0] <= high and shortest <= tone.seconds <= longest

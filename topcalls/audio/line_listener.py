"""Everything answer detection hears of a line: speech, its pauses, and what tones mean.

Audio comes in pieces of any length (L16, 8 kHz); moments are seconds of audio since the first.
Costs 2 to 4 CPU-ms per second of the line, by the machine, so it runs while it is needed and no
longer.
"""

from __future__ import annotations

from collections import deque

from topcalls.audio.call_progress import CallProgress, Heard
from topcalls.audio.spectra import WINDOW_SECONDS, Spectra
from topcalls.audio.speech_activity import SpeechActivity, SpeechBegan, SpeechEnded
from topcalls.audio.tone_runs import Tone, ToneRuns

_LONGEST_VOWEL = 0.3  # seconds that a voice keeps one pitch
_VOWEL_HZ, _LONGEST_LOW_VOWEL = 560.0, 0.4  # strong harmonics of vowels are lower, and shorter
_FOLLOWED_SECONDS = 0.15  # after which it shows whether a voice goes on
_SAME_HZ = 12.0
_ENOUGH_SPEECH = 0.9  # seconds; the edges of tones count as speech, a little each
_LEAST_CLARITY = 0.22  # of speech that is no noise that swells

LineEvent = SpeechBegan | SpeechEnded | Heard


class LineListener:
    """`feed` returns what became known with each piece, in order."""

    def __init__(self) -> None:
        self._spectra = Spectra()
        self._runs = ToneRuns()
        self._progress = CallProgress()
        self._speech = SpeechActivity()
        self._doubtful: list[Tone] = []
        self._tones: deque[Tone] = deque(maxlen=4)  # the latest
        self._spoken = 0.0  # seconds
        self._began: float | None = None

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._spectra.seconds

    @property
    def stirs(self) -> bool:
        """Speech may be about to begin."""
        return self._speech.stirs

    def feed(self, l16: bytes) -> list[LineEvent]:
        events: list[LineEvent] = []
        for at, power, bands in self._spectra.feed(l16):
            tone = self._runs.feed(at, power)
            after = self._after_speech(at)
            if tone is not None:
                self._doubtful.append(tone)
                self._tones.append(tone)
            for certain in self._certain_tones(at):
                events += self._progress.ended(certain, at, after_speech=after)
            present = self._runs.present
            if present is not None:
                events += self._progress.going_on(present, at, after_speech=after)
            sounding = self._runs.sounding
            events += self._progress.settled(at, sounding=self._runs.beginning)
            change = self._speech.feed(at, bands, tone=sounding)
            if change is not None:
                self._note(change)
                events.append(change)
        return events

    def _certain_tones(self, at: float) -> list[Tone]:
        """Those that are known by now to be no vowels."""
        due = [
            tone
            for tone in self._doubtful
            if not _is_like_vowel(tone) or at >= tone.end + _FOLLOWED_SECONDS
        ]
        self._doubtful = [tone for tone in self._doubtful if tone not in due]
        return [tone for tone in due if not self._is_vowel(tone)]

    def _is_vowel(self, tone: Tone) -> bool:
        """A short steady sound that grows out of speech, or goes over into it."""
        if tone.seconds < _LONGEST_VOWEL and self._speech.was_speech_at(tone.start):
            return True
        if not _is_like_vowel(tone):
            return False
        return any(
            self._speech.has_sound(since, until, tone.dbfs) and not self._is_tone_at(until, tone)
            for since, until in (
                (tone.start - 0.07, tone.start - 0.01),
                (tone.end + WINDOW_SECONDS + 0.01, tone.end + _FOLLOWED_SECONDS),
            )
        )

    def _is_tone_at(self, moment: float, tone: Tone) -> bool:
        """Another one of the same pitch: some beeps come in pairs."""
        others = [*self._tones, *([self._runs.present] if self._runs.present else [])]
        return any(
            other.start - 0.1 <= moment <= other.end + 0.1
            and other.start != tone.start
            and abs(other.frequencies[0] - tone.frequencies[0]) <= _SAME_HZ
            for other in others
        )

    def _after_speech(self, at: float) -> bool:
        going_on = at - self._began if self._began is not None else 0.0
        return self._spoken + going_on > _ENOUGH_SPEECH

    def _note(self, change: SpeechBegan | SpeechEnded) -> None:
        if isinstance(change, SpeechBegan):
            self._began = change.start
        elif self._began is not None:
            if change.clarity >= _LEAST_CLARITY:
                self._spoken += max(0.0, change.end - self._began)
            self._began = None


def _is_like_vowel(tone: Tone) -> bool:
    return tone.frequencies[0] < _VOWEL_HZ and tone.seconds < _LONGEST_LOW_VOWEL

"""Everything answer detection hears of a line: speech, its pauses, and what tones mean.

Audio comes in pieces of any length (L16, 8 kHz); moments are seconds of audio since the first.
Costs 2 to 3 CPU-ms per second of the line, so it runs while it is needed and no longer.
"""

from __future__ import annotations

from topcalls.audio.call_progress import CallProgress, Heard
from topcalls.audio.spectra import Spectra
from topcalls.audio.speech_activity import SpeechActivity, SpeechBegan, SpeechEnded
from topcalls.audio.tone_runs import Tone, ToneRuns

_LONGEST_VOWEL = 0.3  # seconds that a voice keeps one pitch
_ENOUGH_SPEECH = 0.9  # seconds; the edges of tones count as speech, a little each

LineEvent = SpeechBegan | SpeechEnded | Heard


class LineListener:
    """`feed` returns what became known with each piece, in order."""

    def __init__(self) -> None:
        self._spectra = Spectra()
        self._runs = ToneRuns()
        self._progress = CallProgress()
        self._speech = SpeechActivity()
        self._spoken = 0.0  # seconds
        self._began: float | None = None

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._spectra.seconds

    def feed(self, l16: bytes) -> list[LineEvent]:
        events: list[LineEvent] = []
        for at, power, bands in self._spectra.feed(l16):
            tone = self._runs.feed(at, power)
            after = self._after_speech(at)
            if tone is not None and not self._is_vowel(tone):
                events += self._progress.ended(tone, at, after_speech=after)
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

    def _is_vowel(self, tone: Tone) -> bool:
        """A short steady sound that grows out of speech."""
        return tone.seconds < _LONGEST_VOWEL and self._speech.was_speech_at(tone.start)

    def _after_speech(self, at: float) -> bool:
        going_on = at - self._began if self._began is not None else 0.0
        return self._spoken + going_on > _ENOUGH_SPEECH

    def _note(self, change: SpeechBegan | SpeechEnded) -> None:
        if isinstance(change, SpeechBegan):
            self._began = change.start
        elif self._began is not None:
            self._spoken += max(0.0, change.end - self._began)
            self._began = None

"""What a line lets hear of who answered: its sounds, and what the rules make of them.

Runs in the event loop, piece by piece, and never blocks.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls.audio.call_progress import Heard, Signal
from topcalls.audio.line_listener import LineEvent, LineListener
from topcalls.audio.speech_activity import SpeechBegan
from topcalls.core.answer_detection import AnswerDetector
from topcalls.core.answer_timing import SpeakingTime
from topcalls.core.answer_verdict import Verdict


class AnswerEar:
    """Feeds a detector, and whoever wants to know when to speak, with the sounds of a line. Times
    in seconds of its audio; `on_beep` is called at the end of each beep."""

    def __init__(
        self,
        detector: AnswerDetector,
        time: SpeakingTime | None = None,
        on_beep: Callable[[], None] | None = None,
    ) -> None:
        self._listener = LineListener()
        self._detector = detector
        self._time = time or SpeakingTime()
        self._on_beep = on_beep

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._listener.seconds

    def hear(self, l16: bytes) -> list[Verdict]:
        """The new verdicts that a piece of audio (L16, 8 kHz) brings, in order."""
        found = [self._take(event) for event in self._listener.feed(l16)]
        found.append(self._detector.tick(self.seconds, stirs=self._listener.stirs))
        return [verdict for verdict in found if verdict is not None]

    def _take(self, event: LineEvent) -> Verdict | None:
        if isinstance(event, Heard):
            if event.signal is Signal.BEEP and event.end is not None:
                self._beep(event.end)
            return self._detector.tone(event.signal, event.start, event.end, event.at)
        if isinstance(event, SpeechBegan):
            self._time.speech_began()
            self._detector.speech_started(event.start)
        else:
            self._time.speech_ended(event.end)
            self._detector.speech_ended(event.end, event.clarity)
        return None

    def _beep(self, end: float) -> None:
        self._time.beep(end)
        if self._on_beep is not None:
            self._on_beep()

"""What a line lets hear of who answered: its sounds, and what the rules make of them.

Runs in the event loop, piece by piece, and never blocks.
"""

from __future__ import annotations

from topcalls.audio.call_progress import Heard, Signal
from topcalls.audio.line_listener import LineEvent, LineListener
from topcalls.audio.speech_activity import SpeechBegan
from topcalls.core.answer_detection import AnswerDetector, Verdict


class AnswerEar:
    """Feeds a detector with the sounds of a line. Times in seconds of its audio; `last_beep`, the
    end of one, is negative before the first."""

    def __init__(self, detector: AnswerDetector) -> None:
        self.last_beep = -1.0
        self.is_speech = False
        self.quiet_since = 0.0
        self._listener = LineListener()
        self._detector = detector

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._listener.seconds

    def hear(self, l16: bytes) -> list[Verdict]:
        """The new verdicts that a piece of audio (L16, 8 kHz) brings, in order."""
        found = [self._take(event) for event in self._listener.feed(l16)]
        found.append(self._detector.tick(self.seconds))
        return [verdict for verdict in found if verdict is not None]

    def _take(self, event: LineEvent) -> Verdict | None:
        if isinstance(event, Heard):
            if event.signal is Signal.BEEP and event.end is not None:
                self.last_beep = event.end
            return self._detector.tone(event.signal, event.start, event.end, event.at)
        if isinstance(event, SpeechBegan):
            self.is_speech = True
            self._detector.speech_started(event.start)
        else:
            self.is_speech, self.quiet_since = False, event.end
            self._detector.speech_ended(event.end, event.clarity)
        return None

"""Times the answers of a call: whose share of the delay was what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from topcalls.core.latency import Moments, TurnTiming


@dataclass
class TurnStopwatch:
    """Times one answer at a time; all moments in monotonic seconds.

    A moment that was not seen makes its share zero: what no turn of the caller led to needed no
    endpointing.
    """

    _stopped_at: float | None = None
    _asked_at: float | None = None
    _first_token_at: float | None = None
    _first_byte_at: float | None = None
    _finished: float | None = None

    def caller_stopped(self, at: float, *, is_answered: bool = True) -> None:
        """The caller's last sound was at `at`. Not `is_answered`: whether it is answered is seen
        later; an answer that is on its way is timed on."""
        if is_answered:
            self.reset()
        if self._asked_at is None:
            self._stopped_at = at

    def judged(self, finished: float | None) -> None:
        """How likely a model found it that the caller has finished; None: it has not said."""
        if self._asked_at is None:
            self._finished = finished

    def asked(self, at: float, *, answers: bool = True) -> None:
        """A response was asked for; a further one for the same turn changes nothing. Not `answers`:
        it is not the caller's turn that led to it."""
        if self._asked_at is None:
            self._asked_at = at
            if not answers:
                self._stopped_at = None

    def first_token(self, at: float) -> None:
        """The first of the answer's words, or of its sound."""
        if self._asked_at is not None and self._first_token_at is None:
            self._first_token_at = at

    def first_byte(self, at: float) -> None:
        """The first of the answer's sound."""
        self.first_token(at)
        if self._asked_at is not None and self._first_byte_at is None:
            self._first_byte_at = at

    def call_answered(self, at: float) -> None:
        """What was prepared before the call was answered took no time of the caller's."""
        if self._asked_at is not None:
            self._asked_at = at
        if self._first_token_at is not None:
            self._first_token_at = at
        if self._first_byte_at is not None:
            self._first_byte_at = at

    def on_the_wire(
        self, at: float, turn_seq: int, call_ms: Callable[[float], int]
    ) -> TurnTiming | None:
        """The answer is audible; None when it is not the first sound of a timed answer. `call_ms`
        tells a moment as milliseconds of the call."""
        stopped, asked, first = self._stopped_at, self._asked_at, self._first_byte_at
        if asked is None or first is None:
            return None
        seen = (stopped, asked, self._first_token_at, first, at)
        finished = None if stopped is None else self._finished
        moments = Moments(*(None if moment is None else call_ms(moment) for moment in seen))
        self.reset()
        return TurnTiming(
            turn_seq,
            endpointing_ms=_ms(asked - stopped) if stopped is not None else 0,
            provider_ms=_ms(first - asked),
            gateway_ms=_ms(at - first),
            moments=moments,
            finished=finished,
        )

    def reset(self) -> None:
        """The answer will not come (any more)."""
        self._stopped_at = self._asked_at = self._first_token_at = self._first_byte_at = None
        self._finished = None


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))

"""Times the answers of a call: whose share of the delay was what."""

from __future__ import annotations

from dataclasses import dataclass

from topcalls.core.turns import TurnTiming


@dataclass
class TurnStopwatch:
    """Times one answer at a time; all moments in monotonic seconds.

    A moment that was not seen makes its share zero: an answer no caller turn led to has no
    `ear_ms`.
    """

    _stopped_at: float | None = None
    _asked_at: float | None = None
    _first_byte_at: float | None = None

    def caller_stopped(self, at: float) -> None:
        """The caller's last sound was at `at`."""
        self._stopped_at = at
        self._asked_at = self._first_byte_at = None

    def asked(self, at: float) -> None:
        """A response was asked for; a further one for the same turn changes nothing."""
        if self._asked_at is None:
            self._asked_at = at

    def first_byte(self, at: float) -> None:
        if self._asked_at is not None and self._first_byte_at is None:
            self._first_byte_at = at

    def call_answered(self, at: float) -> None:
        """What was prepared before the call was answered took no time of the caller's."""
        if self._asked_at is not None:
            self._asked_at = at
        if self._first_byte_at is not None:
            self._first_byte_at = at

    def on_the_wire(self, at: float, turn_seq: int) -> TurnTiming | None:
        """The answer is audible; None when it is not the first sound of a timed answer."""
        stopped, asked, first = self._stopped_at, self._asked_at, self._first_byte_at
        if asked is None or first is None:
            return None
        self.reset()
        return TurnTiming(
            turn_seq,
            ear_ms=_ms(asked - stopped) if stopped is not None else 0,
            provider_ms=_ms(first - asked),
            gateway_ms=_ms(at - first),
        )

    def reset(self) -> None:
        """The answer will not come (any more)."""
        self._stopped_at = self._asked_at = self._first_byte_at = None


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))

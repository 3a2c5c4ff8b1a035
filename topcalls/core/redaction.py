"""What of a conversation is not written down: whatever is said while the recording is paused.

A turn is left out as a whole when any part of it lies in a pause, whoever spoke: a card number may
be read out by one and repeated by the other. Times are milliseconds since the call was answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from topcalls.core.transcript import Turn

MASKED = "[masked]"
MARGIN_MS = 250
"""The ears tell a little late, or early, when somebody spoke."""


@dataclass
class Redaction:
    """The pauses of one call."""

    _since: int | None = None
    _over: list[tuple[int, int]] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        """Nothing is to be written down now."""
        return self._since is not None

    def begin(self, at_ms: int) -> None:
        """The recording is paused. Twice is no error."""
        if self._since is None:
            self._since = at_ms

    def end(self, at_ms: int) -> None:
        """It goes on."""
        if self._since is not None:
            self._over.append((self._since, at_ms))
            self._since = None

    def applied(self, turn: Turn) -> Turn:
        """The turn as it may be written."""
        if not turn.text or not self._covers(turn):
            return turn
        return replace(turn, text=MASKED, masked="")

    def _covers(self, turn: Turn) -> bool:
        began, ended = turn.started_ms - MARGIN_MS, turn.ended_ms + MARGIN_MS
        if self._since is not None and ended >= self._since:
            return True
        return any(began <= last and ended >= first for first, last in self._over)

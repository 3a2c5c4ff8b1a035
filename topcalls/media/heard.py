"""How much of a playback the caller has heard, by the switch's own clock where it has spoken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BYTES_PER_MS: Final = 8  # G.711: one byte a sample, 8000 a second
FRAME_BYTES: Final = 160  # 20 ms, what the switch plays at a time

# A playback that ends this much before what it read could have sounded was cut off: by a hang-up,
# or because the channel left us. What the switch has read ahead then was never heard.
_EARLY_BYTES: Final = 200 * BYTES_PER_MS


@dataclass(frozen=True)
class Heard:
    """How much of an utterance was played, of how much was given to be played."""

    utterance_id: str
    played_ms: int
    received_ms: int


class PlaybackTimer:
    """The time one execution of `playback` has been audible: from start to stop, minus pauses.

    Between the events it runs by our clock (`now`, monotonic seconds). The time from start to stop
    is taken from the switch's stamps on the two events (`switch_us`), so an event that reaches us
    late does no harm.
    """

    def __init__(self) -> None:
        self.paused = False
        self._started_at: float | None = None
        self._started_us = 0
        self._pauses = 0.0  # seconds, of the pauses that are over
        self._paused_at = 0.0

    @property
    def started(self) -> bool:
        return self._started_at is not None

    def start(self, now: float, switch_us: int) -> None:
        self._started_at, self._started_us = now, switch_us

    def pause(self, now: float) -> None:
        self.paused, self._paused_at = True, now

    def resume(self, now: float) -> None:
        self.paused = False
        self._pauses += now - self._paused_at

    def elapsed_bytes(self, now: float) -> int:
        """What has sounded by now, if there was that much."""
        if self._started_at is None:
            return 0
        until = self._paused_at if self.paused else now
        return _bytes(until - self._started_at - self._pauses)

    def heard_at_stop(self, switch_us: int, status: str, samples: int) -> int:
        """What has sounded when the playback stopped, having read `samples` bytes.

        All it read, if it came to the end of the file; else whole frames, as many as the time
        allowed. A start that was never reported is believed to have been in good order.
        """
        if self._started_at is None:
            return samples
        lasted = (switch_us - self._started_us) / 1e6
        elapsed = _bytes(lasted - self._pauses)
        if self.paused:
            if status == "done" and abs(elapsed - samples) <= _EARLY_BYTES:
                return samples  # at its natural end: the pause came too late for it
            audible = self._paused_at - self._started_at - self._pauses
            elapsed = min(elapsed, _bytes(audible))
        if status == "done" and samples <= elapsed + _EARLY_BYTES:
            return samples
        heard = min(elapsed, samples)
        return heard - heard % FRAME_BYTES


def _bytes(seconds: float) -> int:
    return max(0, round(seconds * 1000 * BYTES_PER_MS))

"""A rate limit: so many per second, with a small burst. Time is passed in (monotonic seconds)."""

from __future__ import annotations


class TokenBucket:
    """Holds at most `burst` tokens and gains `rate` a second. Starts full."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    def available(self, now: float) -> int:
        """Whole tokens at `now`."""
        self._fill(now)
        return int(self._tokens + 1e-9)

    def take(self, count: int, now: float) -> None:
        """Spend `count` tokens; the caller has asked `available` first."""
        self._fill(now)
        self._tokens = max(0.0, self._tokens - count)

    def seconds_until(self, count: int, now: float) -> float:
        """How long until `count` tokens, at most `burst`, are there if none is spent."""
        self._fill(now)
        return max(0.0, (min(count, self._burst) - self._tokens) / self._rate)

    def _fill(self, now: float) -> None:
        elapsed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate)
        self._at = now

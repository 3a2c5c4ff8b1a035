"""Where the time of an answer goes, and how many answers are summed up.

Three shares are told apart, because each has another remedy:

- *gateway*: from the first byte of the model's audio until the switch plays it; ours.
- *provider*: from our asking for an answer until that first byte; the vendors'.
- *ear*: from the caller's last sound until the agent's first, both measured on the stereo
  recording: what the caller waited for. It is known after the call, of calls that are recorded.

*Endpointing* is what lies before the asking: noticing that the last sound was the last. The three
that the gateway times add up to less than the ear's: what is missing passes in the switch, in its
jitter buffer and on our own clock's granularity, and is shown as `unexplained_ms`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SHARES = ("endpointing", "provider", "gateway", "ear")
GROWTH = 1.05
"""Of the buckets of a histogram: a percentile read from it is right within 2.5 %."""

LONGEST_MS = 600_000


@dataclass(frozen=True)
class Moments:
    """When things happened, in milliseconds since the call was answered; None: it was not seen.

    `caller_energy` and `far_energy` are the last sound of the caller and the first of the agent;
    the latter is measured on the recording. `turn_ended`: an answer was asked for. `first_packet`:
    the switch began to play.
    """

    caller_energy: int | None = None
    turn_ended: int | None = None
    first_token: int | None = None
    first_byte: int | None = None
    first_packet: int | None = None
    far_energy: int | None = None


@dataclass(frozen=True)
class TurnTiming:
    """Where the time of one answer went, in milliseconds. `turn_seq` is the agent's turn.

    `endpointing_ms` is 0 for what no turn of the caller led to, `ear_ms` None until the recording
    was measured, or where that tells nothing. `finished`: how likely the end-of-turn model found it
    that the caller had finished (0 to 1); None: it was not asked, or not in time.
    """

    turn_seq: int
    endpointing_ms: int
    provider_ms: int
    gateway_ms: int
    moments: Moments = field(default_factory=Moments)
    ear_ms: int | None = None
    finished: float | None = None

    @property
    def total_ms(self) -> int:
        """What the gateway timed."""
        return self.endpointing_ms + self.provider_ms + self.gateway_ms

    @property
    def unexplained_ms(self) -> int | None:
        """What the caller waited beyond that."""
        return None if self.ear_ms is None else self.ear_ms - self.total_ms

    def share(self, name: str) -> int | None:
        """The milliseconds of one of `SHARES`; None where it is not known."""
        if name == "ear":
            return self.ear_ms
        if name == "endpointing" and self.moments.caller_energy is None:
            return None
        value: int = getattr(self, f"{name}_ms")
        return value


def timing_of(turn_seq: int, measures: Mapping[str, object]) -> TurnTiming:
    """A timing as `dataclasses.asdict` wrote it."""
    known = {name: measures[name] for name in ("endpointing_ms", "provider_ms", "gateway_ms")}
    moments = measures.get("moments") or {}
    optional = {name: measures.get(name) for name in ("ear_ms", "finished")}
    return TurnTiming(turn_seq, **known, moments=Moments(**moments), **optional)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Spread:
    """Percentiles in milliseconds of so many answers."""

    answers: int
    p50: int
    p95: int
    p99: int


Spreads = dict[str, Spread | None]
"""By the names of `SHARES`; None where nothing was measured."""


class Histogram:
    """Milliseconds in buckets that grow by `GROWTH`; `buckets` maps a bucket to its count."""

    def __init__(self, buckets: Mapping[int, int] | None = None) -> None:
        self.buckets = dict(buckets or {})

    def add(self, milliseconds: int) -> None:
        """Count one. What is longer than `LONGEST_MS` counts as that."""
        bucket = _bucket(milliseconds)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def merge(self, other: Histogram) -> None:
        """Count all of another one."""
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    def spread(self) -> Spread | None:
        """None where nothing was counted."""
        total = sum(self.buckets.values())
        if not total:
            return None
        return Spread(total, *(self._percentile(share, total) for share in (0.50, 0.95, 0.99)))

    def _percentile(self, share: float, total: int) -> int:
        rank, seen = _rank(share, total), 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                return _middle(bucket)
        raise AssertionError("the rank is within the total")


def spread_of(values: Iterable[int | None]) -> Spread | None:
    """Exact percentiles (by nearest rank) of what is known; None where nothing is."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    ranks = (_rank(share, len(known)) for share in (0.50, 0.95, 0.99))
    return Spread(len(known), *(known[rank - 1] for rank in ranks))


def spreads_of(timings: Iterable[TurnTiming]) -> Spreads:
    """The percentiles of each share of some answers."""
    timed = list(timings)
    return {share: spread_of(timing.share(share) for timing in timed) for share in SHARES}


def _rank(share: float, total: int) -> int:
    return max(1, math.ceil(share * total))


def _bucket(milliseconds: int) -> int:
    """0 holds what is under a millisecond, n from `GROWTH`^(n-1) up to `GROWTH`^n."""
    bounded = min(max(0, milliseconds), LONGEST_MS)
    return 0 if bounded < 1 else 1 + math.floor(math.log(bounded, GROWTH) + 1e-9)


def _middle(bucket: int) -> int:
    return 0 if bucket == 0 else round(GROWTH ** (bucket - 0.5))

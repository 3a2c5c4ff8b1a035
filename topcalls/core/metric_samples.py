"""What the metrics of a machine's processes say over a while: growth and percentiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]
"""Name of the series, its labels, its value."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All samples at one moment, in seconds of a clock that never goes back."""

    at: float
    samples: Sequence[Sample]

    def total(self, name: str, wanted: Callable[[Labels], bool] = lambda _: True) -> float:
        """The sum of a series over its labels."""
        return sum(value for one, labels, value in self.samples if one == name and wanted(labels))

    def least(self, name: str) -> float | None:
        """The smallest value of a series; None where there is none."""
        return min((value for one, _, value in self.samples if one == name), default=None)

    def buckets(self, name: str) -> dict[float, float]:
        """A histogram: how many were not above each limit."""
        found: dict[float, float] = {}
        for one, labels, value in self.samples:
            if one == f"{name}_bucket":
                limit = float(labels["le"])
                found[limit] = found.get(limit, 0.0) + value
        return found


def earlier(history: Iterable[Snapshot], now: float, seconds: float) -> Snapshot | None:
    """The oldest snapshot that is not older than so many seconds; None where there is none."""
    return next((one for one in history if now - one.at <= seconds), None)


def growth(
    before: Snapshot,
    after: Snapshot,
    name: str,
    wanted: Callable[[Labels], bool] = lambda _: True,
) -> float:
    """By how much a counter grew; one that fell was begun anew, with a process."""
    return max(0.0, after.total(name, wanted) - before.total(name, wanted))


def percentile(before: Snapshot, after: Snapshot, name: str, share: float) -> float | None:
    """Of what a histogram counted in between the smallest limit that holds a `share` of it; None
    where it counted nothing."""
    old, new = before.buckets(name), after.buckets(name)
    counts = {limit: value - old.get(limit, 0.0) for limit, value in sorted(new.items())}
    total = counts.get(float("inf"), 0.0)
    if total <= 0:
        return None
    known = [limit for limit in counts if limit != float("inf")]
    for limit in known:
        if counts[limit] >= share * total:
            return limit
    return known[-1] if known else None

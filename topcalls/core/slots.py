"""Free times: what is left of opening hours when everything that is taken is taken out.

Everything is computed on moments of UTC, so that days with 23 or 25 hours need no care; only where
opening hours begin and end is told in local time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTES_OF_DAY = 24 * 60
Hours = Mapping[int, tuple[tuple[int, int], ...]]
"""By day of the week (Monday is 0) when it is open: from and to, in minutes since midnight."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """From a moment up to another one, which is not part of it. Both are in UTC."""

    begins: datetime
    ends: datetime

    def overlaps(self, other: Span) -> bool:
        """Some moment is in both."""
        return self.begins < other.ends and other.begins < self.ends

    def within(self, other: Span) -> bool:
        """All of it is in the other."""
        return other.begins <= self.begins and self.ends <= other.ends


def free(
    wanted: Span,
    length: timedelta,
    open_spans: Iterable[Span],
    busy: Iterable[Span],
    step: timedelta,
) -> Iterator[Span]:
    """The free times of this `length` in `wanted`, soonest first: each begins a whole number of
    steps after its hours do, ends within them, and overlaps nothing busy."""
    taken = joined(busy)
    ends = [span.ends for span in taken]
    for hours in open_spans:
        begins = hours.begins + step * max(0, -((hours.begins - wanted.begins) // step))
        while begins + length <= min(hours.ends, wanted.ends):
            slot = Span(begins, begins + length)
            later = bisect_right(ends, slot.begins)
            if later == len(taken) or not taken[later].overlaps(slot):
                yield slot
            begins += step


def open_spans(wanted: Span, hours: Hours, zone: ZoneInfo) -> Iterator[Span]:
    """When it is open on the local days that `wanted` touches, soonest first."""
    day = wanted.begins.astimezone(zone).date() - _DAY
    last = wanted.ends.astimezone(zone).date()
    while day <= last:
        for start, end in hours.get(day.weekday(), ()):
            span = Span(_moment(day, start, zone, 0), _moment(day, end, zone, 1))
            if span.overlaps(wanted):
                yield span
        day += _DAY


def joined(spans: Iterable[Span]) -> Sequence[Span]:
    """The same moments in as few spans as can be, in order; empty ones are left out."""
    found: list[Span] = []
    for span in sorted(span for span in spans if span.begins < span.ends):
        if found and span.begins <= found[-1].ends:
            found[-1] = Span(found[-1].begins, max(found[-1].ends, span.ends))
        else:
            found.append(span)
    return found


def spread(slots: Sequence[Span], most: int) -> list[Span]:
    """At most so many of them, from the first to the last, evenly far apart in the list."""
    if len(slots) <= most:
        return list(slots)
    return [slots[round(index * (len(slots) - 1) / (most - 1))] for index in range(most)]


def _moment(day: date, minutes: int, zone: ZoneInfo, fold: int) -> datetime:
    """Where clocks are put back an opening means the first of the two times (fold 0) and a closing
    the second (fold 1); where they are put forward an opening is later and a closing earlier."""
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)

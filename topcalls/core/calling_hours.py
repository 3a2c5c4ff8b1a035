"""When somebody may be called: the hours of every jurisdiction by the clock of every zone.

A moment is inside only where it is inside all of them, and so is the moment at which an answer may
come: the ring's time and a little more later. Hours are wall time; where clocks are changed in one,
its start is the later and its end the earlier of the two moments that it may mean.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from topcalls.core.eligibility_facts import Check, Verdict
from topcalls.core.holiday_calendars import Calendar
from topcalls.core.rule_checks import failed, passed
from topcalls.core.rule_pack import Rule
from topcalls.core.rule_values import DAYS, MINUTES_OF_DAY, Hours, Windows

ANSWER_SECONDS: Final = 15.0
"""After the ring's time, an answer that came in its last second is under way."""

DAYS_AHEAD: Final = 40
"""How far hours are looked for: no series of holidays is as long."""

_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1)
_MOST_CACHED = 32_768

Spans = tuple[tuple[int, int], ...]
Calendars = Mapping[str, Calendar]


class HoursBook:
    """The hours of rules in zones. Cheap to ask again: what was worked out is kept by day."""

    def __init__(self, calendars: Calendars) -> None:
        self._calendars = calendars
        self._open = lru_cache(_MOST_CACHED)(self._find_open)
        self.checks = lru_cache(_MOST_CACHED)(self._checks)

    def is_open(self, rules: tuple[Rule, ...], zones: tuple[str, ...], second: int) -> bool:
        """Whether every rule allows a moment (seconds since 1970) in each of the zones."""
        spans = self._open(rules, zones, second // _DAY)
        index = bisect_right(spans, (second, _DAY * DAYS_AHEAD * 10**6)) - 1
        return index >= 0 and second < spans[index][1]

    def closes(self, rules: tuple[Rule, ...], zones: tuple[str, ...], second: int) -> int | None:
        """When the hours end in which a moment lies; None where it lies in none."""
        for begins, ends in self._ahead(rules, zones, second):
            return ends if begins <= second < ends else None
        return None

    def next_open(
        self, rules: tuple[Rule, ...], zones: tuple[str, ...], second: int, guard: int
    ) -> int | None:
        """The first moment from this one on at which a call may be made that is answered `guard`
        seconds later at most; None where none is near."""
        for begins, ends in self._ahead(rules, zones, second):
            first = max(begins, second)
            if first < ends - guard:
                return first
        return None

    def _ahead(
        self, rules: tuple[Rule, ...], zones: tuple[str, ...], second: int
    ) -> Iterator[tuple[int, int]]:
        """Open spans from a moment on, those that meet at midnight joined."""
        held: tuple[int, int] | None = None
        today = second // _DAY
        for day in range(today, today + DAYS_AHEAD):
            for span in self._open(rules, zones, day):
                if held and held[1] == span[0]:
                    held = (held[0], span[1])
                    continue
                if held:
                    yield held
                held = span
        if held:
            yield held

    def _find_open(self, rules: tuple[Rule, ...], zones: tuple[str, ...], day: int) -> Spans:
        """What is open on a day of UTC (counted from 1970)."""
        begin = day * _DAY
        found: Spans = ((begin, begin + _DAY),)
        for rule in rules:
            value = rule.value
            assert isinstance(value, Hours)
            for zone in (value.clock,) if value.clock else zones:
                found = _both(found, _spans(value, self._calendar(value), zone, day))
        return found

    def _calendar(self, value: Hours) -> Calendar | None:
        return self._calendars[value.calendar] if value.calendar else None

    def _checks(
        self, rules: tuple[Rule, ...], zones: tuple[str, ...], minute: int, guard_minute: int
    ) -> tuple[Check, ...]:
        """One check of each rule, for a call made in one minute and answered in another at most
        (both since 1970). Exact, since hours begin and end with a minute."""
        return tuple(self._check(rule, zones, minute, guard_minute) for rule in rules)

    def _check(self, rule: Rule, zones: tuple[str, ...], minute: int, guard: int) -> Check:
        now, later = minute * 60, guard * 60
        value = rule.value
        assert isinstance(value, Hours)
        places = (value.clock,) if value.clock else zones
        only = (rule,)
        observed = {"local": {zone: _local(zone, minute) for zone in places}}
        required = {
            zone: _required(value, self._calendar(value), _day(zone, minute)) for zone in places
        }
        if self.is_open(only, zones, now) and self.is_open(only, zones, later):
            return passed(rule, "hours", observed, required)
        opens = self.next_open(only, zones, now, later - now)
        until = None if opens is None else datetime.fromtimestamp(opens, UTC)
        reason, verdict = "outside_hours", Verdict.DEFER
        return failed(rule, "hours", verdict, reason, observed, required, until=until)


def _both(one: Spans, other: Spans) -> Spans:
    """What is in both of two lists of spans in order."""
    found: list[tuple[int, int]] = []
    first = second = 0
    while first < len(one) and second < len(other):
        begins = max(one[first][0], other[second][0])
        ends = min(one[first][1], other[second][1])
        if begins < ends:
            found.append((begins, ends))
        if one[first][1] <= other[second][1]:
            first += 1
        else:
            second += 1
    return tuple(found)


@lru_cache(_MOST_CACHED)
def _spans(value: Hours, calendar: Calendar | None, zone: str, day: int) -> Spans:
    """The hours of one rule in one zone, on a day of UTC."""
    begin, place = day * _DAY, ZoneInfo(zone)
    local = _EPOCH + timedelta(days=day)
    found: list[tuple[int, int]] = []
    for date_ in (local - timedelta(days=1), local, local + timedelta(days=1)):
        windows, _ = _windows_of(value, calendar, date_)
        for first, last in windows:
            begins = max(begin, max(_moments(date_, first, place)))
            ends = min(begin + _DAY, min(_moments(date_, last, place)))
            if begins < ends and found and found[-1][1] == begins:
                found[-1] = (found[-1][0], ends)
            elif begins < ends:
                found.append((begins, ends))
    return tuple(found)


def _windows_of(value: Hours, calendar: Calendar | None, day: date) -> tuple[Windows, str]:
    """The windows of a local day, and what kind of day it is, for the record."""
    if calendar is not None:
        name = calendar.name_of(day)
        if name is not None and value.holiday is not None:
            return value.holiday, f"holiday: {name}"
        if value.holiday_eve is not None and calendar.name_of(day + timedelta(days=1)):
            weekday = value.days[day.weekday()]
            eve = value.holiday_eve if weekday else weekday  # a day that is closed stays so
            return eve, "eve of a holiday"
    return value.days[day.weekday()], DAYS[day.weekday()]


def _moments(day: date, minute: int, zone: ZoneInfo) -> tuple[int, int]:
    """The seconds since 1970 that a wall time may mean: two where it comes twice or never."""
    if minute == MINUTES_OF_DAY:
        day, minute = day + timedelta(days=1), 0
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    return int(wall.timestamp()), int(wall.replace(fold=1).timestamp())


@lru_cache(_MOST_CACHED)
def _required(value: Hours, calendar: Calendar | None, day: date) -> Mapping[str, Any]:
    """The hours of a local day, for the record."""
    windows, kind = _windows_of(value, calendar, day)
    return {"day": kind, "open": [f"{_clock(a)}-{_clock(b)}" for a, b in windows]}


@lru_cache(_MOST_CACHED)
def _local(zone: str, minute: int) -> str:
    return f"{datetime.fromtimestamp(minute * 60, ZoneInfo(zone)):%a %Y-%m-%d %H:%M %z}"


@lru_cache(_MOST_CACHED)
def _day(zone: str, minute: int) -> date:
    return datetime.fromtimestamp(minute * 60, ZoneInfo(zone)).date()


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"

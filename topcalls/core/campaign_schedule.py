"""When a campaign may call: between its dates, in its hours of the week, on none of its days off.

Hours are local to the person called, or to one zone that the campaign names. Where a person may
live in one of several zones, all of them must be in the hours. What the law allows is decided
elsewhere, and the stricter of the two holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LEAD_ZONE: Final = "lead"
WHOLE_DAY: Final = "24:00"
LOOK_AHEAD: Final = timedelta(days=366)
"""A schedule that opens at no moment of a year never opens."""

IsHoliday = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of some days of the week (0 is Monday), in minutes after midnight: `end` is not in."""

    days: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """No windows: any hour. `time_zone` None: where the person is. `days_off` are local dates."""

    start_at: datetime | None = None
    end_at: datetime | None = None
    windows: tuple[Window, ...] = ()
    time_zone: str | None = None
    skips_holidays: bool = False
    days_off: frozenset[date] = frozenset()


def schedule_of(section: Mapping[str, Any] | None) -> Schedule:
    """The schedule in a campaign's `schedule`, found right before.

    `{"start_at": "2026-12-01T09:00:00Z", "windows": [{"days": ["mon", "tue"], "start": "09:00",
    "end": "17:30"}], "time_zone": "lead", "holidays": "skip", "blackout_dates": ["2026-12-24"]}`
    """
    given = section or {}
    zone = given.get("time_zone") or LEAD_ZONE
    return Schedule(
        _moment(given.get("start_at")),
        _moment(given.get("end_at")),
        tuple(_window(one) for one in given.get("windows") or ()),
        None if zone == LEAD_ZONE else zone,
        given.get("holidays") == "skip",
        frozenset(date.fromisoformat(str(one)) for one in given.get("blackout_dates") or ()),
    )


def opens_at(
    schedule: Schedule,
    zones: Sequence[str],
    moment: datetime,
    is_holiday: IsHoliday | None = None,
) -> datetime | None:
    """The first moment from `moment` on at which the campaign may call somebody who lives in one of
    `zones`; `moment` itself where it is open. None: at none any more.

    `is_holiday` tells public holidays where the person lives. Without a zone, hours are UTC.
    """
    at = max(moment, schedule.start_at or moment)
    last = min(schedule.end_at or at + LOOK_AHEAD, at + LOOK_AHEAD)
    names = (schedule.time_zone,) if schedule.time_zone else tuple(zones) or ("UTC",)
    holiday = is_holiday if schedule.skips_holidays else None
    while at < last:
        opened = at
        for name in names:
            found = _opens(schedule, name, opened, last, holiday)
            if found is None:
                return None
            opened = found
        if opened == at:
            return at
        at = opened
    return None


def is_over(schedule: Schedule, now: datetime) -> bool:
    """Its last moment has passed."""
    return schedule.end_at is not None and now >= schedule.end_at


def _opens(
    schedule: Schedule, zone: str, moment: datetime, last: datetime, is_holiday: IsHoliday | None
) -> datetime | None:
    day = moment.astimezone(_zone(zone)).date()
    while True:
        begun = False
        for start, end in _hours(schedule, zone, day):
            if start >= last:
                return None
            begun = True
            if moment < end and not (is_holiday is not None and is_holiday(day)):
                return max(moment, start)
        if not begun and _midnight(day, zone) >= last:
            return None
        day += timedelta(days=1)


@lru_cache(maxsize=16_384)
def _hours(schedule: Schedule, zone: str, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The hours of one local day, in order, as moments; a night with a change of clocks is as long
    as it is."""
    if day in schedule.days_off:
        return ()
    if not schedule.windows:
        return ((_midnight(day, zone), _midnight(day + timedelta(days=1), zone)),)
    minutes = sorted((one.start, one.end) for one in schedule.windows if day.weekday() in one.days)
    return tuple((_at(day, start, zone), _at(day, end, zone)) for start, end in minutes)


def _at(day: date, minutes: int, zone: str) -> datetime:
    over, rest = divmod(minutes, 1440)
    clock = time(rest // 60, rest % 60)
    local = datetime.combine(day + timedelta(days=over), clock, _zone(zone))
    return local.astimezone(UTC)


def _midnight(day: date, zone: str) -> datetime:
    return _at(day, 0, zone)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _window(section: Mapping[str, Any]) -> Window:
    days = frozenset(DAYS.index(day) for day in section.get("days") or DAYS)
    return Window(days, _minutes(section["start"]), _minutes(section["end"]))


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _moment(value: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value

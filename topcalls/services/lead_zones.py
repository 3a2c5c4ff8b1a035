"""Where a lead is, for a campaign's own hours and days: the law's are decided elsewhere."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from topcalls.core import holiday_calendars, phone_numbers
from topcalls.core.campaign_schedule import IsHoliday

_MOST_KEPT = 65_536


def zones_of(number: str, time_zone: str | None) -> tuple[str, ...]:
    """Every IANA zone in which a lead may be: the one it is known to be in, else those that its
    number may be of."""
    return (time_zone,) if time_zone is not None else _of_number(number)


def holidays_of(number: str, region: str | None) -> IsHoliday:
    """Whether a day is a public holiday where a lead is: in the country or part of it that it is
    known to be of, else in that of its number."""
    place = region or phone_numbers.region(number) or ""
    calendar = holiday_calendars.of_place(place)

    def is_holiday(day: date) -> bool:
        return calendar.name_of(day) is not None

    return is_holiday


@lru_cache(_MOST_KEPT)
def _of_number(number: str) -> tuple[str, ...]:
    return phone_numbers.time_zones(number)

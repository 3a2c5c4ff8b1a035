"""Holidays on which some hours' rules hold differently: those that a library knows, and more.

A day of the library counts on itself and on the day on which it is observed. No day is ever taken
away: one too many costs a day, one too few may cost somebody their holiday.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import holidays
from dateutil.easter import easter
from holidays import version

from topcalls.errors import FieldError

VERSION = str(version.__version__)
_SHIFTS = 130
"""Days from Easter Sunday that may be named; the widest known is Corpus Christi's octave."""


@dataclass(frozen=True)
class Added:
    """A day that the library does not know: each year's `month` and `day`, so many days from
    `easter` Sunday, or one date, `on`."""

    name: str
    month: int | None = None
    day: int | None = None
    easter: int | None = None
    on: date | None = None

    def of(self, year: int) -> date | None:
        """Its date in a year."""
        if self.on is not None:
            return self.on if self.on.year == year else None
        if self.easter is not None:
            sunday: date = easter(year)
            return sunday + timedelta(days=self.easter)
        assert self.month is not None and self.day is not None
        return date(year, self.month, self.day)


@dataclass(frozen=True)
class Calendar:
    """`base`: countries and parts of them ("FR", "FR-57", "ES-*" for every part)."""

    id: str
    base: tuple[str, ...] = ()
    added: tuple[Added, ...] = ()

    def name_of(self, day: date) -> str | None:
        """The holiday's name; None on any other day."""
        return _days(self, day.year).get(day)


def of_place(place: str) -> Calendar:
    """The public holidays of a country ("US") or a part of it ("US-CA"); those of the country where
    the library knows no such part, and none where it knows no such country."""
    country = place.partition("-")[0]
    return Calendar(place, tuple(one for one in (place, country) if _is_known(one))[:1])


@lru_cache(512)
def _days(calendar: Calendar, year: int) -> Mapping[date, str]:
    found: dict[date, str] = {}
    for entry in calendar.base:
        for source in _sources(entry):
            for day, name in holidays.country_holidays(*source, years=year).items():
                found.setdefault(day, name)
    for added in calendar.added:
        extra = added.of(year)
        if extra is not None:
            found.setdefault(extra, added.name)
    return found


def _sources(entry: str) -> Iterator[tuple[str, str | None]]:
    country, _, part = entry.partition("-")
    if part != "*":
        yield country, part or None
        return
    yield country, None
    for one in holidays.list_supported_countries()[country]:
        yield country, one


def calendars_of(content: Mapping[str, Any]) -> dict[str, Calendar]:
    """The calendars of a file that `calendar_faults` found right."""
    return {
        entry["id"]: Calendar(
            entry["id"],
            tuple(entry.get("base", ())),
            tuple(Added(**added) for added in entry.get("add", ())),
        )
        for entry in content.get("calendar", ())
    }


def calendar_faults(content: Mapping[str, Any]) -> Iterator[FieldError]:
    """Everything wrong with calendars."""
    for index, entry in enumerate(content.get("calendar", [])):
        path = f"calendar.{index}"
        if not isinstance(entry.get("id"), str):
            yield FieldError(f"{path}.id", "Must be a name, as US-UT.", "required")
        for source in entry.get("base", ()):
            if not _is_known(source):
                message = f"The library of holidays knows no '{source}'."
                yield FieldError(f"{path}.base", message, "unknown_calendar")
        for number, added in enumerate(entry.get("add", ())):
            if not _is_day(added):
                message = "Must have a name and month and day, easter, or on."
                yield FieldError(f"{path}.add.{number}", message, "invalid_day")


def _is_known(source: Any) -> bool:
    known = holidays.list_supported_countries()
    country, _, part = str(source).partition("-")
    return country in known and (part in ("", "*") or part in known[country])


def _is_day(added: Any) -> bool:
    if not isinstance(added, Mapping) or not isinstance(added.get("name"), str):
        return False
    given = set(added) - {"name"}
    if given == {"on"}:
        return isinstance(added["on"], date)
    if given == {"easter"}:
        return isinstance(added["easter"], int) and abs(added["easter"]) <= _SHIFTS
    if given == {"month", "day"}:
        try:
            date(2001, added["month"], added["day"])  # no leap year: it must exist in each
        except (TypeError, ValueError):
            return False
        return True
    return False

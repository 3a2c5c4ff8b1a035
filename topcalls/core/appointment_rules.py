"""Do the `appointments` of a call make sense? Every fault, with its field and what to write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from topcalls.core import web_addresses
from topcalls.core.appointments import DAYS, DETAILS, hours_of
from topcalls.core.slots import MINUTES_OF_DAY
from topcalls.core.suggestions import did_you_mean
from topcalls.core.web_addresses import INTERNET, Reach
from topcalls.errors import FieldError

FIELDS = (
    "time_zone",
    "duration_minutes",
    "kinds",
    "required",
    "notice_minutes",
    "days_ahead",
    "calendar",
    "webhook",
)
CALENDAR_FIELDS = ("name", "hours", "step_minutes", "buffer_minutes")
WEBHOOK_FIELDS = ("url", "timeout_seconds")
KIND_FIELDS = ("name", "duration_minutes")
RANGES = {
    "duration_minutes": (5, 480),
    "notice_minutes": (0, 43_200),
    "days_ahead": (1, 365),
    "step_minutes": (5, 480),
    "buffer_minutes": (0, 240),
    "timeout_seconds": (1, 12),
}
"""Least and most; minutes and days are whole numbers."""

MOST_KINDS = 20
MOST_RANGES = 10
KIND_PATTERN = r"^[^\W_][\w .,&'()/-]{0,63}$"
CALENDAR_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
RANGE_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
_ONE_BOOK = "Give either 'calendar' or 'webhook': where appointments are booked."

Faults = Iterator[FieldError]
Section = Mapping[str, Any]


def appointment_faults(
    section: object, path: str = "appointments", *, reach: Reach = INTERNET
) -> Faults:
    """Everything wrong with the `appointments` of a call."""
    given = _given(section)
    if given is None:
        return  # told with all other objects
    yield from _unknown(given, FIELDS, "appointments", path)
    yield from _zone_faults(given.get("time_zone"), f"{path}.time_zone")
    yield from _number_faults(given, ("duration_minutes", "notice_minutes", "days_ahead"), path)
    yield from _kind_faults(given.get("kinds", []), f"{path}.kinds")
    yield from _required_faults(given.get("required", []), f"{path}.required")
    if ("calendar" in given) is ("webhook" in given):
        yield FieldError(f"{path}.calendar", _ONE_BOOK, "one_of_two")
    elif "calendar" in given:
        yield from _calendar_faults(given["calendar"], f"{path}.calendar")
    else:
        yield from _webhook_faults(given["webhook"], f"{path}.webhook", reach)


def _given(section: object) -> dict[str, Any] | None:
    if not isinstance(section, Mapping):
        return None
    return {key: value for key, value in section.items() if value is not None}


def _unknown(given: Section, known: tuple[str, ...], what: str, path: str) -> Faults:
    for key in given.keys() - set(known):
        message = f"Is not a field of {what}.{did_you_mean(str(key), known)}"
        yield FieldError(f"{path}.{key}", message, "unknown")


def _zone_faults(zone: object, path: str) -> Faults:
    if zone is None:
        message = "Say where the appointments are, as in 'America/New_York'."
        yield FieldError(path, message, "required")
        return
    try:
        ZoneInfo(zone if isinstance(zone, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = "Must be a time zone of the IANA data base, as in 'America/New_York'."
        yield FieldError(path, message, "invalid_time_zone")


def _number_faults(given: Section, names: tuple[str, ...], path: str) -> Faults:
    for name in names:
        value, (least, most) = given.get(name, RANGES[name][0]), RANGES[name]
        kinds = (int, float) if name == "timeout_seconds" else int
        if isinstance(value, bool) or not isinstance(value, kinds):
            kind = "number" if name == "timeout_seconds" else "whole number"
            yield FieldError(f"{path}.{name}", f"Must be a {kind}.", "invalid_type")
        elif not least <= value <= most:
            yield FieldError(f"{path}.{name}", f"Must be from {least} to {most}.", "range")


def _kind_faults(kinds: object, path: str) -> Faults:
    if not isinstance(kinds, list | tuple) or len(kinds) > MOST_KINDS:
        message = f"Must be a list of at most {MOST_KINDS} kinds of appointments."
        yield FieldError(path, message, "invalid_kinds")
        return
    names: set[str] = set()
    for index, kind in enumerate(kinds):
        here, given = f"{path}.{index}", _given(kind)
        if given is None:
            yield FieldError(here, "Must be an object.", "invalid_type")
            continue
        yield from _unknown(given, KIND_FIELDS, "a kind", here)
        yield from _number_faults(given, ("duration_minutes",), here)
        name = given.get("name")
        if not isinstance(name, str) or not re.fullmatch(KIND_PATTERN, name):
            message = "Must be a name of 1 to 64 letters, digits, blanks and .,&'()/-."
            yield FieldError(f"{here}.name", message, "invalid_name")
        elif name.lower() in names:
            message = f"Two kinds are named '{name}'. Rename one."
            yield FieldError(f"{here}.name", message, "duplicate")
        else:
            names.add(name.lower())


def _required_faults(names: object, path: str) -> Faults:
    if not isinstance(names, list | tuple):
        yield FieldError(path, "Must be a list of names.", "invalid_type")
        return
    for index, name in enumerate(names):
        if name not in DETAILS:
            hint = did_you_mean(str(name), DETAILS)
            message = f"Is nothing that can be asked for.{hint} There are: {', '.join(DETAILS)}."
            yield FieldError(f"{path}.{index}", message, "unknown")


def _calendar_faults(section: object, path: str) -> Faults:
    given = _given(section)
    if given is None:
        yield FieldError(path, "Must be an object.", "invalid_type")
        return
    yield from _unknown(given, CALENDAR_FIELDS, "calendar", path)
    yield from _number_faults(given, ("step_minutes", "buffer_minutes"), path)
    name = given.get("name", "x")
    if not isinstance(name, str) or not re.fullmatch(CALENDAR_PATTERN, name):
        message = "Must be the name of the file without '.ics': 1 to 64 letters, digits, '_', '-'."
        yield FieldError(f"{path}.name", message, "invalid_name")
    yield from _hours_faults(given.get("hours"), f"{path}.hours")


def _hours_faults(hours: object, path: str) -> Faults:
    if not isinstance(hours, Mapping) or not any(hours.values()):
        message = 'Say when it is open, as in {"monday": ["09:00-12:00", "13:00-17:00"]}.'
        yield FieldError(path, message, "required" if hours is None else "invalid_hours")
        return
    for day, ranges in hours.items():
        here = f"{path}.{day}"
        if day not in DAYS:
            message = f"Is not a day.{did_you_mean(str(day), DAYS)} Use {', '.join(DAYS)}."
            yield FieldError(here, message, "unknown")
        else:
            yield from _range_faults(day, [] if ranges is None else ranges, here)


def _range_faults(day: str, ranges: object, path: str) -> Faults:
    if not isinstance(ranges, list | tuple) or len(ranges) > MOST_RANGES:
        message = f"Must be a list of at most {MOST_RANGES} ranges, as in '09:00-12:00'."
        yield FieldError(path, message, "invalid_hours")
        return
    before = 0
    for index, text in enumerate(ranges):
        here = f"{path}.{index}"
        if not isinstance(text, str) or not re.fullmatch(RANGE_PATTERN, text):
            message = "Must be written as in '09:00-12:00'; '24:00' is the end of the day."
            yield FieldError(here, message, "invalid_hours")
            return
        ((start, end),) = hours_of({day: [text]})[DAYS.index(day)]
        if not before <= start < end <= MINUTES_OF_DAY:
            message = "Must end after it begins, and begin where the one before it has ended."
            yield FieldError(here, message, "invalid_hours")
        before = end


def _webhook_faults(section: object, path: str, reach: Reach) -> Faults:
    given = _given(section)
    if given is None:
        yield FieldError(path, "Must be an object.", "invalid_type")
        return
    yield from _unknown(given, WEBHOOK_FIELDS, "webhook", path)
    yield from _number_faults(given, ("timeout_seconds",), path)
    if "url" not in given:
        message = "Say where your server is: what is free is asked there, and it books."
        yield FieldError(f"{path}.url", message, "required")
        return
    wrong = web_addresses.fault(given["url"], f"{path}.url", reach)
    if wrong:
        yield wrong

"""Calendars as iCalendar text (RFC 5545): which times they hold as busy, and a booking in them.

Events that repeat are unfolded by their rule in the wall time of their own zone, so that a meeting
at nine stays at nine when the clocks change. Times without a zone, and whole days, are those of the
zone that is given. What is `TRANSPARENT` or cancelled is not busy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from dateutil.rrule import rruleset, rrulestr
from icalendar import Calendar, Event

from topcalls.core.appointments import Wish
from topcalls.core.slots import Span

MOST_OCCURRENCES = 20_000
"""Of one event, counted from its first: a daily one lasts 54 years."""

PRODUCT = "-//TopCalls//Appointments//EN"
OF_CALL = "X-TOPCALLS-CALL-ID"
REFERENCE = "X-TOPCALLS-REFERENCE"
_OF_TIMES = frozenset(("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"))
_RULES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAY = timedelta(days=1)


class CalendarFault(Exception):
    """The text is no calendar that we understand; in words for its owner."""


@dataclass(frozen=True)
class _Series:
    """An event: `begins` in wall time of `zone`. A whole day has a length in wall time, any other
    event one in real time."""

    event: Any
    begins: datetime
    zone: tzinfo
    length: timedelta
    whole_days: bool

    def span(self, begins: datetime) -> Span:
        placed = begins.replace(tzinfo=self.zone)
        if self.whole_days:
            ends = (begins + self.length).replace(tzinfo=self.zone)
            return Span(placed.astimezone(UTC), ends.astimezone(UTC))
        moment = placed.astimezone(UTC)
        return Span(moment, moment + self.length)

    def wall(self, moment: date) -> datetime:
        """A moment in wall time of the event's zone."""
        if not isinstance(moment, datetime):
            return datetime.combine(moment, time())
        if moment.tzinfo is None:
            return moment
        return moment.astimezone(self.zone).replace(tzinfo=None)


def empty() -> str:
    """A calendar without events."""
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    return str(made.to_ical().decode())


def read(text: str) -> Any:
    """The calendar in a text. Raises `CalendarFault`."""
    try:
        found = Calendar.from_ical(text)
    except (ValueError, IndexError, KeyError) as error:
        raise CalendarFault(f"It is no iCalendar text: {str(error)[:200]}") from None
    if getattr(found, "name", "") != "VCALENDAR":
        raise CalendarFault("It is no iCalendar text: it does not begin with BEGIN:VCALENDAR.")
    return found


def busy(calendar: Any, wanted: Span, zone: tzinfo) -> list[Span]:
    """What is taken in `wanted`, in no order. Raises `CalendarFault`."""
    events = calendar.walk("VEVENT")
    moved: dict[str, list[date]] = {}
    for event in events:
        if "RECURRENCE-ID" in event:
            moved.setdefault(str(event.get("UID")), []).append(event["RECURRENCE-ID"].dt)
    found: list[Span] = []
    for event in events:
        if _is_busy(event):
            try:
                _refuse_broken(event, _OF_TIMES)
                found += _spans(event, wanted, zone, moved)
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
                uid = str(event.get("UID"))[:80]
                raise CalendarFault(f"The event {uid} cannot be read: {str(error)[:200]}") from None
    return found


def booked(calendar: Any, reference: str, call_id: str) -> Any | None:
    """The event of this booking, where it is in the calendar and not cancelled."""
    for event in calendar.walk("VEVENT"):
        ours = str(event.get(REFERENCE)) == reference and str(event.get(OF_CALL)) == call_id
        if ours and str(event.get("STATUS")) != "CANCELLED":
            return event
    return None


def add(calendar: Any, wish: Wish, now: datetime) -> str:
    """The text of the calendar with this booking in it, and without the one that it replaces.

    Raises:
        CalendarFault: it has lines that cannot be read, and would be lost.
    """
    for component in calendar.walk():
        try:
            _refuse_broken(component)
        except ValueError as error:
            raise CalendarFault(f"A {component.name} cannot be written again: {error}") from None
    if wish.replaces is not None:
        before = booked(calendar, wish.replaces, wish.call_id)
        if before is not None:
            _cancel(before, now)
    calendar.add_component(_event(wish, now))
    return str(calendar.to_ical(sorted=False).decode())


def _event(wish: Wish, now: datetime) -> Event:
    contact, made = wish.contact, Event()
    lines = (
        ("Name", contact.name),
        ("Telephone", contact.phone_number),
        ("E-mail", contact.email),
        ("Notes", contact.notes),
        ("Reference", wish.reference),
    )
    made.add("uid", f"{wish.reference}-{wish.call_id}@topcalls")
    made.add("dtstamp", now)
    made.add("dtstart", wish.span.begins)
    made.add("dtend", wish.span.ends)
    made.add("summary", _one_line(wish.title))
    told = (f"{name}: {_one_line(value)}" for name, value in lines if value)
    made.add("description", "\n".join(told))
    made.add("status", "CONFIRMED")
    made.add(REFERENCE, wish.reference)
    made.add(OF_CALL, wish.call_id)
    return made


def _cancel(event: Any, now: datetime) -> None:
    sequence = int(event.get("SEQUENCE", 0))
    for name in ("STATUS", "SEQUENCE", "DTSTAMP", "TRANSP"):
        event.pop(name, None)
    event.add("status", "CANCELLED")
    event.add("sequence", sequence + 1)
    event.add("dtstamp", now)
    event.add("transp", "TRANSPARENT")


def _one_line(text: str) -> str:
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())


def _refuse_broken(component: Any, names: frozenset[str] | None = None) -> None:
    """Raises ValueError where lines of these names, or such as have none, cannot be read."""
    for name, why in component.errors:
        if name is None or names is None or name in names:
            raise ValueError(f"{name or 'a line'}: {why}")


def _is_busy(event: Any) -> bool:
    status, transparency = str(event.get("STATUS")), str(event.get("TRANSP"))
    return status.upper() != "CANCELLED" and transparency.upper() != "TRANSPARENT"


def _spans(event: Any, wanted: Span, zone: tzinfo, moved: dict[str, list[date]]) -> Iterator[Span]:
    series = _series(event, zone)
    if "RRULE" not in event and "RDATE" not in event:
        starts: Iterable[datetime] = [series.begins]
    else:
        repeats = "RECURRENCE-ID" not in event
        elsewhere = moved.get(str(event.get("UID")), []) if repeats else []
        gone = {series.wall(moment) for moment in elsewhere}
        starts = (start for start in _starts(series, wanted) if start not in gone)
    for start in starts:
        span = series.span(start)
        if span.overlaps(wanted):
            yield span


def _series(event: Any, zone: tzinfo) -> _Series:
    begins = event["DTSTART"].dt
    whole_days = not isinstance(begins, datetime)
    own = zone if whole_days or begins.tzinfo is None else begins.tzinfo
    wall = datetime.combine(begins, time()) if whole_days else begins.replace(tzinfo=None)
    if "DTEND" in event:
        length = _length(begins, event["DTEND"].dt, own)
    elif "DURATION" in event:
        length = event["DURATION"].dt
    else:
        length = _DAY if whole_days else timedelta()
    return _Series(event, wall, own, length, whole_days)


def _length(begins: date, ends: date, zone: tzinfo) -> timedelta:
    if not isinstance(begins, datetime) or not isinstance(ends, datetime):
        return ends - begins
    edges = [
        (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
        for moment in (begins, ends)
    ]
    return edges[1] - edges[0]


def _starts(series: _Series, wanted: Span) -> Iterator[datetime]:
    """When the event begins, in wall time of its zone, as far as it may matter to `wanted`."""
    rules = rruleset()
    rules.rdate(series.begins)
    for rule in _listed(series.event.get("RRULE")):
        rules.rrule(rrulestr(_rule_text(rule, series), dtstart=series.begins))
    for name, take in (("RDATE", rules.rdate), ("EXDATE", rules.exdate)):
        for dates in _listed(series.event.get(name)):
            for item in dates.dts:
                moment = item.dt[0] if isinstance(item.dt, tuple) else item.dt
                take(series.wall(moment))
    first = series.wall(wanted.begins) - abs(series.length) - _DAY
    last = series.wall(wanted.ends) + _DAY
    for number, start in enumerate(rules):
        if start > last:
            return
        if number >= MOST_OCCURRENCES:
            raise ValueError(f"it repeats more than {MOST_OCCURRENCES} times")
        if start >= first:
            yield start


def _rule_text(rule: Any, series: _Series) -> str:
    """A rule with its end in the event's wall time, in which it is unfolded."""
    frequency = str(_listed(rule.get("FREQ"))[0]).upper()
    if frequency not in _RULES:
        raise ValueError(f"it repeats {frequency}: only {', '.join(_RULES)} are understood")
    own = type(rule)(rule)
    if "UNTIL" in own:
        until = _listed(own["UNTIL"])[0]
        wall = series.wall(until)
        is_day = not isinstance(until, datetime) and not series.whole_days
        own["UNTIL"] = [wall + _DAY - timedelta(seconds=1) if is_day else wall]
    return str(own.to_ical().decode())


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

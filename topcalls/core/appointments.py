"""Appointments that an agent books: what a call says of them, and what one is.

A call's `appointments` name the book that they are in, a calendar file or a server of the
customer's, and what is agreed in advance: how long they last and what must be known of the person.
Whether such a section makes sense is decided in `core/appointment_rules.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from topcalls.core.local_times import EXAMPLE, in_words, moment
from topcalls.core.slots import Hours, Span
from topcalls.core.tools import ToolSpec

FIND: Final = "find_appointment_times"
BOOK: Final = "book_appointment"
DETAILS = ("name", "email", "phone_number")
"""What may be required of the person."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DEFAULT_CALENDAR = "default"
DEFAULT_MINUTES = 30
DEFAULT_NOTICE_MINUTES = 60
DEFAULT_DAYS_AHEAD = 60
DEFAULT_WEBHOOK_SECONDS = 8.0
WINDOW = timedelta(days=7)
"""How far is looked for free times where the agent names no end."""

MAX_TEXT = 1_000
_REFERENCE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Kind:
    """A kind of appointment; `name` None where there is only one."""

    name: str | None
    length: timedelta


@dataclass(frozen=True)
class CalendarBook:
    """A calendar file of the account. `step`: how far apart appointments may begin; `buffer`: what
    stays free before and after anything that is in the calendar."""

    name: str
    hours: Hours
    step: timedelta
    buffer: timedelta


@dataclass(frozen=True)
class WebhookBook:
    """A server of the customer's, which knows what is free and books."""

    url: str
    timeout_seconds: float


@dataclass(frozen=True)
class Appointments:
    """What a call says of appointments. `notice`: the least time from now to one, `ahead` the most.
    Just one of `calendar` and `webhook` is set."""

    zone: ZoneInfo
    kinds: tuple[Kind, ...]
    required: tuple[str, ...]
    notice: timedelta
    ahead: timedelta
    calendar: CalendarBook | None = None
    webhook: WebhookBook | None = None

    def kind(self, name: object) -> Kind:
        """The kind of this name; the only one where there is no choice.

        Raises:
            ValueError: it is none, in words for the model.
        """
        for kind in self.kinds:
            if kind.name == name or len(self.kinds) == 1:
                return kind
        raise ValueError(f"Say which kind: {', '.join(str(kind.name) for kind in self.kinds)}.")

    def bookable(self, now: datetime) -> Span:
        """From when to when an appointment may be, seen from now."""
        return Span(now + self.notice, now + self.ahead)


@dataclass(frozen=True)
class Contact:
    """The person whom an appointment is for."""

    name: str
    phone_number: str | None = None
    email: str | None = None
    notes: str | None = None


@dataclass(frozen=True)
class Wish:
    """An appointment that shall be booked. The same wish of the same call has the same `reference`,
    so that asking twice books once. `replaces` is the reference of one that it takes the place of.
    """

    call_id: str
    reference: str
    span: Span
    kind: Kind
    contact: Contact
    zone: ZoneInfo
    replaces: str | None = None

    @property
    def title(self) -> str:
        """For the calendar: the kind and the name."""
        return f"{self.kind.name or 'Appointment'}: {self.contact.name}"


def appointments_of(section: Mapping[str, Any]) -> Appointments:
    """The `appointments` of a call, which `core.appointment_rules` found right."""
    given = {key: value for key, value in section.items() if value is not None}
    usual = timedelta(minutes=given.get("duration_minutes", DEFAULT_MINUTES))
    kinds = tuple(_kind(kind, usual) for kind in given.get("kinds", ())) or (Kind(None, usual),)
    webhook = given.get("webhook")
    return Appointments(
        zone=ZoneInfo(given["time_zone"]),
        kinds=kinds,
        required=tuple(dict.fromkeys(("name", *given.get("required", ())))),
        notice=timedelta(minutes=given.get("notice_minutes", DEFAULT_NOTICE_MINUTES)),
        ahead=timedelta(days=given.get("days_ahead", DEFAULT_DAYS_AHEAD)),
        calendar=None if webhook else _calendar(given["calendar"], min(k.length for k in kinds)),
        webhook=_webhook(webhook) if webhook else None,
    )


def reference_of(call_id: str, span: Span, kind: Kind, replaces: str | None) -> str:
    """Eight letters and digits that are hard to mishear."""
    text = f"{call_id} {span.begins.isoformat()} {span.ends.isoformat()} {kind.name} {replaces}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:5])
    return "".join(_REFERENCE_LETTERS[number >> shift & 31] for shift in range(0, 40, 5))


def window(settings: Appointments, arguments: Mapping[str, Any], now: datetime) -> Span:
    """Where the agent wants to know free times, as far as there may be any.

    Raises:
        ValueError: there can be none, in words for the model.
    """
    whole = settings.bookable(now)
    begins = _edge(arguments.get("from"), settings.zone, end=False) or whole.begins
    ends = _edge(arguments.get("to"), settings.zone, end=True) or begins + WINDOW
    if ends <= begins:
        raise ValueError("'to' is not after 'from'.")
    found = Span(max(begins, whole.begins), min(ends, whole.ends))
    if found.ends <= found.begins:
        here, last = (in_words(edge.astimezone(settings.zone)) for edge in (now, whole.ends))
        raise ValueError(f"It is now {here}. Appointments can be booked until {last}.")
    return found


def _edge(text: object, zone: ZoneInfo, *, end: bool) -> datetime | None:
    """A day means all of it: from its first moment, and to its last."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        return moment(str(text), zone).astimezone(UTC)
    return datetime.combine(day + timedelta(days=end), time(), zone).astimezone(UTC)


def _kind(section: Mapping[str, Any], usual: timedelta) -> Kind:
    minutes = section.get("duration_minutes")
    return Kind(section["name"], usual if minutes is None else timedelta(minutes=minutes))


def _calendar(section: Mapping[str, Any], shortest: timedelta) -> CalendarBook:
    given = {key: value for key, value in section.items() if value is not None}
    step = given.get("step_minutes")
    return CalendarBook(
        given.get("name", DEFAULT_CALENDAR),
        hours_of(given["hours"]),
        shortest if step is None else timedelta(minutes=step),
        timedelta(minutes=given.get("buffer_minutes", 0)),
    )


def hours_of(section: Mapping[str, Sequence[str]]) -> Hours:
    """Opening hours as they are written: `{"monday": ["09:00-12:30", "14:00-18:00"]}`."""
    return {
        DAYS.index(day): tuple(_range(text) for text in ranges or ())
        for day, ranges in section.items()
    }


def _range(text: str) -> tuple[int, int]:
    start, end = (part.split(":") for part in text.split("-"))
    return int(start[0]) * 60 + int(start[1]), int(end[0]) * 60 + int(end[1])


def _webhook(section: Mapping[str, Any]) -> WebhookBook:
    seconds = section.get("timeout_seconds")
    return WebhookBook(section["url"], DEFAULT_WEBHOOK_SECONDS if seconds is None else seconds)


# --- what the model is told


def find_spec(settings: Appointments, now: datetime | None) -> ToolSpec:
    """Looks for free times."""
    properties = {
        "from": _time("The first local day or time that suits, as in 2026-11-24 or " + EXAMPLE),
        "to": _time("The last one. Without it, a week is looked at."),
        **_kinds(settings),
    }
    today = f" It is now {in_words(now.astimezone(settings.zone))}." if now is not None else ""
    description = (
        "Find free times for an appointment. Ask first which days suit, and then offer two or "
        f"three of the times, never all of them.{today}"
    )
    return _spec(FIND, description, properties, [] if _single(settings) else ["kind"])


def book_spec(settings: Appointments) -> ToolSpec:
    """Books one."""
    text = {"type": "string", "maxLength": MAX_TEXT}
    properties = {
        "start": _time("The `start` of a free time that was found, as it was told."),
        **_kinds(settings),
        "name": {**text, "minLength": 1, "description": "Of the person, as they say it."},
        "email": {**text, "description": "Read it back letter by letter before you book."},
        "phone_number": {**text, "description": "Where it is another one than that of this call."},
        "notes": {**text, "description": "What it is about, and what else was agreed."},
        "replaces": {
            **text,
            "description": "The reference of an appointment of this conversation that is moved.",
        },
    }
    description = (
        "Book an appointment. Say the day and the time again and wait for their yes before you "
        "call this. Where it turns out to be taken, offer the times that you are told instead."
    )
    needed = [name for name in settings.required if name != "phone_number"]
    return _spec(
        BOOK, description, properties, ["start", *needed, *([] if _single(settings) else ["kind"])]
    )


def _spec(name: str, description: str, properties: object, required: list[str]) -> ToolSpec:
    return ToolSpec(
        name,
        description,
        {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        },
    )


def _single(settings: Appointments) -> bool:
    return len(settings.kinds) == 1


def _kinds(settings: Appointments) -> dict[str, Any]:
    if _single(settings):
        return {}
    return {"kind": {"type": "string", "enum": [kind.name for kind in settings.kinds]}}


def _time(text: str) -> dict[str, Any]:
    return {"type": "string", "maxLength": 40, "description": text}

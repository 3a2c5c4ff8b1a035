"""Appointments: how an agent may book them, and those that it has booked."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.core import appointment_rules as rules
from topcalls.core import appointments as settings
from topcalls.services.appointments import BOOKED, REPLACED


def _about(name: str, text: str, **more: Any) -> dict[str, Any]:
    least, most = rules.RANGES[name]
    return {"description": text, "minimum": least, "maximum": most, **more}


class AppointmentKindSchema(ma.Schema):
    """A kind of appointment that the person may choose."""

    name = fields.Text(
        required=True,
        metadata={
            "description": "What the agent calls it; unique in the call.",
            "pattern": rules.KIND_PATTERN,
        },
    )
    duration_minutes = fields.Whole(
        allow_none=True,
        metadata=_about("duration_minutes", "Without it the usual duration."),
    )


class CalendarBookSchema(ma.Schema):
    """A calendar file (iCalendar) of the account, in `calendars_dir` of the installation."""

    name = fields.Text(
        metadata={
            "default": settings.DEFAULT_CALENDAR,
            "description": "Of the file, without `.ics`. One that is not there is begun.",
            "pattern": rules.CALENDAR_PATTERN,
        }
    )
    hours = fields.ObjectOf(
        required=True,
        metadata={
            "description": "When appointments may be, by day of the week: "
            '`{"monday": ["09:00-12:00", "13:00-17:00"]}`.',
            "properties": {
                day: {"type": "array", "items": {"type": "string", "pattern": rules.RANGE_PATTERN}}
                for day in settings.DAYS
            },
            "additionalProperties": False,
        },
    )
    step_minutes = fields.Whole(
        allow_none=True,
        metadata=_about(
            "step_minutes",
            "How far apart appointments may begin. Without it as long as the shortest one is.",
        ),
    )
    buffer_minutes = fields.Whole(
        allow_none=True,
        metadata=_about(
            "buffer_minutes",
            "What stays free before and after everything in the calendar.",
            default=0,
        ),
    )


class WebhookBookSchema(ma.Schema):
    """A server of yours that knows what is free, and books."""

    url = fields.Text(
        required=True,
        metadata={
            "description": "Where both are asked: http or https, reachable from the internet.",
            "format": "uri",
            "maxLength": 2048,
        },
    )
    timeout_seconds = fields.Number(
        allow_none=True,
        metadata=_about(
            "timeout_seconds",
            "How long an answer may take, a second try included.",
            default=settings.DEFAULT_WEBHOOK_SECONDS,
        ),
    )


class AppointmentSettingsSchema(ma.Schema):
    """What is agreed in advance of appointments. Either `calendar` or `webhook` is required."""

    time_zone = fields.Text(
        required=True,
        metadata={"description": "Where they are.", "example": "America/New_York"},
    )
    duration_minutes = fields.Whole(
        allow_none=True,
        metadata=_about("duration_minutes", "How long one is.", default=settings.DEFAULT_MINUTES),
    )
    kinds = fields.ListOf(
        ma.fields.Nested(AppointmentKindSchema),
        allow_none=True,
        metadata={
            "description": "Where the person has a choice.",
            "maxItems": rules.MOST_KINDS,
        },
    )
    required = fields.ListOf(
        fields.Choice(*settings.DETAILS),
        allow_none=True,
        metadata={
            "description": "What the agent has to ask for before it books. The name always is; the "
            "telephone number is that of the call unless they name another one."
        },
    )
    notice_minutes = fields.Whole(
        allow_none=True,
        metadata=_about(
            "notice_minutes",
            "The least time from the call to an appointment.",
            default=settings.DEFAULT_NOTICE_MINUTES,
        ),
    )
    days_ahead = fields.Whole(
        allow_none=True,
        metadata=_about("days_ahead", "The most.", default=settings.DEFAULT_DAYS_AHEAD),
    )
    calendar = ma.fields.Nested(CalendarBookSchema, allow_none=True)
    webhook = ma.fields.Nested(WebhookBookSchema, allow_none=True)


class ContactSchema(ma.Schema):
    """Whom an appointment is for."""

    name = fields.Text(required=True)
    phone_number = fields.Text(required=True, allow_none=True)
    email = fields.Text(required=True, allow_none=True)
    notes = fields.Text(required=True, allow_none=True)


class AppointmentSchema(ma.Schema):
    """An appointment that the agent booked."""

    reference = fields.Text(
        required=True,
        metadata={"description": "By which it is known; your server's own, where it answered one."},
    )
    status = fields.Choice(
        BOOKED,
        REPLACED,
        required=True,
        metadata={"description": "`replaced`: another one of the same call took its place."},
    )
    book = fields.Text(
        required=True, metadata={"description": "The name of the calendar, or `webhook`."}
    )
    kind = fields.Text(required=True, allow_none=True)
    starts_at = fields.Timestamp(required=True)
    ends_at = fields.Timestamp(required=True)
    time_zone = fields.Text(required=True)
    contact = ma.fields.Nested(ContactSchema, required=True)
    booked_at = fields.Timestamp(required=True)

"""What the agent does with appointments: it looks for free times, and books one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

import gevent

from topcalls.clock import Clock
from topcalls.core import slots
from topcalls.core.appointments import (
    DETAILS,
    Appointments,
    Contact,
    Wish,
    appointments_of,
    reference_of,
    window,
)
from topcalls.core.local_times import in_words, moment
from topcalls.core.slots import Span
from topcalls.core.tools import ToolRequest, ToolResult, failed, refused, succeeded
from topcalls.services import appointments as kept
from topcalls.services.appointment_books import AppointmentBook, BookFault, Taken
from topcalls.services.booking_servers import BookingServer
from topcalls.services.calendar_files import CalendarFiles
from topcalls.services.call_views import ClaimedCall
from topcalls.services.customer_requests import MakeClient
from topcalls.store import accounts
from topcalls.store.database import Database

MOST_TOLD = 12
"""Free times that the model reads of those that were found."""

MOST_INSTEAD = 4
_NO_SECRET = "Appointments are not set up: the account has no signing secret."
_NARROWER = "There are more. Look again with a narrower 'from' and 'to' to see others."


class Booking:
    """The built-in tools on appointments, for any call."""

    def __init__(
        self, db: Database, clock: Clock, files: CalendarFiles, make_client: MakeClient
    ) -> None:
        self._db = db
        self._clock = clock
        self._files = files
        self._make_client = make_client
        self._kept = kept.Appointments(db)

    def find(self, call: ClaimedCall, request: ToolRequest) -> ToolResult:
        """Tell free times."""
        settings, now = appointments_of(call.request.appointments or {}), self._clock.now()
        try:
            kind = settings.kind(request.arguments.get("kind"))
            wanted = window(settings, request.arguments, now)
        except (ValueError, OverflowError) as error:
            return refused("arguments", str(error))
        try:
            found = self._book(call, settings).free(wanted, kind)
        except BookFault as fault:
            return fault.result
        more = {"note": _NARROWER} if len(found) > MOST_TOLD else {}
        told = _told(slots.spread(found, MOST_TOLD), settings)
        return succeeded(free=told, time_zone=str(settings.zone), **more)

    def book(self, call: ClaimedCall, request: ToolRequest) -> ToolResult:
        """Book one, and keep it with the call: both are done to their end, also where the call ends
        meanwhile and nobody waits for them."""
        result: ToolResult = gevent.spawn(self._book_one, call, request).get()
        return result

    def _book_one(self, call: ClaimedCall, request: ToolRequest) -> ToolResult:
        settings, now = appointments_of(call.request.appointments or {}), self._clock.now()
        try:
            wish = _wish(call, settings, request.arguments)
        except (ValueError, OverflowError) as error:
            return refused("arguments", str(error))
        known = (wish.replaces, wish.reference)  # the latter where it is asked for once more
        if wish.replaces and not any(self._kept.known(call.call_id, one) for one in known if one):
            return refused("arguments", "No appointment of this conversation has the reference.")
        try:
            book = self._book(call, settings)
            reference = book.book(wish, settings.bookable(now))
        except BookFault as fault:
            return fault.result
        except Taken:
            return self._instead(call, settings, wish)
        self._kept.note(settings, wish, reference, now)
        words = in_words(wish.span.begins.astimezone(settings.zone))
        return succeeded(status="booked", at=words, reference=reference)

    def _book(self, call: ClaimedCall, settings: Appointments) -> AppointmentBook:
        zone = settings.zone
        if settings.calendar is not None:
            return self._files.book(call.account_id, settings.calendar, zone)
        assert settings.webhook is not None
        client, clock = self._make_client, self._clock
        found = self._db.read(accounts.signing_secrets, {call.account_id}, clock.now())
        secrets = found[call.account_id]
        if not secrets:
            raise BookFault(failed("secret", _NO_SECRET))
        return BookingServer(settings.webhook, zone, call, secrets, client, clock)

    def _instead(self, call: ClaimedCall, settings: Appointments, wish: Wish) -> ToolResult:
        """The time is not free: the free ones nearest to it."""
        bookable, span = settings.bookable(self._clock.now()), wish.span
        near = Span(
            max(bookable.begins, span.begins - timedelta(days=3)),
            min(bookable.ends, span.ends + timedelta(days=7)),
        )
        try:
            found = self._book(call, settings).free(near, wish.kind)
        except BookFault:
            found = []
        nearest = sorted(found, key=lambda slot: abs(slot.begins - span.begins))[:MOST_INSTEAD]
        return refused("taken", "This time is not free.", free=_told(sorted(nearest), settings))


def _wish(call: ClaimedCall, settings: Appointments, arguments: Mapping[str, Any]) -> Wish:
    """What is to be booked. Raises ValueError, in words for the model."""
    kind = settings.kind(arguments.get("kind"))
    contact = _contact(call, arguments)
    missing = [name for name in DETAILS if name in settings.required and not _of(contact, name)]
    if missing:
        raise ValueError(f"Ask first for: {', '.join(missing)}.")
    begins = moment(str(arguments["start"]), settings.zone).astimezone(UTC)
    span = Span(begins, begins + kind.length)
    replaces = str(arguments.get("replaces") or "").strip() or None
    reference = reference_of(call.call_id, span, kind, replaces)
    return Wish(call.call_id, reference, span, kind, contact, settings.zone, replaces)


def _contact(call: ClaimedCall, arguments: Mapping[str, Any]) -> Contact:
    given = {name: str(arguments.get(name) or "").strip() or None for name in (*DETAILS, "notes")}
    return Contact(
        name=given["name"] or "",
        phone_number=given["phone_number"] or call.other_number,
        email=given["email"],
        notes=given["notes"],
    )


def _of(contact: Contact, detail: str) -> str | None:
    return {
        "name": contact.name,
        "email": contact.email,
        "phone_number": contact.phone_number,
    }[detail]


def _told(found: list[Span], settings: Appointments) -> list[dict[str, str]]:
    local = [slot.begins.astimezone(settings.zone) for slot in found]
    return [
        {"start": at.isoformat(timespec="minutes"), "day": f"{at:%A}, {at.day} {at:%B}"}
        for at in local
    ]

"""The appointments that agents have booked: kept with their calls, shown to users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core.appointments import Appointments as Settings
from topcalls.core.appointments import Wish
from topcalls.store import appointments, calls
from topcalls.store.database import Database
from topcalls.store.models import Appointment

BOOKED, REPLACED = "booked", "replaced"


@dataclass(frozen=True, slots=True)
class AppointmentView:
    """An appointment as the call's owner sees it. `book`: the name of the calendar, or `webhook`.
    `status` is `replaced` for one that a later one of the call took the place of."""

    reference: str
    status: str
    book: str
    kind: str | None
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    contact: Mapping[str, Any]
    booked_at: datetime


class Appointments:
    """Writes for controllers, reads for users."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, settings: Settings, wish: Wish, reference: str, now: datetime) -> None:
        """Store what was booked in a call. Noting the same again changes nothing."""
        calendar = settings.calendar

        def verb() -> None:
            if wish.replaces is not None and wish.replaces != reference:
                appointments.mark(wish.call_id, wish.replaces, REPLACED)
            appointments.put(
                wish.call_id,
                reference,
                status=BOOKED,
                book="webhook" if calendar is None else calendar.name,
                kind=wish.kind.name,
                starts_at=wish.span.begins,
                ends_at=wish.span.ends,
                time_zone=str(wish.zone),
                contact={
                    "name": wish.contact.name,
                    "phone_number": wish.contact.phone_number,
                    "email": wish.contact.email,
                    "notes": wish.contact.notes,
                },
                booked_at=now,
            )

        self._db.run(verb)

    def known(self, call_id: str, reference: str) -> bool:
        """Whether this is one of the call that was not replaced."""
        rows = self._db.read(appointments.of_call, call_id)
        return any(row.reference == reference and row.status == BOOKED for row in rows)

    def of_call(self, account_id: str, call_id: str) -> list[AppointmentView]:
        """The appointments of a call of this account, in order; none for any other call."""

        def verb() -> list[AppointmentView]:
            if calls.of_account(account_id, call_id) is None:
                return []
            return appointment_views(call_id)

        return self._db.read(verb)


def appointment_views(call_id: str) -> list[AppointmentView]:
    """The appointments of a call, in the order in which they were booked; part of a verb."""
    return [_view(row) for row in appointments.of_call(call_id)]


def _view(row: Appointment) -> AppointmentView:
    return AppointmentView(
        reference=row.reference,
        status=row.status,
        book=row.book,
        kind=row.kind,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        time_zone=row.time_zone,
        contact=row.contact,
        booked_at=row.booked_at,
    )

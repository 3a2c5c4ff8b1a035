"""Queries on the appointments of calls."""

from __future__ import annotations

from typing import Any

from topcalls.store import rows
from topcalls.store.models import Appointment


def put(call_id: str, reference: str, **columns: Any) -> None:
    """Store an appointment; the same reference again is the same one."""
    rows.put(Appointment, {"call": call_id, "reference": reference}, **columns)


def mark(call_id: str, reference: str, status: str) -> None:
    """What became of an appointment."""
    mine = (Appointment.call == call_id) & (Appointment.reference == reference)
    Appointment.update(status=status).where(mine).execute()


def of_call(call_id: str) -> list[Appointment]:
    """The appointments of a call, in the order in which they were booked."""
    query = Appointment.select().where(Appointment.call == call_id)
    return list(query.order_by(Appointment.booked_at, Appointment.reference))

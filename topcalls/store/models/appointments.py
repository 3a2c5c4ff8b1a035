"""The appointments that were booked in calls."""

from __future__ import annotations

import peewee

from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.base import Table, one_of
from topcalls.store.models.calls import Call

STATUSES = ("booked", "replaced")


class Appointment(Table):
    """An appointment of a call. `book` is the name of its calendar, or `webhook`; `contact` a
    stored `core.appointments.Contact`."""

    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    reference = peewee.CharField(max_length=100)
    status = peewee.TextField(constraints=[one_of("status", STATUSES)])
    book = peewee.TextField()
    kind = SpeechField(null=True)
    starts_at = InstantField()
    ends_at = InstantField()
    time_zone = peewee.TextField()
    contact = JsonField()
    booked_at = InstantField()

    class Meta:
        primary_key = peewee.CompositeKey("call", "reference")

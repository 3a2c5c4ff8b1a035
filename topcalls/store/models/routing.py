"""Every dial of every call: by which carrier, how it ended, and what was decided then."""

from __future__ import annotations

import peewee

from topcalls.core.routing import Then
from topcalls.store.fields import InstantField, SpeechField
from topcalls.store.models.base import Table, one_of
from topcalls.store.models.calls import Call


class CallAttempt(Table):
    """One dial of a call, counted by `number` from 1. Written before the dial, with its channel.

    `carrier_id` is None for the installation's own gateway; the names stay when the carrier is
    deleted. `rang_ms`: how long the phone rang. `then` and `why` are set when it ended unanswered,
    with the words of a refusal; `retry_at`: until when it asked to be left alone.
    """

    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    number = peewee.IntegerField()
    carrier_id = peewee.CharField(max_length=36, null=True)
    carrier_name = peewee.TextField()
    gateway = peewee.TextField()
    channel_id = peewee.CharField(max_length=64)
    dialled_at = InstantField()
    ended_at = InstantField(null=True)
    rang_ms = peewee.IntegerField(null=True)
    sip_status = peewee.IntegerField(null=True)
    sip_phrase = SpeechField(null=True)
    sip_reason = SpeechField(null=True)
    retry_at = InstantField(null=True)
    cause = peewee.TextField(null=True)
    then = peewee.TextField(null=True, constraints=[one_of("then", Then)])
    why = peewee.TextField(null=True)

    class Meta:
        primary_key = peewee.CompositeKey("call", "number")


CallAttempt.add_index(
    CallAttempt.index(
        CallAttempt.carrier_id,
        CallAttempt.dialled_at,
        where=CallAttempt.carrier_id.is_null(False),
        name="call_attempt_of_carrier",
    )
)
CallAttempt.add_index(
    CallAttempt.index(
        CallAttempt.carrier_id,
        CallAttempt.retry_at,
        where=CallAttempt.retry_at.is_null(False),
        name="call_attempt_resting",
    )
)

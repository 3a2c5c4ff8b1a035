"""Every transfer of every call: to whom, by whose wish, and what became of it."""

from __future__ import annotations

import peewee

from topcalls.core.transfer import KINDS, METHODS, Failure, Outcome
from topcalls.store.fields import InstantField, SpeechField
from topcalls.store.models.base import Table, one_of
from topcalls.store.models.calls import Call

ASKED_BY = ("agent", "api")


class CallTransfer(Table):
    """One transfer of a call, counted by `number` from 1. Written before the dial.

    `channel_id` is the target's channel; None where the carrier was asked to dial. `outcome` is
    unknown while it is under way, and where the controller died with it. `connected_at`: since when
    the caller talks to the target.
    """

    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    number = peewee.IntegerField()
    destination = peewee.TextField()
    phone_number = peewee.TextField()
    kind = peewee.TextField(constraints=[one_of("kind", KINDS)])
    method = peewee.TextField(constraints=[one_of("method", METHODS)])
    asked_by = peewee.TextField(constraints=[one_of("asked_by", ASKED_BY)])
    summary = SpeechField(null=True)
    channel_id = peewee.CharField(max_length=64, null=True)
    asked_at = InstantField()
    answered_at = InstantField(null=True)
    connected_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    outcome = peewee.TextField(null=True, constraints=[one_of("outcome", Outcome)])
    failure = peewee.TextField(null=True, constraints=[one_of("failure", Failure)])
    cause = peewee.TextField(null=True)
    sip_status = peewee.IntegerField(null=True)

    class Meta:
        primary_key = peewee.CompositeKey("call", "number")

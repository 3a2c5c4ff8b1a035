"""Every stay of a supervisor on every call, and the short codes of live calls."""

from __future__ import annotations

import peewee

from topcalls.core.supervision import ASKED_BY, Failure, Outcome
from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, one_of
from topcalls.store.models.calls import Call


class CallSupervision(Table):
    """One stay on a call, counted by `number` from 1. Written before anything is done for it.

    `extension` and `name` are the softphone's at that time; `channel_id` is its leg. `modes` lists
    `mode` and `at` (microseconds since 1970) of each change. `taken_over_at`: since when the caller
    talks to the supervisor alone. `outcome` is unknown while it lasts.
    """

    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    number = peewee.IntegerField()
    softphone_id = peewee.CharField(max_length=36)
    extension = peewee.CharField(max_length=5)
    name = SpeechField(null=True)
    asked_by = peewee.TextField(constraints=[one_of("asked_by", ASKED_BY)])
    channel_id = peewee.CharField(max_length=64, unique=True)
    modes = JsonField()
    asked_at = InstantField()
    joined_at = InstantField(null=True)
    taken_over_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    outcome = peewee.TextField(null=True, constraints=[one_of("outcome", Outcome)])
    failure = peewee.TextField(null=True, constraints=[one_of("failure", Failure)])

    class Meta:
        primary_key = peewee.CompositeKey("call", "number")


class LiveCode(Table):
    """By which few digits an account's people name a call while it is live."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    code = peewee.CharField(max_length=6)
    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", unique=True)
    call_id: str

    class Meta:
        primary_key = peewee.CompositeKey("account", "code")

"""The tools that models called, and the secrets that go with customers' tools."""

from __future__ import annotations

import peewee

from topcalls.core.tools import ToolStatus
from topcalls.store.fields import InstantField, SecretField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, counted, id_field, one_of
from topcalls.store.models.calls import Call


class ToolSecret(Table):
    """The values of a tool's headers, as a JSON object. Calls and agents name it by its id.

    `digest` finds the same values again; it is made with the secret key.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    digest = peewee.CharField(max_length=64)
    headers = SecretField()
    created_at = InstantField()

    class Meta:
        indexes = ((("account", "digest"), True),)


class CallTool(Table):
    """One call of a tool: a stored `core.tools.ToolRecord`. `finished_at` is set once nothing more
    is to come of it. `change` grows with every write in the call of the telephone."""

    id = id_field(primary_key=True)
    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    name = peewee.TextField()
    is_builtin = peewee.BooleanField()
    arguments = SpeechField()
    called_ms = peewee.IntegerField()
    status = peewee.TextField(constraints=[one_of("status", ToolStatus)])
    output = SpeechField(null=True)
    error = peewee.TextField(null=True)
    http_status = peewee.IntegerField(null=True)
    attempts = peewee.IntegerField(default=0)
    duration_ms = peewee.IntegerField(null=True)
    called_at = InstantField()
    finished_at = InstantField(null=True)
    change = counted()

    class Meta:
        indexes = ((("call", "called_at"), False),)

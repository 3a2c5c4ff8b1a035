"""Numbers that accounts do not call."""

from __future__ import annotations

import peewee

from topcalls.core.do_not_call import SOURCES
from topcalls.store.fields import InstantField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, id_field, one_of


class DoNotCallNumber(Table):
    """A number that an account does not call. `source`: who put it on the list, in which call where
    that was an agent. `created_at` is unique in an account, which makes it a cursor."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    phone_number = peewee.TextField()
    reason = SpeechField(null=True)
    source = peewee.TextField(constraints=[one_of("source", SOURCES)])
    call_id = peewee.CharField(max_length=36, null=True)
    created_at = InstantField()

    class Meta:
        indexes = (
            (("account", "phone_number"), True),
            (("account", "created_at"), True),
        )

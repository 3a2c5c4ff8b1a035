"""Numbers that accounts do not call."""

from __future__ import annotations

import peewee

from topcalls.core.eligibility_facts import Scope
from topcalls.store.fields import InstantField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, id_field, one_of


class DoNotCallEntry(Table):
    """A number that an account does not call: for anything, for a purpose or in a campaign, which
    `subject` names (empty for `account`). `phone_number` is a fingerprint (`core/people.py`) where
    the person was erased. `source`: who put it on the list, in which call where that was one.
    `created_at` is unique in an account, which makes it a cursor."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    phone_number = peewee.TextField()
    scope = peewee.TextField(constraints=[one_of("scope", Scope)])
    subject = SpeechField(default="")
    reason = SpeechField(null=True)
    source = peewee.TextField()
    call_id = peewee.CharField(max_length=36, null=True)
    created_at = InstantField()
    expires_at = InstantField(null=True)

    class Meta:
        indexes = (
            (("account", "phone_number", "scope", "subject"), True),
            (("account", "created_at"), True),
        )

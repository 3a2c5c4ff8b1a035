"""What keys did that somebody may have to answer for."""

from __future__ import annotations

import peewee

from topcalls.core.audit import AuditAction
from topcalls.store.fields import InstantField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, id_field, one_of


class AuditEntry(Table):
    """The key `key_id` did something to `subject_id`: a call, a lead, a key, or the account. `id`
    sorts by `at`."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    key_id = id_field()
    action = peewee.TextField(constraints=[one_of("action", AuditAction)])
    subject_id = id_field()
    at = InstantField()

    class Meta:
        indexes = ((("account", "id"), False),)

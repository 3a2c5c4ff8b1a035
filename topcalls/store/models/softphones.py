"""Softphones, and where they are registered."""

from __future__ import annotations

import peewee

from topcalls.store.fields import InstantField, SecretField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, id_field


class Softphone(Table):
    """A telephone of an account's own people. `extension` names it in its account, `username` in
    the installation. `may_supervise`: it may listen to, and take part in, its account's calls."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    extension = peewee.CharField(max_length=5)
    name = SpeechField(null=True)
    username = peewee.CharField(max_length=64, unique=True)
    password = SecretField()
    may_supervise = peewee.BooleanField()
    created_at = InstantField()

    class Meta:
        indexes = ((("account", "extension"), True),)


class SoftphoneRegistration(Table):
    """A softphone is registered at the switch of a node, as its controller saw it at `seen_at`."""

    softphone = peewee.ForeignKeyField(Softphone, on_delete="CASCADE", index=False)
    softphone_id: str
    node = peewee.CharField(max_length=64)
    seen_at = InstantField()

    class Meta:
        primary_key = peewee.CompositeKey("softphone", "node")

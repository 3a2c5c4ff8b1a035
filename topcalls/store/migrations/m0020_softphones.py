"""Softphones belong to accounts; nodes tell which are registered.

The tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    ForeignKeyField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Softphone(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    extension = CharField(max_length=5)
    name = TextField(null=True)
    username = CharField(max_length=64, unique=True)
    password = TextField()
    may_supervise = BooleanField()
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account", "extension"), True),)


class SoftphoneRegistration(_Frozen):
    softphone = ForeignKeyField(Softphone, on_delete="CASCADE", index=False)
    node = CharField(max_length=64)
    seen_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("softphone", "node")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables."""
    with db.bind_ctx([Account, Softphone, SoftphoneRegistration]):
        db.create_tables([Softphone, SoftphoneRegistration], safe=False)

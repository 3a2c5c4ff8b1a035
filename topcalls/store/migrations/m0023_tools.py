"""The calls of tools are kept, and the header values of customers' tools, encrypted.

The tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

_STATUSES = "'running', 'pending', 'succeeded', 'failed', 'refused', 'interrupted'"


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class ToolSecret(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    digest = CharField(max_length=64)
    headers = TextField()
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account", "digest"), True),)


class CallTool(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    name = TextField()
    is_builtin = BooleanField()
    arguments = TextField()
    called_ms = IntegerField()
    status = TextField(constraints=[Check(f'"status" IN ({_STATUSES})')])
    output = TextField(null=True)
    error = TextField(null=True)
    http_status = IntegerField(null=True)
    attempts = IntegerField()
    duration_ms = IntegerField(null=True)
    called_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("call", "called_at"), False),)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables."""
    with db.bind_ctx([Account, Call, ToolSecret, CallTool]):
        db.create_tables([ToolSecret, CallTool], safe=False)

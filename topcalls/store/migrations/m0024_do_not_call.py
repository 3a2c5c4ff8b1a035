"""Accounts have a list of numbers that they do not call.

The table is frozen as it was made: it does not follow the model.
"""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, CharField, Check, ForeignKeyField, Model, TextField
from playhouse.migrate import SchemaMigrator


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class DoNotCallNumber(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    phone_number = TextField()
    reason = TextField(null=True)
    source = TextField(constraints=[Check("\"source\" IN ('api', 'agent')")])
    call_id = CharField(max_length=36, null=True)
    created_at = BigIntegerField()

    class Meta:
        indexes = (
            (("account", "phone_number"), True),
            (("account", "created_at"), True),
        )


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table."""
    with db.bind_ctx([Account, DoNotCallNumber]):
        db.create_tables([DoNotCallNumber], safe=False)

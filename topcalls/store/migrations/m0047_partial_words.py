"""What callers are saying while somebody follows: one row of a call, gone when the turn is written.

The table is frozen as it was made: it does not follow the model.
"""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, CharField, ForeignKeyField, IntegerField, Model, TextField
from playhouse.migrate import SchemaMigrator


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class PartialWords(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", primary_key=True)
    seq = IntegerField()
    text = TextField()
    started_ms = IntegerField()
    at = BigIntegerField()


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table."""
    with db.bind_ctx([Call, PartialWords]):
        db.create_tables([PartialWords], safe=False)

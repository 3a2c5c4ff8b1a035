"""The appointments that agents book are kept with their calls.

The table is frozen as it was made: it does not follow the model.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
    CharField,
    Check,
    CompositeKey,
    ForeignKeyField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Appointment(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    reference = CharField(max_length=100)
    status = TextField(constraints=[Check("\"status\" IN ('booked', 'replaced')")])
    book = TextField()
    kind = TextField(null=True)
    starts_at = BigIntegerField()
    ends_at = BigIntegerField()
    time_zone = TextField()
    contact = TextField()
    booked_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("call", "reference")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table."""
    with db.bind_ctx([Call, Appointment]):
        db.create_tables([Appointment], safe=False)

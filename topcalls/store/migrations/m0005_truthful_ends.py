"""A call knows whether its recording was written and when its transcript was complete; the tokens
that its model took are kept.

The table is frozen as it was made: it does not follow the model.
"""

from __future__ import annotations

import peewee
from peewee import (
    BigIntegerField,
    CharField,
    Check,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class CallUsage(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    model = TextField()
    responses = IntegerField()
    input_text = IntegerField()
    input_audio = IntegerField()
    input_cached = IntegerField()
    input_cached_audio = IntegerField()
    output_text = IntegerField()
    output_audio = IntegerField()
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("call", "model")


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Add the columns and the table."""
    told = Check("\"recording_state\" IN ('written', 'refused')")
    state = TextField(null=True, constraints=[told])
    migrator.migrate(
        migrator.add_column("call", "recording_state", state),
        migrator.add_column("call", "transcript_closed_at", BigIntegerField(null=True)),
    )
    with db.bind_ctx([Call, CallUsage]):
        db.create_tables([CallUsage], safe=False)

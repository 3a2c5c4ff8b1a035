"""The way of a recording from the switch's disk to where it is kept.

The table is frozen as it was made: it does not follow the model.
"""

from __future__ import annotations

import peewee
from peewee import (
    SQL,
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


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class CallRecording(_Frozen):
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    call = ForeignKeyField(Call, primary_key=True, on_delete="CASCADE")
    node = TextField()
    state = TextField(
        constraints=[Check("\"state\" IN ('recording', 'waiting', 'stored', 'lost')")]
    )
    available_at = BigIntegerField()
    failures = IntegerField(default=0)
    problem = TextField(null=True)
    paused_at = BigIntegerField(null=True)
    paused_by = TextField(null=True)
    resumed_at = BigIntegerField(null=True)
    stored_at = BigIntegerField(null=True)
    size = BigIntegerField(null=True)
    sha256 = CharField(max_length=64, null=True)
    channels = IntegerField(null=True)
    milliseconds = IntegerField(null=True)
    repaired = BooleanField(default=False)


CallRecording.add_index(
    CallRecording.index(
        CallRecording.available_at,
        where=CallRecording.state == SQL("'waiting'"),
        name="call_recording_waiting",
    )
)


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Make the table."""
    with db.bind_ctx([Call, CallRecording]):
        db.create_tables([CallRecording], safe=False)

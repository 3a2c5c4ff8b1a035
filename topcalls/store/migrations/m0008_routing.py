"""The dials of a call.

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


class CallAttempt(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    number = IntegerField()
    carrier_id = CharField(max_length=36, null=True)
    carrier_name = TextField()
    gateway = TextField()
    channel_id = CharField(max_length=64)
    dialled_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)
    rang_ms = IntegerField(null=True)
    sip_status = IntegerField(null=True)
    cause = TextField(null=True)
    then = TextField(null=True, constraints=[Check("\"then\" IN ('try_next', 'stop')")])
    why = TextField(null=True)

    class Meta:
        primary_key = CompositeKey("call", "number")


CallAttempt.add_index(
    CallAttempt.index(
        CallAttempt.carrier_id,
        CallAttempt.dialled_at,
        where=CallAttempt.carrier_id.is_null(False),
        name="call_attempt_of_carrier",
    )
)


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Make the table."""
    with db.bind_ctx([Call, CallAttempt]):
        db.create_tables([CallAttempt], safe=False)

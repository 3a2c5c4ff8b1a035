"""Delays of answers: those that the ear measures, and days summed up.

What was stored as the ear's share was the endpointing. The table is frozen as it was made.
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

from topcalls.store.checks import allow_in_sqlite

_BEFORE = "('recording', 'transcript', 'summary', 'extraction', 'disposition', 'webhook')"
_AFTER = _BEFORE.replace("'summary'", "'latency', 'summary'")


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class LatencyDay(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    day = CharField(max_length=10)
    mode = TextField()
    model = TextField()
    share = TextField(
        constraints=[Check("\"share\" IN ('endpointing', 'provider', 'gateway', 'ear')")]
    )
    buckets = TextField()

    class Meta:
        primary_key = CompositeKey("account", "day", "mode", "model", "share")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table, the mark of calls that are counted, and room for the step."""
    with db.bind_ctx([Account, LatencyDay]):
        db.create_tables([LatencyDay], safe=False)
    migrator.migrate(migrator.add_column("call", "timed_at", BigIntegerField(null=True)))
    db.execute_sql(
        "UPDATE turn_timing SET measures = replace(measures, '\"ear_ms\"', '\"endpointing_ms\"')"
    )
    if hasattr(db, "pragma"):
        allow_in_sqlite(db, "wrap_up", _BEFORE, _AFTER)
        return
    db.execute_sql('ALTER TABLE "wrap_up" DROP CONSTRAINT wrap_up_step_check')
    db.execute_sql(f'ALTER TABLE "wrap_up" ADD CHECK ("step" IN {_AFTER})')

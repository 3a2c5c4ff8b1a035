"""Calls are counted by day and hour, in the time zone of their account.

Calls that were made before are counted by workers, a batch at a time. The table is frozen as it was
made: it does not follow the model.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
    CharField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class CallStatistic(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    dimension = CharField(max_length=16)
    by_hour = SmallIntegerField()
    day = CharField(max_length=10)
    hour = SmallIntegerField()
    value = CharField(max_length=100)
    calls = IntegerField()
    dialled = IntegerField()
    answered = IntegerField()
    completed = IntegerField()
    seconds = BigIntegerField()
    cost_micros = BigIntegerField()
    cost_unknown = IntegerField()
    input_tokens = BigIntegerField()
    output_tokens = BigIntegerField()
    outcomes = TextField()
    latency = TextField()

    class Meta:
        primary_key = CompositeKey("account", "dimension", "by_hour", "day", "hour", "value")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table, the mark of calls that are counted, and the accounts' zones."""
    with db.bind_ctx([Account, CallStatistic]):
        db.create_tables([CallStatistic], safe=False)
    migrator.migrate(migrator.add_column("call", "counted_at", BigIntegerField(null=True)))
    db.execute_sql('ALTER TABLE "account" ADD COLUMN "time_zone" TEXT NOT NULL DEFAULT \'UTC\'')
    db.execute_sql(
        'CREATE INDEX "call_uncounted" ON "call" ("ended_at") '
        'WHERE (("counted_at" IS NULL) AND ("ended_at" IS NOT NULL))'
    )

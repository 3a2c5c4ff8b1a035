"""Accounts have budgets, and keys have limits: what calls set aside and spent is kept by day.

The table is frozen as it was made: it does not follow the model.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from peewee import (
    BigIntegerField,
    CharField,
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


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Spending(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    day = CharField(max_length=10)
    campaign_id = CharField(max_length=36)
    seconds = BigIntegerField()
    calls = IntegerField()
    micros = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("account", "day", "campaign_id")


_Id = partial(CharField, max_length=36)
_Day = partial(CharField, max_length=10)
_COLUMNS: dict[str, dict[str, Any]] = {
    "account": {"budgets": TextField, "max_requests_per_second": IntegerField},
    "api_key": {
        "max_concurrent_calls": IntegerField,
        "max_new_calls_per_minute": IntegerField,
        "max_requests_per_second": IntegerField,
    },
    "call": {"key_id": _Id},
    "reservation": {
        "campaign_id": _Id,
        "day": _Day,
        "micros": BigIntegerField,
        "charged": BigIntegerField,
        "counted_at": BigIntegerField,
    },
}
_STATEMENTS = (
    'ALTER TABLE "account" ADD COLUMN "inbound_reserve" INTEGER NOT NULL DEFAULT 0',
    'UPDATE "reservation" SET "counted_at" = "settled_at" WHERE "settled_at" IS NOT NULL',
    'DROP INDEX "reservation_open"',
    'CREATE INDEX "reservation_open" ON "reservation" ("account_id", "settled_at", '
    '"seconds", "day", "micros", "campaign_id") WHERE ("counted_at" IS NULL)',
    'CREATE INDEX "spending_of_campaign" ON "spending" ("campaign_id") '
    "WHERE (\"campaign_id\" != '')",
    'CREATE INDEX "call_of_key" ON "call" ("key_id", "created_at") WHERE ("key_id" IS NOT NULL)',
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table, the columns and the indexes."""
    with db.bind_ctx([Account, Spending]):
        db.create_tables([Spending], safe=False)
    for table, columns in _COLUMNS.items():
        for name, kind in columns.items():
            migrator.migrate(migrator.add_column(table, name, kind(null=True)))
    for statement in _STATEMENTS:
        db.execute_sql(statement)

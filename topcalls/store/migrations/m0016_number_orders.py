"""Numbers are bought and given back by orders; a carrier knows its trunk's name at the vendor.

The table is frozen as it was made: it does not follow the model.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
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


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


def _one_of(column: str, *values: str) -> list[Any]:
    quoted = ", ".join(f"'{value}'" for value in values)
    return [Check(f'"{column}" IN ({quoted})')]


class NumberOrder(_Frozen):
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    available_at = BigIntegerField()
    tries_left = IntegerField()
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    number_id = CharField(max_length=36)
    number = CharField(max_length=16)
    kind = TextField(constraints=_one_of("kind", "purchase", "release"))
    state = TextField(
        constraints=_one_of("state", "waiting", "sent", "placed", "done", "failed", "unknown")
    )
    provider = TextField()
    provider_id = TextField(null=True)
    trunk_id = TextField(null=True)
    max_price = TextField(null=True)
    currency = TextField(null=True)
    price = TextField(null=True)
    error = TextField(null=True)
    sent_at = BigIntegerField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Add the column, and make the table with its indexes."""
    migrator.migrate(migrator.add_column("carrier", "provider_trunk_id", TextField(null=True)))
    with db.bind_ctx([Account, NumberOrder]):
        db.create_tables([NumberOrder], safe=False)
    for name, columns, where in (
        ("number_order_of_account", '"account_id", "created_at"', ""),
        ("number_order_of_number", '"number_id", "created_at"', ""),
        ("number_order_due", '"available_at"', ' WHERE ("finished_at" IS NULL)'),
    ):
        db.execute_sql(f'CREATE INDEX "{name}" ON "number_order" ({columns}){where}')

"""Registers are asked ahead of calls: the questions that are open, and how asking goes."""

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


class Account(Model):
    id = CharField(primary_key=True, max_length=36)

    class Meta:
        legacy_table_names = False


class RegisterQuestion(Model):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    phone_number = TextField()
    kind = TextField(constraints=[Check("\"kind\" IN ('scrub', 'reassigned')")])
    register = TextField()
    asked_about = BigIntegerField(null=True)
    provider = TextField()
    rule_id = TextField()
    available_at = BigIntegerField()
    tries = IntegerField()
    created_at = BigIntegerField()

    class Meta:
        legacy_table_names = False
        indexes = (
            (("account", "phone_number", "kind", "register"), True),
            (("provider", "available_at"), False),
        )


class RegisterState(Model):
    provider = TextField(primary_key=True)
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    next_at = BigIntegerField()
    failures = IntegerField()
    failed_at = BigIntegerField(null=True)
    error = TextField(null=True)
    answered_at = BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables."""
    tables = [RegisterQuestion, RegisterState]
    with db.bind_ctx([Account, *tables]):
        db.create_tables(tables, safe=False)

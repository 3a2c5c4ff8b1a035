"""Carriers, their status per node, and phone numbers.

The tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

import peewee
from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator


def _one_of(column: str, *values: str) -> list[peewee.Node]:
    quoted = ", ".join(f"'{value}'" for value in values)
    return [Check(f'"{column}" IN ({quoted})')]


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Carrier(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    name = TextField()
    preset = TextField(null=True)
    priority = IntegerField()
    version = IntegerField()
    trunk = TextField()
    password = TextField(null=True)
    inbound_password = TextField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        indexes = ((("account", "priority", "created_at"), False),)


class CarrierStatus(_Frozen):
    carrier = ForeignKeyField(Carrier, on_delete="CASCADE", index=False)
    node = CharField(max_length=64)
    version = IntegerField()
    health = TextField(
        constraints=_one_of(
            "health", "pending", "up", "registered", "registering", "failed", "down", "missing"
        )
    )
    registered = BooleanField(null=True)
    reachable = BooleanField(null=True)
    sip_status = IntegerField(null=True)
    phrase = TextField(null=True)
    problem = TextField(null=True)
    since = BigIntegerField()
    checked_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("carrier", "node")


class PhoneNumber(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    number = CharField(max_length=16, unique=True)
    carrier = ForeignKeyField(Carrier, on_delete="RESTRICT", null=True)
    agent_id = CharField(max_length=36, null=True)
    label = TextField(null=True)
    source = TextField(
        constraints=_one_of("source", "topcalls", "byoc", "manual", "import", "twilio", "telnyx")
    )
    status = TextField(constraints=_one_of("status", "active", "inactive", "pending", "failed"))
    provider_id = TextField(null=True)
    error_message = TextField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        indexes = ((("account", "created_at"), False),)


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Make the tables."""
    with db.bind_ctx([Account, Carrier, CarrierStatus, PhoneNumber]):
        db.create_tables([Carrier, CarrierStatus, PhoneNumber], safe=False)

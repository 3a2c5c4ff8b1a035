"""Live calls have short codes, and their supervisors are written down.

The tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

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


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


def _one_of(column: str, *values: str) -> list[Any]:
    quoted = ", ".join(f"'{value}'" for value in values)
    return [Check(f'"{column}" IN ({quoted})')]


class CallSupervision(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    number = IntegerField()
    softphone_id = CharField(max_length=36)
    extension = CharField(max_length=5)
    name = TextField(null=True)
    asked_by = TextField(constraints=_one_of("asked_by", "code", "api"))
    channel_id = CharField(max_length=64, unique=True)
    modes = TextField()
    asked_at = BigIntegerField()
    joined_at = BigIntegerField(null=True)
    taken_over_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    outcome = TextField(null=True, constraints=_one_of("outcome", "left", "call_over", "failed"))
    failure = TextField(
        null=True,
        constraints=_one_of(
            "failure", "busy", "no_answer", "declined", "not_registered", "not_dialled"
        ),
    )

    class Meta:
        primary_key = CompositeKey("call", "number")


class LiveCode(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    code = CharField(max_length=6)
    call = ForeignKeyField(Call, on_delete="CASCADE", unique=True)

    class Meta:
        primary_key = CompositeKey("account", "code")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables."""
    with db.bind_ctx([Account, Call, CallSupervision, LiveCode]):
        db.create_tables([CallSupervision, LiveCode], safe=False)

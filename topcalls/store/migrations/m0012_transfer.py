"""A call can be transferred: a state of its own, and a row for every try.

The table is frozen as it was made: it does not follow the model.
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

from topcalls.store.checks import allow_in_sqlite

_BEFORE = "'pending', 'queued', 'dispatching', 'ringing', 'answered', 'in_progress', "
_AFTER = (
    "'ending', 'completed', 'busy', 'no_answer', 'rejected', 'failed', 'cancelled', "
    "'dispatch_timeout'"
)
_OLD = f"({_BEFORE}{_AFTER})"
_NEW = f"({_BEFORE}'transferred', {_AFTER})"
_LIVE = "('dispatching', 'ringing', 'answered', 'in_progress', 'transferred', 'ending')"
_INDEXES = {"call_live_of_account": "account_id", "call_live_of_node": "node"}


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


def _one_of(column: str, *values: str) -> list[Any]:
    quoted = ", ".join(f"'{value}'" for value in values)
    return [Check(f'"{column}" IN ({quoted})')]


class CallTransfer(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    number = IntegerField()
    destination = TextField()
    phone_number = TextField()
    kind = TextField(constraints=_one_of("kind", "blind", "warm"))
    method = TextField(constraints=_one_of("method", "bridge", "refer"))
    asked_by = TextField(constraints=_one_of("asked_by", "agent", "api"))
    summary = TextField(null=True)
    channel_id = CharField(max_length=64, null=True)
    asked_at = BigIntegerField()
    answered_at = BigIntegerField(null=True)
    connected_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    outcome = TextField(
        null=True,
        constraints=_one_of("outcome", "transferred", "referred", "failed", "called_off"),
    )
    failure = TextField(
        null=True,
        constraints=_one_of(
            "failure",
            "busy",
            "no_answer",
            "declined",
            "not_accepted",
            "hung_up",
            "carrier",
            "not_dialled",
            "briefing_failed",
            "bridge_failed",
        ),
    )
    cause = TextField(null=True)
    sip_status = IntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("call", "number")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Allow the state, find live calls in it too, and make the table."""
    if hasattr(db, "pragma"):
        allow_in_sqlite(db, "call", _OLD, _NEW)
    else:
        db.execute_sql('ALTER TABLE "call" DROP CONSTRAINT call_state_check')
        db.execute_sql(f'ALTER TABLE "call" ADD CHECK ("state" IN {_NEW})')
    for name, column in _INDEXES.items():
        db.execute_sql(f'DROP INDEX "{name}"')
        db.execute_sql(f'CREATE INDEX "{name}" ON "call" ("{column}") WHERE ("state" IN {_LIVE})')
    with db.bind_ctx([Call, CallTransfer]):
        db.create_tables([CallTransfer], safe=False)

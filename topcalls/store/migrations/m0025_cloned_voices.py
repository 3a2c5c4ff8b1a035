"""Accounts have voices of their own, each with the consent of whom it belongs to.

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

_STATES = "'creating', 'unverified', 'ready', 'failed', 'deleting', 'deleted'"


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class ClonedVoice(_Frozen):
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    available_at = BigIntegerField()
    tries_left = IntegerField()
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    name = TextField()
    description = TextField(null=True)
    language = TextField(null=True)
    gender = TextField(null=True)
    provider = TextField()
    provider_voice_id = TextField(null=True)
    state = TextField(constraints=[Check(f'"state" IN ({_STATES})')])
    error = TextField(null=True)
    consent = TextField()
    consent_by = TextField()
    consented_at = BigIntegerField()
    created_by_key = CharField(max_length=36)
    samples = TextField()
    fingerprint = CharField(max_length=64)
    tries = IntegerField()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table with its indexes."""
    with db.bind_ctx([Account, ClonedVoice]):
        db.create_tables([ClonedVoice], safe=False)
    due = "'creating', 'unverified', 'deleting'"
    for name, columns, where in (
        ("cloned_voice_of_account", '"account_id", "created_at"', ""),
        ("cloned_voice_at_vendor", '"provider", "provider_voice_id"', ""),
        ("cloned_voice_due", '"available_at"', f' WHERE ("state" IN ({due}))'),
    ):
        db.execute_sql(f'CREATE INDEX "{name}" ON "cloned_voice" ({columns}){where}')

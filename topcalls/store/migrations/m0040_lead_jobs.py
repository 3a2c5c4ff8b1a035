"""Leads are deleted and read from files by workers.

Tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

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

_KINDS = "\"kind\" IN ('delete', 'upload')"
_STATUSES = "\"status\" IN ('receiving', 'pending', 'checking', 'running', 'completed', 'failed')"


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class LeadJob(_Frozen):
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    available_at = BigIntegerField()
    tries_left = IntegerField()
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    kind = TextField(constraints=[Check(_KINDS)])
    status = TextField(constraints=[Check(_STATUSES)])
    selection = TextField(null=True)
    options = TextField(null=True)
    total = IntegerField()
    chunks_total = IntegerField()
    chunks_done = IntegerField()
    deleted = IntegerField()
    inserted = IntegerField()
    updated = IntegerField()
    duplicates = IntegerField()
    refused = IntegerField()
    error = TextField(null=True)
    created_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account", "created_at"), False),)


class LeadUploadPart(_Frozen):
    job = ForeignKeyField(LeadJob, on_delete="CASCADE", index=False)
    number = IntegerField()
    checked = BooleanField()
    rows = TextField()

    class Meta:
        primary_key = CompositeKey("job", "number")


class LeadUploadRefusal(_Frozen):
    job = ForeignKeyField(LeadJob, on_delete="CASCADE", index=False)
    line = IntegerField()
    errors = TextField()

    class Meta:
        primary_key = CompositeKey("job", "line")


_OPEN = LeadJob.finished_at.is_null()
for _index in (
    LeadJob.index(LeadJob.available_at, where=_OPEN, name="lead_job_due"),
    LeadJob.index(LeadJob.account, where=_OPEN, name="lead_job_open_of_account"),
):
    LeadJob.add_index(_index)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables."""
    with db.bind_ctx([Account, LeadJob, LeadUploadPart, LeadUploadRefusal]):
        db.create_tables([LeadJob, LeadUploadPart, LeadUploadRefusal], safe=False)

"""Accounts have leads, which are on lists; deleting one takes it out of the calls to it.

Tables are frozen as they were made: they do not follow the models.
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

_STATUSES = "\"status\" IN ('New', 'Contacted', 'Converted', 'Unsubscribed')"


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class LeadList(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    name = TextField()
    description = TextField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        indexes = (
            (("account", "name"), True),
            (("account", "created_at"), True),
        )


class Lead(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    phone_number = TextField()
    name = TextField()
    email = TextField(null=True)
    status = TextField(constraints=[Check(_STATUSES)])
    notes = TextField(null=True)
    tags = TextField()
    metadata = TextField()
    time_zone = TextField(null=True)
    region = TextField(null=True)
    converted_at = BigIntegerField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        indexes = (
            (("account", "phone_number"), True),
            (("account", "id"), False),
            (("account", "status", "id"), False),
        )


class LeadListAssignment(_Frozen):
    lead_list = ForeignKeyField(LeadList, column_name="list_id", on_delete="CASCADE", index=False)
    lead = ForeignKeyField(Lead, on_delete="CASCADE", index=False)

    class Meta:
        primary_key = CompositeKey("lead_list", "lead")
        indexes = ((("lead", "lead_list"), False),)


class LeadTag(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    tag = TextField()
    lead = ForeignKeyField(Lead, on_delete="CASCADE")

    class Meta:
        primary_key = CompositeKey("account", "tag", "lead")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables, and the index by which the calls of a lead are found."""
    with db.bind_ctx([Account, LeadList, Lead, LeadListAssignment, LeadTag]):
        db.create_tables([LeadList, Lead, LeadListAssignment, LeadTag], safe=False)
    db.execute_sql(
        'CREATE INDEX "call_of_lead" ON "call" ("lead_id") WHERE ("lead_id" IS NOT NULL)'
    )

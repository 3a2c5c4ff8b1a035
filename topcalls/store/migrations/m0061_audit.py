"""What keys did that somebody may have to answer for: numbers looked at, keys made and revoked."""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, CharField, Check, ForeignKeyField, Model, TextField
from playhouse.migrate import SchemaMigrator


class Account(Model):
    id = CharField(primary_key=True, max_length=36)

    class Meta:
        legacy_table_names = False


class AuditEntry(Model):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    key_id = CharField(max_length=36)
    action = TextField(
        constraints=[Check("\"action\" IN ('number_shown', 'key_created', 'key_revoked')")]
    )
    subject_id = CharField(max_length=36)
    at = BigIntegerField()

    class Meta:
        legacy_table_names = False
        indexes = ((("account", "id"), False),)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table."""
    with db.bind_ctx([Account, AuditEntry]):
        db.create_tables([AuditEntry], safe=False)

"""Recordings are kept for a time."""

from __future__ import annotations

from typing import Any

from peewee import SQL, BigIntegerField, CharField, IntegerField, Model
from playhouse.migrate import SchemaMigrator


class CallRecording(Model):
    call_id = CharField(primary_key=True, max_length=36)
    expires_at = BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Add when a recording is deleted, when it was, and what an account wants of it."""
    migrator.migrate(
        migrator.add_column("account", "recording_retention_days", IntegerField(null=True)),
        migrator.add_column("call_recording", "expires_at", BigIntegerField(null=True)),
        migrator.add_column("call_recording", "deleted_at", BigIntegerField(null=True)),
    )
    with db.bind_ctx([CallRecording]):
        db.execute(
            CallRecording.index(
                CallRecording.expires_at,
                where=SQL('"expires_at" IS NOT NULL'),
                name="call_recording_expires",
            )
        )

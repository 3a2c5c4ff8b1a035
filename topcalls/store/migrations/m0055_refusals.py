"""Dials keep the words of a refusal, and until when it asked to be left alone; attempts of
campaigns likewise, with the AI providers that held their call.
"""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the columns."""
    moment = BigIntegerField(null=True)
    migrator.migrate(
        migrator.add_column("call_attempt", "sip_phrase", TextField(null=True)),
        migrator.add_column("call_attempt", "sip_reason", TextField(null=True)),
        migrator.add_column("call_attempt", "retry_at", moment),
        migrator.add_column("campaign_attempt", "retry_at", BigIntegerField(null=True)),
        migrator.add_column("campaign_attempt", "providers", TextField(null=True)),
        migrator.add_column("campaign_attempt", "failed_provider", TextField(null=True)),
    )
    db.execute_sql(
        'CREATE INDEX "call_attempt_resting" ON "call_attempt" ("carrier_id", "retry_at") '
        'WHERE ("retry_at" IS NOT NULL)'
    )

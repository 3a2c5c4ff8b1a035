"""Calls tell that a person picked up and heard nobody, which is counted, with those who picked up,
from indexes."""

from __future__ import annotations

from typing import Any

from peewee import BooleanField
from playhouse.migrate import SchemaMigrator

_PERSON = "('callback', 'completed', 'dropped', 'opted_out', 'short_talk')"


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Add the column and the indexes."""
    migrator.migrate(migrator.add_column("call", "abandoned", BooleanField(null=True)))
    db.execute_sql(
        'CREATE INDEX "call_abandoned" ON "call" ("account_id", "ended_at") '
        'WHERE ("abandoned" IS NOT NULL)'
    )
    db.execute_sql(
        'CREATE INDEX "campaign_attempt_people" ON "campaign_attempt" ("campaign_id", "ended_at") '
        f'WHERE ("outcome" IN {_PERSON})'
    )

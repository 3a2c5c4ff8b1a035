"""Calls have a cost, carriers a rate, and models a usage in sound.

Columns are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

from peewee import TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the columns."""
    for table, column in (("call", "predicted_cost"), ("call", "cost"), ("carrier", "rate")):
        migrator.migrate(migrator.add_column(table, column, TextField(null=True)))
    db.execute_sql('ALTER TABLE "call_usage" ADD COLUMN "heard_ms" INTEGER NOT NULL DEFAULT 0')

"""A live call can be let go of for another controller, and an operator can ask for it."""

from __future__ import annotations

from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Add the columns, and the index that finds such calls."""
    migrator.migrate(
        migrator.add_column("call", "released_at", peewee.BigIntegerField(null=True)),
        migrator.add_column("controller", "hand_over_asked", peewee.BooleanField(default=False)),
    )
    db.execute_sql(
        'CREATE INDEX "call_released" ON "call" ("node") WHERE ("released_at" IS NOT NULL)'
    )

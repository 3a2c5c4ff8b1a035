"""An operator can ask a controller to drain."""

from __future__ import annotations

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Add the column."""
    asked = peewee.BooleanField(default=False)
    migrator.migrate(migrator.add_column("controller", "drain_asked", asked))

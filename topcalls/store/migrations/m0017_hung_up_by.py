"""A call knows which side ended its channel."""

from __future__ import annotations

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Add the column; calls that ended before do not know it."""
    migrator.migrate(migrator.add_column("call", "hung_up_by", peewee.TextField(null=True)))

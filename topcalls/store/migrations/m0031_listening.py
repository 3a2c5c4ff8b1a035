"""A controller tells where people hear its calls."""

from __future__ import annotations

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Add the column."""
    migrator.migrate(migrator.add_column("controller", "listen_url", peewee.TextField(null=True)))

"""A controller tells how its switch is, and what its node may carry."""

from __future__ import annotations

import peewee
from playhouse.migrate import SchemaMigrator

from topcalls.store.fields import InstantField


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Add the columns."""
    columns = {
        "weight": peewee.IntegerField(default=100),
        "node_capacity": peewee.IntegerField(null=True),
        "obstacle": peewee.TextField(null=True),
        "switch_up": peewee.BooleanField(default=False),
        "switch_since": InstantField(null=True),
        "switch_version": peewee.TextField(null=True),
        "sessions": peewee.IntegerField(null=True),
        "max_sessions": peewee.IntegerField(null=True),
        "idle_percent": peewee.FloatField(null=True),
    }
    migrator.migrate(
        *(migrator.add_column("controller", name, field) for name, field in columns.items())
    )

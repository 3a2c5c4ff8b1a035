"""Turns of a transcript know when they began and ended; calls know the Q.850 cause of their end.

Turns written before have no times of their own: they read as 0.
"""

from __future__ import annotations

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Add the columns."""
    migrator.migrate(
        migrator.add_column("transcript_turn", "started_ms", peewee.IntegerField(default=0)),
        migrator.add_column("transcript_turn", "ended_ms", peewee.IntegerField(default=0)),
        migrator.add_column("transcript_turn", "interrupted", peewee.BooleanField(default=False)),
        migrator.add_column("call", "q850", peewee.IntegerField(null=True)),
    )

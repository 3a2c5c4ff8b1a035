"""An account has words to expect, and a dictionary of how words are said."""

from __future__ import annotations

from typing import Any

from peewee import TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Add the column; null is a dictionary without words."""
    migrator.migrate(migrator.add_column("account", "speech", TextField(null=True)))

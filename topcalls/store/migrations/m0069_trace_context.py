"""Calls keep where in a trace they were created."""

from __future__ import annotations

from typing import Any

from peewee import TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Add the column."""
    migrator.migrate(migrator.add_column("call", "trace_context", TextField(null=True)))

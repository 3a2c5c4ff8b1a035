"""Turns and calls of tools are numbered by change, so that followers of a call find what is new."""

from __future__ import annotations

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(_: SchemaMigrator, db: Any) -> None:
    """Add the columns; what was written before counts as written at once."""
    for table in ("transcript_turn", "call_tool"):
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "change" INTEGER DEFAULT 1 NOT NULL')

"""Analyses that are open are found among those that are over, which are many."""

from __future__ import annotations

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(_: SchemaMigrator, db: Any) -> None:
    """Make the indexes."""
    for name, columns in (("analysis_open", '"lease_until"'), ("analysis_open_in_run", '"run_id"')):
        db.execute_sql(
            f'CREATE INDEX "{name}" ON "analysis" ({columns}) WHERE ("finished_at" IS NULL)'
        )

"""A campaign's calls are counted by one look at an index."""

from __future__ import annotations

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the index."""
    db.execute_sql(
        'CREATE INDEX "campaign_attempt_figures" ON "campaign_attempt" '
        '("campaign_id", "outcome", "disposition", "talk_seconds")'
    )

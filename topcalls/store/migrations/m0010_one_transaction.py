"""A key's record is written in the transaction of its work: nothing to lease, nothing to find."""

from __future__ import annotations

from typing import Any

from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Drop the columns of requests in progress, and the records that never got an answer."""
    db.execute_sql("DELETE FROM idempotency_record WHERE status IS NULL")
    migrator.migrate(
        migrator.drop_column("idempotency_record", "resource_id"),
        migrator.drop_column("idempotency_record", "lease_until"),
    )

"""What voices took and what was spent in vain is kept by call, and which stages were replaced."""

from __future__ import annotations

from typing import Any

from playhouse.migrate import SchemaMigrator

_COUNTS = ("voice_characters", "wasted_tokens", "wasted_characters")


def up(_: SchemaMigrator, db: Any) -> None:
    """Add the columns; of calls that were made before nothing is known."""
    for column in _COUNTS:
        db.execute_sql(f'ALTER TABLE "call_usage" ADD COLUMN "{column}" INTEGER DEFAULT 0 NOT NULL')
    db.execute_sql('ALTER TABLE "call" ADD COLUMN "stages_replaced" TEXT')

"""What identifies people is taken out of calls that are over."""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField
from playhouse.migrate import SchemaMigrator

from topcalls.store.checks import allow_in_sqlite

_BEFORE = "'latency', 'summary'"
_AFTER = "'latency', 'redaction', 'summary'"
_STEPS = f"('recording', 'transcript', {_AFTER}, 'extraction', 'disposition', 'webhook')"


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Room for the step, and the mark of calls in which it is done."""
    migrator.migrate(migrator.add_column("call", "redacted_at", BigIntegerField(null=True)))
    if hasattr(db, "pragma"):
        allow_in_sqlite(db, "wrap_up", _BEFORE, _AFTER)
        return
    db.execute_sql('ALTER TABLE "wrap_up" DROP CONSTRAINT wrap_up_step_check')
    db.execute_sql(f'ALTER TABLE "wrap_up" ADD CHECK ("step" IN {_STEPS})')

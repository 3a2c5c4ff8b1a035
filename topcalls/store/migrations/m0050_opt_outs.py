"""Calls tell that somebody did not want to be called, and what was said is read again for it.

The step of a wrap-up stands behind the transcript that it reads.
"""

from __future__ import annotations

from typing import Any

from peewee import TextField
from playhouse.migrate import SchemaMigrator

from topcalls.store.checks import allow_in_sqlite

_BEFORE = "'transcript', 'latency'"
_AFTER = "'transcript', 'opt_out', 'latency'"
_STEPS = f"('recording', {_AFTER}, 'redaction', 'summary', 'extraction', 'disposition', 'webhook')"


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Room for the step, and the mark of calls."""
    migrator.migrate(migrator.add_column("call", "opted_out", TextField(null=True)))
    if hasattr(db, "pragma"):
        allow_in_sqlite(db, "wrap_up", _BEFORE, _AFTER)
        return
    db.execute_sql('ALTER TABLE "wrap_up" DROP CONSTRAINT wrap_up_step_check')
    db.execute_sql(f'ALTER TABLE "wrap_up" ADD CHECK ("step" IN {_STEPS})')

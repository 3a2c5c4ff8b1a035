"""A transfer may fail because a machine answered at the target."""

from __future__ import annotations

from typing import Any

from playhouse.migrate import SchemaMigrator

from topcalls.store.checks import allow_in_sqlite

_BEFORE = (
    "('busy', 'no_answer', 'declined', 'not_accepted', 'hung_up', 'carrier', 'not_dialled', "
    "'briefing_failed', 'bridge_failed')"
)
_AFTER = _BEFORE.replace("'hung_up'", "'voicemail', 'hung_up'")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Allow it."""
    if hasattr(db, "pragma"):
        allow_in_sqlite(db, "call_transfer", _BEFORE, _AFTER)
        return
    db.execute_sql('ALTER TABLE "call_transfer" DROP CONSTRAINT call_transfer_failure_check')
    db.execute_sql(f'ALTER TABLE "call_transfer" ADD CHECK ("failure" IN {_AFTER})')

"""It is written down who took the numbers of calls out in a file."""

from __future__ import annotations

from typing import Any

from playhouse.migrate import SchemaMigrator

from topcalls.store.checks import allow_in_sqlite

_BEFORE = "'number_shown', 'lead_number_shown', 'key_created', 'key_revoked'"
_AFTER = "'number_shown', 'lead_number_shown', 'numbers_exported', 'key_created', 'key_revoked'"


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Room for the action."""
    if hasattr(db, "pragma"):
        allow_in_sqlite(db, "audit_entry", _BEFORE, _AFTER)
        return
    name = "audit_entry_action_check"
    db.execute_sql(f'ALTER TABLE "audit_entry" DROP CONSTRAINT {name}')
    db.execute_sql(
        f'ALTER TABLE "audit_entry" ADD CONSTRAINT {name} CHECK ("action" IN ({_AFTER}))'
    )

"""Contacts of campaigns wait for what no time brings, and are looked at again when it has come.

Those that are held are counted by their reason from an index of their own. Tables are frozen as
they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

from peewee import CharField, TextField
from playhouse.migrate import SchemaMigrator

from topcalls.store.checks import allow_in_sqlite

_BEFORE = "'waiting', 'in_flight', 'done', 'given_up', 'skipped', 'removed'"
_AFTER = "'waiting', 'held', 'in_flight', 'done', 'given_up', 'skipped', 'removed'"


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Room for the state, how far contacts were looked at again, and the index."""
    migrator.migrate(
        migrator.add_column("campaign", "recheck_through", CharField(max_length=36, null=True)),
        migrator.add_column("campaign", "judged_by", TextField(null=True)),
    )
    if hasattr(db, "pragma"):
        allow_in_sqlite(db, "campaign_contact", _BEFORE, _AFTER)
    else:
        name = "campaign_contact_state_check"
        db.execute_sql(f'ALTER TABLE "campaign_contact" DROP CONSTRAINT {name}')
        db.execute_sql(
            f'ALTER TABLE "campaign_contact" ADD CONSTRAINT {name} CHECK ("state" IN ({_AFTER}))'
        )
    db.execute_sql(
        'CREATE INDEX "campaign_contact_held" ON "campaign_contact" ("campaign_id", "reason") '
        "WHERE (\"state\" IN ('held'))"
    )

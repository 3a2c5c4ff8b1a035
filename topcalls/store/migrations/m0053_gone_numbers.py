"""Numbers that an account no longer has are remembered, so that nothing of it shows them."""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
    CharField,
    Check,
    CompositeKey,
    ForeignKeyField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

_EARLIER = """
INSERT INTO gone_number (account_id, number, why, gone_at)
SELECT account_id, number,
  CASE WHEN COALESCE(MAX(CASE WHEN kind = 'release' THEN finished_at END), 0) > COALESCE(
      MAX(CASE WHEN kind = 'purchase' THEN finished_at END), 0)
    THEN 'released' ELSE 'deleted' END,
  MAX(finished_at)
FROM number_order
WHERE state = 'done' AND number NOT IN (SELECT number FROM phone_number)
GROUP BY account_id, number
"""
"""Those that were bought here, which their orders tell of."""


class Account(Model):
    id = CharField(primary_key=True, max_length=36)

    class Meta:
        legacy_table_names = False


class GoneNumber(Model):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    number = TextField()
    why = TextField(constraints=[Check("\"why\" IN ('deleted', 'released')")])
    gone_at = BigIntegerField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("account", "number")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table, and fill it with what is known."""
    with db.bind_ctx([Account, GoneNumber]):
        db.create_tables([GoneNumber], safe=False)
    db.execute_sql(_EARLIER)

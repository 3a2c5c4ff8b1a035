"""What answered a call is kept with the reasons for it, and with what a person says it was.

The table is frozen as it was made: it does not follow the model.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
    CharField,
    Check,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

_KINDS = "'human', 'voicemail', 'ivr', 'screening', 'fax', 'intercept', 'silence', 'unknown'"


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class CallAnswer(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", primary_key=True)
    kind = TextField(constraints=[Check(f'"kind" IN ({_KINDS})')])
    first_kind = TextField(constraints=[Check(f'"first_kind" IN ({_KINDS})')])
    confidence_percent = IntegerField()
    decided_ms = IntegerField()
    evidence = TextField()
    at = BigIntegerField()
    corrected = TextField(null=True, constraints=[Check(f'"corrected" IN ({_KINDS})')])
    corrected_at = BigIntegerField(null=True)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table."""
    with db.bind_ctx([Call, CallAnswer]):
        db.create_tables([CallAnswer], safe=False)

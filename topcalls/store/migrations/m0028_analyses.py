"""Calls are analysed when they are over, and may be again.

The tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

_OPEN = '("finished_at" IS NULL)'


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class AnalysisRun(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    name = TextField(null=True)
    selection = TextField()
    request = TextField()
    apply = BooleanField()
    state = TextField(constraints=[Check("\"state\" IN ('running', 'done', 'cancelled')")])
    calls = IntegerField()
    created_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)
    applied_at = BigIntegerField(null=True)


class Analysis(_Frozen):
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    available_at = BigIntegerField()
    tries_left = IntegerField()
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    run = ForeignKeyField(AnalysisRun, null=True, on_delete="CASCADE", index=False)
    state = TextField(constraints=[Check("\"state\" IN ('waiting', 'done', 'failed')")])
    model = TextField(null=True)
    findings = TextField(null=True)
    before = TextField(null=True)
    error = TextField(null=True)
    created_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)
    applied_at = BigIntegerField(null=True)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables with their indexes, and room for what was found beside the calls."""
    with db.bind_ctx([Account, Call, AnalysisRun, Analysis]):
        db.create_tables([AnalysisRun, Analysis], safe=False)
    migrator.migrate(
        migrator.add_column("call", "sentiment", TextField(null=True)),
        migrator.add_column("call", "success", BooleanField(null=True)),
        migrator.add_column("call", "analysis_state", TextField(null=True)),
    )
    db.execute_sql(
        'CREATE INDEX "analysis_run_list" ON "analysis_run" ("account_id", "created_at")'
    )
    for unique, name, columns, where in (
        ("UNIQUE ", "analysis_after_call", '"call_id"', '"run_id" IS NULL'),
        ("", "analysis_applied", '"call_id", "applied_at"', '"applied_at" IS NOT NULL'),
        ("", "analysis_of_run", '"run_id", "id"', ""),
        ("", "analysis_due", '"available_at"', f'{_OPEN} AND ("run_id" IS NULL)'),
        ("", "analysis_due_in_run", '"available_at"', f'{_OPEN} AND ("run_id" IS NOT NULL)'),
    ):
        condition = f" WHERE ({where})" if where else ""
        db.execute_sql(f'CREATE {unique}INDEX "{name}" ON "analysis" ({columns}){condition}')

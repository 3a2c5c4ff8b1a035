"""What was found out about calls that are over."""

from __future__ import annotations

import peewee

from topcalls.core.analysis_request import RUN_STATES
from topcalls.core.analysis_work import State
from topcalls.store.fields import InstantField, JsonField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, Task, id_field, one_of
from topcalls.store.models.calls import Call


class AnalysisRun(Table):
    """An analysis of many calls again. `request` is what is asked of each, `selection` which they
    are. `apply`: what is found is written to the calls at once."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    name = peewee.TextField(null=True)
    selection = JsonField()
    request = JsonField()
    apply = peewee.BooleanField()
    state = peewee.TextField(constraints=[one_of("state", RUN_STATES)])
    calls = peewee.IntegerField()
    created_at = InstantField()
    finished_at = InstantField(null=True)
    applied_at = InstantField(null=True)


AnalysisRun.add_index(
    AnalysisRun.index(AnalysisRun.account, AnalysisRun.created_at, name="analysis_run_list")
)


class Analysis(Task):
    """One analysis of one call; without `run` the one that follows the call itself.

    `findings` is a stored `core.analysis_work.Findings`, as far as it got. `before` is what the
    call had when it was done. `applied_at`: the call has what it found.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    run = peewee.ForeignKeyField(AnalysisRun, null=True, on_delete="CASCADE", index=False)
    run_id: str | None
    state = peewee.TextField(constraints=[one_of("state", State)])
    model = peewee.TextField(null=True)
    findings = JsonField(null=True)
    before = JsonField(null=True)
    error = peewee.TextField(null=True)
    created_at = InstantField()
    finished_at = InstantField(null=True)
    applied_at = InstantField(null=True)


for _index in (
    Analysis.index(
        Analysis.call, where=Analysis.run.is_null(), unique=True, name="analysis_after_call"
    ),
    Analysis.index(
        Analysis.call,
        Analysis.applied_at,
        where=Analysis.applied_at.is_null(False),
        name="analysis_applied",
    ),
    Analysis.index(Analysis.run, Analysis.id, name="analysis_of_run"),
    Analysis.index(
        Analysis.lease_until, where=Analysis.finished_at.is_null(), name="analysis_open"
    ),
    Analysis.index(Analysis.run, where=Analysis.finished_at.is_null(), name="analysis_open_in_run"),
    Analysis.index(
        Analysis.available_at,
        where=Analysis.finished_at.is_null() & Analysis.run.is_null(),
        name="analysis_due",
    ),
    Analysis.index(
        Analysis.available_at,
        where=Analysis.finished_at.is_null() & Analysis.run.is_null(False),
        name="analysis_due_in_run",
    ),
):
    Analysis.add_index(_index)

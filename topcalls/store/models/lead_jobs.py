"""Work at many leads that workers do, and the files of leads that they read."""

from __future__ import annotations

import peewee

from topcalls.core.lead_jobs import JobKind, JobStatus
from topcalls.store.fields import InstantField, JsonField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, Task, id_field, one_of


class LeadJob(Task):
    """A job. `selection`: what a deletion deletes; `options`: how a file is taken in. `total`
    counts leads, or rows of the file; `error` says why it failed."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    kind = peewee.TextField(constraints=[one_of("kind", JobKind)])
    status = peewee.TextField(constraints=[one_of("status", JobStatus)])
    selection = JsonField(null=True)
    options = JsonField(null=True)
    total = peewee.IntegerField(default=0)
    chunks_total = peewee.IntegerField(default=0)
    chunks_done = peewee.IntegerField(default=0)
    deleted = peewee.IntegerField(default=0)
    inserted = peewee.IntegerField(default=0)
    updated = peewee.IntegerField(default=0)
    duplicates = peewee.IntegerField(default=0)
    refused = peewee.IntegerField(default=0)
    error = JsonField(null=True)
    created_at = InstantField()
    finished_at = InstantField(null=True)

    class Meta:
        indexes = ((("account", "created_at"), False),)


IS_OPEN = LeadJob.finished_at.is_null()
for _index in (
    LeadJob.index(LeadJob.available_at, where=IS_OPEN, name="lead_job_due"),
    LeadJob.index(LeadJob.account, where=IS_OPEN, name="lead_job_open_of_account"),
):
    LeadJob.add_index(_index)


class LeadUploadPart(Table):
    """Rows of a file that are not imported yet: `[line, cells]`, or once they are `checked`
    `[line, body of a lead]` of those that are good."""

    job = peewee.ForeignKeyField(LeadJob, on_delete="CASCADE", index=False)
    job_id: str
    number = peewee.IntegerField()
    checked = peewee.BooleanField(default=False)
    rows = JsonField()

    class Meta:
        primary_key = peewee.CompositeKey("job", "number")


class LeadUploadRefusal(Table):
    """A row of a file that was not taken, and why; never what stands in it."""

    job = peewee.ForeignKeyField(LeadJob, on_delete="CASCADE", index=False)
    job_id: str
    line = peewee.IntegerField()
    errors = JsonField()

    class Meta:
        primary_key = peewee.CompositeKey("job", "line")

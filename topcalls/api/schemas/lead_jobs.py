"""Many leads at once: what is sent, and how the work is shown."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.leads import LeadFieldsSchema, id_sent, number_sent, status_sent, uuid
from topcalls.core import leads as rules
from topcalls.core.lead_jobs import JobKind, JobStatus, RefusedRows
from topcalls.core.leads import ImportMode
from topcalls.services import lead_deletions, lead_imports
from topcalls.services.lead_deletions import Deleted
from topcalls.services.lead_jobs import JobView
from topcalls.services.lead_uploads import UploadOptions

_MODE = (
    "Of leads that exist. `merge`: notes are appended under the time, tags are joined. `skip`: "
    "they stay as they are. `overwrite`: what is given replaces what is there, names of "
    "`metadata` one by one; nobody who has unsubscribed is subscribed again."
)


class ImportedLeadSchema(LeadFieldsSchema):
    """A lead of an import."""

    phone_number = number_sent(required=True)
    name = fields.Text(
        allow_none=True, metadata={"maxLength": rules.MAX_NAME, "description": 'By default "".'}
    )


class ImportSchema(ma.Schema):
    """Leads, and the list to put them on."""

    list_id = id_sent("The list to put them on.")
    leads = fields.ListOf(
        ma.fields.Nested(ImportedLeadSchema),
        required=True,
        metadata={"minItems": 1, "maxItems": lead_imports.MOST},
    )
    mode = fields.Choice(
        *ImportMode, load_default=ImportMode.MERGE.value, metadata={"description": _MODE}
    )


class ImportReportSchema(ma.Schema):
    """What an import did: every lead was inserted, updated or a duplicate."""

    success = fields.Flag(required=True)
    inserted = fields.Whole(required=True)
    updated = fields.Whole(
        required=True, metadata={"description": "Existed, and were merged or overwritten."}
    )
    duplicates = fields.Whole(
        required=True,
        metadata={"description": "Existed and were skipped, or came before in the same import."},
    )
    total_processed = fields.Whole(required=True)
    duration_ms = fields.Whole(required=True)


class LeadFilterSchema(ma.Schema):
    """Which leads to delete: those that meet everything given, which is at least one."""

    list_id = id_sent("Leads on this list.", required=False)
    status = status_sent()
    tag = fields.Text(metadata={"minLength": 1})


class BulkDeleteSchema(ma.Schema):
    """Which leads to delete: `ids` or `filter`."""

    ids = fields.ListOf(
        fields.Text(metadata={"format": "uuid"}),
        metadata={"minItems": 1, "maxItems": lead_deletions.MOST_AT_ONCE},
    )
    filter = ma.fields.Nested(LeadFilterSchema)
    account_id = id_sent("Only the key's own.", required=False)


class SkippedSchema(ma.Schema):
    """A lead that was not deleted."""

    lead_id = fields.Text(required=True)
    reason = fields.Choice("not_found", required=True)


class DeletedSchema(ma.Schema):
    """What was deleted at once."""

    kind = fields.Choice("sync", required=True)
    deleted = fields.Whole(required=True)
    skipped = fields.Whole(required=True)
    skipped_payload = fields.ListOf(ma.fields.Nested(SkippedSchema), required=True)


class DeletingSchema(ma.Schema):
    """A job that deletes leads."""

    kind = fields.Choice("async", required=True)
    job_id = uuid("Follow it by GET /v1/leads/jobs/{job_id}.")
    status = fields.Choice(JobStatus.PENDING, required=True)
    total_leads = fields.Whole(required=True)
    chunks_total = fields.Whole(required=True)


class JobErrorSchema(ma.Schema):
    """Why a job failed."""

    code = fields.Text(required=True)
    message = fields.Text(required=True)


class LeadJobSchema(ma.Schema):
    """Work at many leads."""

    id = uuid("The job.")
    kind = fields.Choice(*JobKind, required=True)
    status = fields.Choice(
        *JobStatus,
        required=True,
        metadata={"description": "`checking`: rows of a file are judged, no lead is touched yet."},
    )
    list_id = uuid("The list that is filled or emptied.", null=True)
    total_leads = fields.Whole(
        required=True, metadata={"description": "Leads to delete, or rows of the file."}
    )
    chunks_total = fields.Whole(required=True)
    chunks_done = fields.Whole(required=True)
    progress = fields.Number(required=True, metadata={"description": "From 0 to 1."})
    deleted = fields.Whole(required=True)
    inserted = fields.Whole(required=True)
    updated = fields.Whole(required=True)
    duplicates = fields.Whole(required=True)
    refused = fields.Whole(
        required=True, metadata={"description": "Rows not taken: see `/refusals` of the job."}
    )
    error = ma.fields.Nested(JobErrorSchema, required=True, allow_none=True)
    created_at = fields.Timestamp(required=True)
    finished_at = fields.Timestamp(required=True, allow_none=True)


class UploadQuerySchema(ma.Schema):
    """How a file is taken in."""

    mode = fields.Choice(
        *ImportMode, load_default=ImportMode.MERGE.value, metadata={"description": _MODE}
    )
    refused_rows = fields.Choice(
        *RefusedRows,
        load_default=RefusedRows.SKIP.value,
        metadata={"description": "`abort`: nothing is imported if any row is refused."},
    )
    region = fields.Text(
        metadata={"description": "The country (`US`) of numbers without a country code."}
    )


class RefusalErrorSchema(ma.Schema):
    """What is wrong with a row."""

    path = fields.Text(required=True, metadata={"description": "The column."})
    message = fields.Text(required=True)
    code = fields.Text(required=True)


class RefusalSchema(ma.Schema):
    """A row that was not taken."""

    line = fields.Whole(
        required=True, metadata={"description": "Of the file, on which the row begins."}
    )
    errors = fields.ListOf(ma.fields.Nested(RefusalErrorSchema), required=True)


class RefusalPageSchema(ma.Schema):
    """Rows that were not taken, in the order of the file."""

    data = fields.ListOf(ma.fields.Nested(RefusalSchema), required=True)
    next_cursor = fields.Whole(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )


class RefusalQuerySchema(ma.Schema):
    """Which refused rows to list."""

    limit = fields.QueryWhole(
        load_default=50,
        validate=ma.validate.Range(1, 1_000, error="Must be from 1 to 1000."),
    )
    cursor = fields.QueryWhole(metadata={"description": "`next_cursor` of the page before."})


def deletion_shown(result: Deleted | JobView) -> tuple[dict[str, Any], int]:
    """What a deletion answers, and with which status."""
    if isinstance(result, Deleted):
        return DeletedSchema().dump(_at_once(result)), 200
    names = ("job_id", "status", "total_leads", "chunks_total")
    return {"kind": "async", **{name: getattr(result, name) for name in names}}, 202


def _at_once(result: Deleted) -> dict[str, Any]:
    names = ("deleted", "skipped", "skipped_payload")
    return {"kind": "sync", **{name: getattr(result, name) for name in names}}


def upload_options(query: dict[str, Any]) -> UploadOptions:
    """How a file is to be taken in."""
    mode, refused_rows = ImportMode(query["mode"]), RefusedRows(query["refused_rows"])
    return UploadOptions(mode, refused_rows, query.get("region"))

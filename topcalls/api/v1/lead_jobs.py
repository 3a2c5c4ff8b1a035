"""`/v1/leads/bulk…`, `/v1/leads/jobs`, and files of leads for `/v1/lists`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from topcalls.api import lead_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with, streams
from topcalls.api.context import services
from topcalls.api.schemas.lead_jobs import (
    BulkDeleteSchema,
    DeletedSchema,
    DeletingSchema,
    ImportReportSchema,
    ImportSchema,
    LeadJobSchema,
    RefusalPageSchema,
    RefusalQuerySchema,
    UploadQuerySchema,
    deletion_shown,
    upload_options,
)
from topcalls.api.v1.lead_lists import ONE as LIST
from topcalls.api.v1.leads import BASE
from topcalls.core.lead_csv import MAX_BYTES
from topcalls.services.lead_imports import ImportReport
from topcalls.services.lead_jobs import JobView, RefusalPage
from topcalls.services.recording_store import pieces

lead_jobs = ApiBlueprint("lead-jobs", __name__, description="Many leads at once.")
_JOB = f"{BASE}/jobs/<uuid:job_id>"


@lead_jobs.route(f"{BASE}/bulk", methods=["POST"])
@requires("leads:write")
@fails_with(404)
@lead_jobs.arguments(ImportSchema, example=examples.IMPORT)
@lead_jobs.response(200, ImportReportSchema, example=examples.IMPORTED)
def import_leads(body: dict[str, Any]) -> ImportReport:
    """Import up to 2,000 leads, all or none of them.

    They are put on the list, also those that exist. For more, send a file.
    """
    return services().lead_imports.run(principal().account_id, body)


@lead_jobs.route(f"{BASE}/bulk-delete", methods=["POST"])
@requires("leads:write")
@fails_with(404, 409)
@lead_jobs.arguments(BulkDeleteSchema, example=examples.DELETION)
@lead_jobs.response(200, DeletedSchema, example=examples.DELETED)
@lead_jobs.alt_response(
    202, schema=DeletingSchema, success=True, description="More than 500: a job deletes them."
)
def delete_leads(body: dict[str, Any]) -> tuple[Response, int]:
    """Delete leads for good, by their ids or by a filter.

    Up to 500 are deleted at once (200); more by a job (202), which takes those that there are now.
    """
    shown, status = deletion_shown(services().lead_deletions.delete(principal().account_id, body))
    return jsonify(shown), status


@lead_jobs.route(_JOB)
@requires("leads:read")
@lead_jobs.response(200, LeadJobSchema, example=examples.JOB)
def get_lead_job(job_id: UUID) -> JobView:
    """Get a deletion or an upload: how far it is, and what came of it."""
    return services().lead_jobs.get(principal().account_id, str(job_id))


@lead_jobs.route(f"{_JOB}/refusals")
@requires("leads:read")
@lead_jobs.arguments(RefusalQuerySchema, location="query")
@lead_jobs.response(200, RefusalPageSchema, example=examples.REFUSALS)
def list_refusals(query: dict[str, Any], job_id: UUID) -> RefusalPage:
    """List the rows of a file that were not taken, each with its line and what is wrong.

    Follow `next_cursor` until it is null.
    """
    return services().lead_jobs.refusals(principal().account_id, str(job_id), **query)


@lead_jobs.route(f"{LIST}/upload", methods=["POST"])
@requires("leads:write")
@fails_with(409)
@streams("text/csv", MAX_BYTES)
@lead_jobs.arguments(UploadQuerySchema, location="query")
@lead_jobs.response(202, LeadJobSchema, example=examples.UPLOAD)
def upload_leads(query: dict[str, Any], list_id: UUID) -> JobView:
    """Put the leads of a CSV file on a list: up to 100,000, UTF-8.

    The first line names the columns: `phone_number`, which must be there, `name`, `email`,
    `status`, `notes`, `tags` (parted by `;`), `time_zone`, `region`; any other column becomes a
    name in the `metadata` of its leads. What is wrong with the file as a whole is told at once
    (400, with the line). Then all rows are checked, and only then the good ones are imported.
    """
    where = (principal().account_id, str(list_id), upload_options(query))
    return services().lead_uploads.receive(*where, pieces(request.stream.read))

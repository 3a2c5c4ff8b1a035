"""Lists of leads, and what is done to many of their leads at once."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from topcalls.console import sessions
from topcalls.console.backend import Refused
from topcalls.console.forms import Field, Form
from topcalls.console.pages.here import PAGE, attempt, backend, or_none
from topcalls.core.lead_jobs import RefusedRows
from topcalls.core.leads import ImportMode

lists = Blueprint("lists", __name__)
_FIELDS: Final = (Field("name"), Field("description"))
_UPLOAD: Final = (Field("mode"), Field("refused_rows"), Field("region"))
_OVER: Final = frozenset({"completed", "failed"})
_MODES: Final = {
    ImportMode.MERGE: "join their tags, append notes",
    ImportMode.SKIP: "leave them as they are",
    ImportMode.OVERWRITE: "replace what the file brings",
}


@lists.get("/lists")
def listed() -> Any:
    """The lists, newest first."""
    return _listed(Form.of(_FIELDS, {}, g.zone))


def _listed(form: Form) -> str:
    api = backend()
    found = api.get("/v1/lists", limit=PAGE, cursor=request.args.get("cursor"))
    jobs = [or_none(partial(api.get, f"/v1/leads/jobs/{job_id}")) for job_id in sessions.jobs()]
    return render_template(
        "lists.html", form=form, found=found, jobs=[job for job in jobs if job is not None]
    )


@lists.post("/lists")
def create() -> Any:
    """Make an empty list."""
    form = Form.sent(_FIELDS, request.form, g.zone)
    try:
        made = backend().post("/v1/lists", form.body())
    except Refused as refused:
        form.refuse(refused)
        return _listed(form), refused.status
    flash("The list is made. Put people on it.", "done")
    return redirect(url_for("lists.show", list_id=made["id"]), 303)


@lists.get("/lists/<uuid:list_id>")
def show(list_id: UUID) -> Any:
    """A list: how many are on it, and what can be done with it."""
    found = backend().get(f"/v1/lists/{list_id}")
    return _page(found, Form.of(_FIELDS, found, g.zone), Form.of(_UPLOAD, {}, g.zone))


@lists.post("/lists/<uuid:list_id>")
def change(list_id: UUID) -> Any:
    """Give a list another name or description."""
    found = backend().get(f"/v1/lists/{list_id}")
    form = Form.sent(_FIELDS, request.form, g.zone)
    body = {"description": None, **form.body()}
    try:
        backend().patch(f"/v1/lists/{list_id}", body)
    except Refused as refused:
        form.refuse(refused)
        return _page(found, form, Form.of(_UPLOAD, {}, g.zone)), refused.status
    flash("It is changed.", "done")
    return redirect(url_for("lists.show", list_id=list_id), 303)


@lists.post("/lists/<uuid:list_id>/delete")
def delete(list_id: UUID) -> Any:
    """Delete a list on which nobody is."""
    if attempt(lambda: backend().delete(f"/v1/lists/{list_id}"), "The list is deleted."):
        return redirect(url_for("lists.listed"), 303)
    return redirect(url_for("lists.show", list_id=list_id), 303)


@lists.post("/lists/<uuid:list_id>/upload")
def upload(list_id: UUID) -> Any:
    """Take a file of leads to the API, and go where its progress is shown."""
    found = backend().get(f"/v1/lists/{list_id}")
    form = Form.sent(_UPLOAD, request.form, g.zone)
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            form.tell("", "Choose a file first.")
            return _page(found, Form.of(_FIELDS, found, g.zone), form), 400
        path = f"/v1/lists/{list_id}/upload"
        job = backend().send_file(path, file.stream, "text/csv", **form.body())
    except Refused as refused:
        form.refuse(refused)
        return _page(found, Form.of(_FIELDS, found, g.zone), form), refused.status
    return _followed(job["id"])


@lists.post("/leads/delete-many")
def delete_many() -> Any:
    """Delete all leads of a list, a status or a tag."""
    names = ("list_id", "status", "tag")
    chosen: dict[str, Any] = {name: request.form[name] for name in names if request.form.get(name)}
    made: dict[str, Any] = {}

    def ask() -> None:
        made.update(backend().post("/v1/leads/bulk-delete", {"filter": chosen}))

    if not attempt(ask, "They are being deleted."):
        return redirect(url_for("leads.listed", **chosen), 303)
    if made["kind"] == "async":
        return _followed(made["job_id"])
    flash(f"{made['deleted']} leads are deleted.", "done")
    return redirect(url_for("leads.listed", **chosen), 303)


def _followed(job_id: str) -> Any:
    sessions.note_job(job_id)
    return redirect(url_for("lists.job", job_id=job_id), 303)


@lists.get("/leads/jobs/<uuid:job_id>")
def job(job_id: UUID) -> Any:
    """How far a file or a deletion is, and what came of it."""
    api, path = backend(), f"/v1/leads/jobs/{job_id}"
    found = api.get(path)
    over = found["status"] in _OVER
    refusals = None
    if found["refused"] and over:
        cursor = request.args.get("cursor")
        refusals = api.get(f"{path}/refusals", limit=PAGE, cursor=cursor)
    return render_template("lead_job.html", job=found, over=over, refusals=refusals)


@lists.get("/leads/jobs/<uuid:job_id>/progress")
def progress(job_id: UUID) -> Any:
    """That alone, for the page that renews it."""
    found = backend().get(f"/v1/leads/jobs/{job_id}")
    return render_template("lead_job_progress.html", job=found, over=found["status"] in _OVER)


def _page(found: dict[str, Any], form: Form, upload_form: Form) -> str:
    return render_template(
        "list.html",
        found=found,
        form=form,
        upload=upload_form,
        modes=list(_MODES.items()),
        refused_rows=[(RefusedRows.SKIP, "leave them out"), (RefusedRows.ABORT, "import nothing")],
    )

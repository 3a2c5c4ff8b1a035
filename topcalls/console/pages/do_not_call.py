"""Numbers that are not called: looked up, put on the list, taken off it, in files."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from topcalls.console.backend import Refused
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import attempt, backend, choices, searched

do_not_call = Blueprint("do_not_call", __name__)
_FOUND_BY: Final = (Field("phone_number"), Field("purpose"))
_FIELDS: Final = (
    Field("phone_number"),
    Field("reason"),
    Field("purpose"),
    Field("campaign_id"),
    Field("expires_at", Kind.MOMENT),
)
_UPLOAD: Final = (Field("region"),)


@do_not_call.get("/do-not-call")
def listed() -> Any:
    """The entries, newest first, or those of one number."""
    return _page()


def _page(form: Form | None = None, upload: Form | None = None, taken: Any = None) -> Any:
    search = Form.sent(_FOUND_BY, request.args, g.zone)
    found = searched("/v1/do-not-call", search)
    looked_up = search.value("phone_number")
    page = render_template(
        "do_not_call.html",
        search=search,
        chosen=dict(search.carried()),
        found=found,
        form=form or Form.of(_FIELDS, {"phone_number": looked_up or None}, g.zone),
        upload=upload or Form.of(_UPLOAD, {}, g.zone),
        taken=taken,
        campaigns=choices("/v1/campaigns"),
    )
    return page, 400 if search.is_wrong else 200


@do_not_call.post("/do-not-call")
def add() -> Any:
    """Put a number on the list."""
    form = Form.sent(_FIELDS, request.form, g.zone)
    try:
        backend().post("/v1/do-not-call", form.body())
    except Refused as refused:
        form.refuse(refused)
        page, _ = _page(form)
        return page, refused.status
    flash("It is on the list. Calls to it are refused from now on.", "done")
    return redirect(url_for("do_not_call.listed", phone_number=request.form["phone_number"]), 303)


@do_not_call.post("/do-not-call/remove")
def remove() -> Any:
    """Take an entry off the list."""
    number = request.form.get("phone_number", "")
    names = ("purpose", "campaign_id")
    which = {name: request.form.get(name) for name in names}
    path = f"/v1/do-not-call/{quote(number, safe='+')}"
    attempt(lambda: backend().delete(path, **which), "It is off the list.")
    return redirect(url_for("do_not_call.listed", phone_number=number), 303)


@do_not_call.post("/do-not-call/upload")
def upload() -> Any:
    """Put the numbers of a file on the list, and show which rows were refused."""
    form = Form.sent(_UPLOAD, request.form, g.zone)
    file = request.files.get("file")
    if file is None or not file.filename:
        form.tell("", "Choose a file first.")
        page, _ = _page(upload=form)
        return page, 400
    try:
        taken = backend().send_file(
            "/v1/do-not-call/upload", file.stream, "text/csv", **form.body()
        )
    except Refused as refused:
        form.refuse(refused)
        page, _ = _page(upload=form)
        return page, refused.status
    return _page(taken=taken)


@do_not_call.get("/do-not-call/export.csv")
def export() -> Response:
    """The whole list as a file."""
    answer = backend().forward("/v1/do-not-call/export")
    answer.headers["Content-Disposition"] = "attachment; filename=do-not-call.csv"
    return answer

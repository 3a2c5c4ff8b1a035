"""People to be called: found, looked at, made, changed, deleted."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from topcalls.console import sessions
from topcalls.console.backend import Refused
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import (
    attempt,
    backend,
    choices,
    now,
    or_none,
    reveal_numbers,
    searched,
)
from topcalls.core.audit import AuditAction
from topcalls.core.leads import LeadStatus

leads = Blueprint("leads", __name__)
_FOUND_BY: Final = (Field("phone"), Field("list_id"), Field("status"), Field("tag"))
_FIELDS: Final = (
    Field("name"),
    Field("phone_number"),
    Field("email"),
    Field("status"),
    Field("tags", Kind.LINES),
    Field("time_zone"),
    Field("region"),
    Field("notes"),
    Field("metadata", Kind.JSON),
)
_NEW: Final = (*_FIELDS, Field("list_id"))
_CHANGED: Final = (*_FIELDS, Field("notes_append"))
STATUSES: Final = tuple((one.value, one.value) for one in LeadStatus)


@leads.get("/leads")
def listed() -> Any:
    """The leads, newest first, of a list, a status, a tag or a number."""
    form = Form.sent(_FOUND_BY, request.args, g.zone)
    found = searched("/v1/leads", form)
    lists = choices("/v1/lists")
    page = render_template(
        "leads.html",
        form=form,
        found=found,
        chosen=dict(form.carried()),
        statuses=STATUSES,
        lists=lists,
        list_names=dict(lists),
    )
    return page, 400 if form.is_wrong else 200


@leads.get("/leads/new")
def begin() -> Any:
    """The form of a lead that there is not yet."""
    return _form(Form.of(_NEW, {"list_id": request.args.get("list_id")}, g.zone))


@leads.post("/leads")
def create() -> Any:
    """Make a lead, or put the one of this number on the list."""
    form = Form.sent(_NEW, request.form, g.zone)
    body = form.body()
    if form.is_wrong:
        return _form(form), 400
    try:
        made = backend().post("/v1/leads", body)
    except Refused as refused:
        form.refuse(refused)
        return _form(form), refused.status
    if made["existed"]:
        flash(
            "There was a lead of this number. It is on the list now, and stays as it was.", "done"
        )
    else:
        flash("The lead is made.", "done")
    return redirect(url_for("leads.show", lead_id=made["id"]), 303)


@leads.get("/leads/<uuid:lead_id>")
def show(lead_id: UUID) -> Any:
    """A lead, and what they have agreed to."""
    api = backend()
    lead = api.get(f"/v1/leads/{lead_id}")
    number = lead["phone_number"]
    listed = or_none(lambda: api.get("/v1/do-not-call", phone_number=number))
    consents = or_none(lambda: api.get("/v1/consents", phone_number=number, limit=20))
    return render_template(
        "lead.html",
        lead=lead,
        shown=sessions.shows_numbers(str(lead_id), now()),
        listed=listed,
        consents=consents,
        list_names=dict(choices("/v1/lists")),
    )


@leads.post("/leads/<uuid:lead_id>/number")
def show_number(lead_id: UUID) -> Any:
    """Show the telephone number of a lead to this session for a while; that is written down."""
    reveal_numbers(f"/v1/leads/{lead_id}", lead_id, AuditAction.LEAD_NUMBER_SHOWN)
    return redirect(url_for("leads.show", lead_id=lead_id), 303)


@leads.get("/leads/<uuid:lead_id>/edit")
def edit(lead_id: UUID) -> Any:
    """The form of a lead as it is. Its number is not shown, and stays if none is written."""
    lead = backend().get(f"/v1/leads/{lead_id}")
    return _form(Form.of(_CHANGED, _said(lead), g.zone), lead)


@leads.post("/leads/<uuid:lead_id>/edit")
def change(lead_id: UUID) -> Any:
    """Change what was written otherwise."""
    lead = backend().get(f"/v1/leads/{lead_id}")
    form = Form.sent(_CHANGED, request.form, g.zone)
    before = _said(lead)
    after = form.body(before)
    if form.is_wrong:
        return _form(form, lead), 400
    emptied: dict[str, Any] = {"tags": [], "metadata": {}}
    body = {
        name: after.get(name, emptied.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    }
    try:
        if body:
            backend().patch(f"/v1/leads/{lead_id}", body)
    except Refused as refused:
        form.refuse(refused)
        return _form(form, lead), refused.status
    flash("It is changed." if body else "Nothing was changed: it is as you wrote it.", "done")
    return redirect(url_for("leads.show", lead_id=lead_id), 303)


@leads.post("/leads/<uuid:lead_id>/delete")
def delete(lead_id: UUID) -> Any:
    """Delete a lead for good, or take it off one list."""
    list_id = request.form.get("list_id")
    path = f"/v1/leads/{lead_id}"
    done = "It is off the list." if list_id else "The lead is deleted."
    if not attempt(lambda: backend().delete(path, list_id=list_id), done):
        return redirect(url_for("leads.show", lead_id=lead_id), 303)
    if list_id:
        return redirect(url_for("lists.show", list_id=list_id), 303)
    return redirect(url_for("leads.listed"), 303)


def _said(lead: dict[str, Any]) -> dict[str, Any]:
    """What can be changed of a lead, but for its number."""
    names = ("name", "email", "status", "tags", "time_zone", "region", "notes", "metadata")
    return {name: lead[name] for name in names if lead[name] not in (None, [], {})}


def _form(form: Form, lead: dict[str, Any] | None = None) -> str:
    return render_template(
        "lead_form.html", form=form, lead=lead, statuses=STATUSES, lists=choices("/v1/lists")
    )

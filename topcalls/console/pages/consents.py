"""What people have agreed to: found, stored, taken back."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from topcalls.console.backend import Refused
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import backend, choices, searched
from topcalls.core.eligibility_facts import ConsentKind

consents = Blueprint("consents", __name__)
_OF: Final = ("phone_number", "list_id", "campaign_id")
_FOUND_BY: Final = tuple(Field(name) for name in _OF)
_FIELDS: Final = (
    Field("phone_number"),
    Field("list_id"),
    Field("campaign_id"),
    Field("kind"),
    Field("purposes", Kind.LINES),
    Field("sellers", Kind.LINES),
    Field("source"),
    Field("captured_at", Kind.MOMENT),
    Field("expires_at", Kind.MOMENT),
    Field("wording"),
    Field("proof", Kind.JSON),
    Field("names_ai_voice", Kind.FLAG),
    Field("device_agreement", Kind.FLAG),
    Field("lifts_hours", Kind.FLAG),
)
_REVOCATION: Final = (Field("by"), Field("revoked_at", Kind.MOMENT))


@consents.get("/consents")
def listed() -> Any:
    """The consents, newest first, of a number, a list or a campaign."""
    search = Form.sent(_FOUND_BY, request.args, g.zone)
    found = searched("/v1/consents", search)
    chosen = dict(search.carried())
    page = render_template("consents.html", search=search, found=found, chosen=chosen, **_of_whom())
    return page, 400 if search.is_wrong else 200


@consents.get("/consents/new")
def begin() -> Any:
    """The form of a consent."""
    given = {name: request.args.get(name) for name in _OF}
    return _form(Form.of(_FIELDS, given, g.zone))


@consents.post("/consents")
def create() -> Any:
    """Store what somebody agreed to."""
    form = Form.sent(_FIELDS, request.form, g.zone)
    body = form.body()
    if form.is_wrong:
        return _form(form), 400
    try:
        made = backend().post("/v1/consents", body)
    except Refused as refused:
        form.refuse(refused)
        return _form(form), refused.status
    flash("It is stored.", "done")
    return redirect(url_for("consents.show", consent_id=made["id"]), 303)


@consents.get("/consents/<uuid:consent_id>")
def show(consent_id: UUID) -> Any:
    """A consent with its proof."""
    return _page(consent_id, Form.of(_REVOCATION, {}, g.zone))


@consents.post("/consents/<uuid:consent_id>/revoke")
def revoke(consent_id: UUID) -> Any:
    """Note that it was taken back."""
    form = Form.sent(_REVOCATION, request.form, g.zone)
    try:
        backend().post(f"/v1/consents/{consent_id}/revoke", form.body())
    except Refused as refused:
        form.refuse(refused)
        return _page(consent_id, form), refused.status
    flash("It is noted. Who wants no calls at all belongs on the do-not-call list too.", "done")
    return redirect(url_for("consents.show", consent_id=consent_id), 303)


def _page(consent_id: UUID, form: Form) -> str:
    consent = backend().get(f"/v1/consents/{consent_id}")
    return render_template("consent.html", consent=consent, form=form)


def _form(form: Form) -> str:
    kinds = [(one.value, one.value.replace("_", " ")) for one in ConsentKind]
    return render_template("consent_form.html", form=form, kinds=kinds, **_of_whom())


def _of_whom() -> dict[str, list[tuple[str, str]]]:
    """Lists and campaigns to choose from."""
    return {"lists": choices("/v1/lists"), "campaigns": choices("/v1/campaigns")}

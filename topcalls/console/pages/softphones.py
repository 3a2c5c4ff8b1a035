"""Telephones of the account's own people."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for

from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import attempt, backend, filled, sent, taken

softphones = Blueprint("softphones", __name__)
_BASE: Final = "/v1/softphones"
_FIELDS: Final = (Field("extension"), Field("name"), Field("may_supervise", Kind.FLAG))


@softphones.get("/softphones")
def listed() -> Any:
    """The softphones, and a form for another."""
    return _page(filled(_FIELDS, {"may_supervise": True}))


@softphones.post("/softphones")
def add() -> Any:
    """Add a softphone; the answer is the one page that shows its password."""
    form = sent(_FIELDS)
    asked = {"extension": "", "may_supervise": False}
    made = taken(form, lambda body: backend().post(_BASE, {**asked, **body}))
    if made is None:
        return _page(form), 400
    return render_template("softphone_made.html", made=made)


@softphones.post("/softphones/<uuid:softphone_id>/delete")
def delete(softphone_id: UUID) -> Any:
    """Delete a softphone."""
    attempt(lambda: backend().delete(f"{_BASE}/{softphone_id}"), "The softphone is deleted.")
    return redirect(url_for("softphones.listed"), 303)


def _page(form: Form) -> str:
    return render_template("softphones.html", found=backend().get(_BASE)["data"], form=form)

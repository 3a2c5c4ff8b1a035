"""The account's API keys, and what they did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for

from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import attempt, backend, filled, now, sent, taken
from topcalls.console.wording import parsed
from topcalls.services.keys import SCOPES

keys = Blueprint("keys", __name__)
_FIELDS: Final = (
    Field("name"),
    Field("scopes", Kind.MANY),
    Field("expires_at", Kind.MOMENT),
)


@keys.get("/keys")
def listed() -> Any:
    """The keys, and a form for another."""
    return _page(filled(_FIELDS))


@keys.post("/keys")
def create() -> Any:
    """Make a key; the answer is the one page that shows it."""
    form = sent(_FIELDS)
    made = taken(form, lambda body: backend().post("/v1/account/keys", {"scopes": [], **body}))
    if made is None:
        return _page(form), 400
    return render_template("key_made.html", made=made)


@keys.post("/keys/<uuid:key_id>/revoke")
def revoke(key_id: UUID) -> Any:
    """Make a key useless."""
    attempt(lambda: backend().delete(f"/v1/account/keys/{key_id}"), "The key is revoked.")
    return redirect(url_for("keys.listed"), 303)


@keys.get("/keys/audit")
def audit() -> Any:
    """Who saw numbers, and made or revoked keys."""
    found = backend().get("/v1/account/audit", cursor=request.args.get("cursor"))
    return render_template("audit.html", found=found)


def _page(form: Form) -> str:
    api = backend()
    found = api.get("/v1/account/keys")["data"]
    return render_template(
        "keys.html",
        found=[{**key, "state": _state(key)} for key in reversed(found)],
        grantable=[(scope, scope) for scope in SCOPES if api.may(scope)],
        form=form,
    )


def _state(key: Mapping[str, Any]) -> str:
    if key["revoked_at"]:
        return "revoked"
    ended = key["expires_at"] is not None and parsed(key["expires_at"]) <= now()
    return "expired" if ended else "active"

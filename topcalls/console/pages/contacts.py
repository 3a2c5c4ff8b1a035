"""The people that a campaign calls, and what happened to each."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for

from topcalls.console.pages.here import PAGE, attempt, backend
from topcalls.core.campaign_outcomes import Outcome
from topcalls.core.campaign_state import ContactState

contacts = Blueprint("contacts", __name__)
_ALL: Final = "/campaigns/<uuid:campaign_id>/contacts"
_ONE: Final = f"{_ALL}/<uuid:lead_id>"


@contacts.get(_ALL)
def listed(campaign_id: UUID) -> Any:
    """The contacts, by their state and what their last call came to."""
    api, path = backend(), f"/v1/campaigns/{campaign_id}"
    chosen = {name: request.args.get(name, "") for name in ("status", "outcome")}
    return render_template(
        "contacts.html",
        campaign=api.get(path),
        found=api.get(f"{path}/contacts", limit=PAGE, cursor=request.args.get("cursor"), **chosen),
        chosen=chosen,
        statuses=[one.value for one in ContactState],
        outcomes=[one.value for one in Outcome],
    )


@contacts.get(_ONE)
def show(campaign_id: UUID, lead_id: UUID) -> Any:
    """One contact: its calls, and all that happened."""
    api, path = backend(), f"/v1/campaigns/{campaign_id}"
    found = api.get(f"{path}/contacts/{lead_id}")
    return render_template("contact.html", campaign=api.get(path), found=found)


@contacts.post(f"{_ONE}/remove")
def remove(campaign_id: UUID, lead_id: UUID) -> Any:
    """Do not call somebody any more in this campaign."""
    path = f"/v1/campaigns/{campaign_id}/contacts/{lead_id}"
    attempt(lambda: backend().delete(path), "They are not called any more in this campaign.")
    return redirect(url_for("contacts.show", campaign_id=campaign_id, lead_id=lead_id), 303)


@contacts.post(f"{_ONE}/add")
def add(campaign_id: UUID, lead_id: UUID) -> Any:
    """Call somebody in this campaign, also one who was removed."""
    path = f"/v1/campaigns/{campaign_id}/contacts"
    body = {"lead_ids": [str(lead_id)]}
    attempt(lambda: backend().post(path, body), "They are called in this campaign.")
    return redirect(url_for("contacts.show", campaign_id=campaign_id, lead_id=lead_id), 303)

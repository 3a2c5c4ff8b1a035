"""Campaigns: made, edited, started and stopped, and how they are going."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from topcalls.console import charts
from topcalls.console.backend import Refused
from topcalls.console.forms import Form
from topcalls.console.pages.campaign_form import FIELDS, body_of, options
from topcalls.console.pages.here import PAGE, attempt, backend, choices
from topcalls.core.campaign_edit import edit_to
from topcalls.core.campaign_rules import filled
from topcalls.core.campaign_state import CampaignState

campaigns = Blueprint("campaigns", __name__)
_ACTIONS: Final[Mapping[str, str]] = {
    "start": "It is started.",
    "pause": "It is paused. Calls in flight go on.",
    "resume": "It goes on.",
    "stop": "It is stopped for good.",
    "archive": "It is put away.",
}
_UNDER_WAY: Final = frozenset(
    {CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED}
)
_MAY_BE_CHECKED: Final = frozenset(
    {CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.PAUSED}
)


@campaigns.get("/campaigns")
def listed() -> Any:
    """The campaigns, newest first."""
    chosen = {name: request.args.get(name, "") for name in ("status", "archived")}
    found = backend().get("/v1/campaigns", limit=PAGE, cursor=request.args.get("cursor"), **chosen)
    statuses = [one.value for one in CampaignState]
    return render_template("campaigns.html", found=found, statuses=statuses, chosen=chosen)


@campaigns.get("/campaigns/new")
def begin() -> Any:
    """The form of a campaign that there is not yet."""
    list_ids = [request.args["list_id"]] if "list_id" in request.args else []
    return _form(Form.of(FIELDS, {"list_ids": list_ids}, g.zone))


@campaigns.post("/campaigns")
def create() -> Any:
    """Make a draft of that form."""
    form = Form.sent(FIELDS, request.form, g.zone)
    body = form.body()
    if form.is_wrong:
        return _form(form), 400
    try:
        made = backend().post("/v1/campaigns", body)
    except Refused as refused:
        form.refuse(refused)
        return _form(form), refused.status
    flash("It is a draft. Nobody is called before you start it.", "done")
    return redirect(url_for("campaigns.show", campaign_id=made["id"]), 303)


@campaigns.get("/campaigns/<uuid:campaign_id>")
def show(campaign_id: UUID) -> Any:
    """A campaign, and what it has come to."""
    api = backend()
    campaign = api.get(f"/v1/campaigns/{campaign_id}")
    asked = campaign["status"] in _MAY_BE_CHECKED and not campaign["archived_at"]
    check = api.get(f"/v1/campaigns/{campaign_id}/check") if asked else None
    raw = orjson.dumps(body_of(campaign), option=orjson.OPT_INDENT_2).decode()
    lists = dict(choices("/v1/lists"))
    return render_template(
        "campaign.html", campaign=campaign, check=check, raw=raw, list_names=lists
    )


@campaigns.get("/campaigns/<uuid:campaign_id>/figures")
def figures(campaign_id: UUID) -> Any:
    """What it has come to alone, for the page that renews it."""
    campaign = backend().get(f"/v1/campaigns/{campaign_id}")
    return render_template("campaign_figures.html", campaign=campaign)


@campaigns.get("/campaigns/<uuid:campaign_id>/outcomes.svg")
def outcomes(campaign_id: UUID) -> Response:
    """What its calls came to, as a picture."""
    found = backend().get(f"/v1/campaigns/{campaign_id}/statistics")
    picture = charts.counts(found["calls"]["by_outcome"])
    return Response(picture, mimetype="image/svg+xml")


@campaigns.get("/campaigns/<uuid:campaign_id>/statistics")
def statistics(campaign_id: UUID) -> Response:
    """Its figures whenever they have changed."""
    return backend().forward(f"/v1/campaigns/{campaign_id}/statistics")


# --- edited


@campaigns.get("/campaigns/<uuid:campaign_id>/edit")
def edit(campaign_id: UUID) -> Any:
    """The form of a campaign as it is."""
    campaign = backend().get(f"/v1/campaigns/{campaign_id}")
    return _form(Form.of(FIELDS, body_of(campaign), g.zone), campaign)


@campaigns.post("/campaigns/<uuid:campaign_id>/edit")
def change(campaign_id: UUID) -> Any:
    """Change a campaign; of one that is under way, show first what that does."""
    api, path = backend(), f"/v1/campaigns/{campaign_id}"
    campaign = api.get(path)
    form = Form.sent(FIELDS, request.form, g.zone)
    now = body_of(campaign)
    wanted = form.body(now)
    if form.is_wrong or "again" in request.form:
        return _form(form, campaign), 400 if form.is_wrong else 200
    body = edit_to(filled(now), filled(wanted))
    if not body:
        flash("Nothing was changed: it is as you wrote it.", "done")
        return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)
    try:
        if campaign["status"] in _UNDER_WAY and "confirmed" not in request.form:
            return _previewed(form, campaign, api.post(f"{path}/preview", body))
        api.patch(path, body, revision=request.form.get("revision"))
    except Refused as refused:
        form.refuse(refused)
        return _form(form, campaign), refused.status
    flash("It is changed.", "done")
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)


def _previewed(form: Form, campaign: Mapping[str, Any], preview: Mapping[str, Any]) -> Any:
    for fault in preview["errors"]:
        form.tell(fault["path"], fault["message"])
    if form.is_wrong:
        return _form(form, campaign), 400
    revision = _revision(campaign)
    return render_template(
        "campaign_preview.html", form=form, campaign=campaign, preview=preview, revision=revision
    )


def _form(form: Form, campaign: Mapping[str, Any] | None = None) -> str:
    revision = _revision(campaign) if campaign else ""
    return render_template(
        "campaign_form.html", form=form, campaign=campaign, revision=revision, offered=options(form)
    )


def _revision(campaign: Mapping[str, Any]) -> str:
    """The one that the reader saw first, so that nobody's change in between is lost."""
    return request.form.get("revision") or str(campaign["revision"])


@campaigns.post("/campaigns/<uuid:campaign_id>/<any(start,pause,resume,stop,archive):action>")
def act(campaign_id: UUID, action: str) -> Any:
    """Start, pause, resume, stop or put away."""
    path = f"/v1/campaigns/{campaign_id}/{action}"
    attempt(lambda: backend().post(path), _ACTIONS[action])
    return redirect(url_for("campaigns.show", campaign_id=campaign_id), 303)

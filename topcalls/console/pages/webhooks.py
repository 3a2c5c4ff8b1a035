"""Webhooks: who is told, how it stands with them, what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from topcalls.console.changes import changed
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import attempt, backend, filled, sent, taken
from topcalls.core.webhook_retry import DeliveryState

webhooks = Blueprint("webhooks", __name__)
_BASE: Final = "/v1/webhooks"
_FIELDS: Final = (Field("event"), Field("url"), Field("filters", Kind.JSON))
_SECRET: Final = (Field("overlap_hours", Kind.NUMBER),)


@webhooks.get("/webhooks")
def listed() -> Any:
    """The subscriptions, receivers that fail, and a form for another."""
    return _page(filled(_FIELDS, {"event": "call.completed"}))


@webhooks.post("/webhooks")
def create() -> Any:
    """Subscribe to an event."""
    form = sent(_FIELDS)
    made = taken(form, lambda body: backend().post(_BASE, {"event": "", "url": "", **body}))
    if made is None:
        return _page(form), 400
    flash("The subscription is made. Send it a test.", "done")
    return redirect(url_for("webhooks.show", webhook_id=made["id"]), 303)


@webhooks.get("/webhooks/<uuid:webhook_id>")
def show(webhook_id: UUID) -> Any:
    """A subscription, and what it was sent."""
    webhook = backend().get(f"{_BASE}/{webhook_id}")
    return _one(webhook, filled(_FIELDS, webhook))


@webhooks.post("/webhooks/<uuid:webhook_id>")
def change(webhook_id: UUID) -> Any:
    """Change a subscription."""
    path, form = f"{_BASE}/{webhook_id}", sent(_FIELDS)
    webhook = backend().get(path)
    before = {name: webhook[name] for name in ("event", "url", "filters")}

    def write(body: dict[str, Any]) -> Any:
        return backend().patch(path, changed(before, {"event": "", "url": "", **body}))

    if taken(form, write) is None:
        return _one(webhook, form), 400
    flash("The subscription is changed.", "done")
    return redirect(url_for("webhooks.show", webhook_id=webhook_id), 303)


@webhooks.post("/webhooks/<uuid:webhook_id>/<any(test,on,off,delete):action>")
def act(webhook_id: UUID, action: str) -> Any:
    """Send a test, switch off or on, or end a subscription."""
    api, path = backend(), f"{_BASE}/{webhook_id}"
    doings = {
        "test": (lambda: api.post(f"{path}/test"), "A test is on its way: see the deliveries."),
        "on": (lambda: api.patch(path, {"enabled": True}), "It is sent to again."),
        "off": (lambda: api.patch(path, {"enabled": False}), "It is sent nothing any more."),
        "delete": (lambda: api.delete(path), "The subscription is ended."),
    }
    if attempt(*doings[action]) and action == "delete":
        return redirect(url_for("webhooks.listed"), 303)
    return redirect(url_for("webhooks.show", webhook_id=webhook_id), 303)


@webhooks.post("/webhooks/receivers/<uuid:receiver_id>/enable")
def enable(receiver_id: UUID) -> Any:
    """Send to a disabled receiver again."""
    path = f"{_BASE}/receivers/{receiver_id}/enable"
    done = "It is sent to again, from the next event on. What it missed is under the deliveries."
    attempt(lambda: backend().post(path), done)
    return redirect(url_for("webhooks.listed"), 303)


@webhooks.get("/webhooks/deliveries")
def deliveries() -> Any:
    """What was sent to anybody, newest first."""
    status = request.args.get("status", "")
    found = backend().get(f"{_BASE}/deliveries", status=status, cursor=request.args.get("cursor"))
    states = [str(state) for state in DeliveryState]
    return render_template("deliveries.html", found=found, status=status, states=states)


@webhooks.get("/webhooks/deliveries/<uuid:delivery_id>")
def delivery(delivery_id: UUID) -> Any:
    """One delivery: each try, and what is posted."""
    found = backend().get(f"{_BASE}/deliveries/{delivery_id}")
    return render_template("delivery.html", delivery=found)


@webhooks.post("/webhooks/deliveries/<uuid:delivery_id>/replay")
def replay(delivery_id: UUID) -> Any:
    """Send it once more."""
    path = f"{_BASE}/deliveries/{delivery_id}/replay"
    attempt(lambda: backend().post(path), "It is sent once more.")
    return redirect(url_for("webhooks.delivery", delivery_id=delivery_id), 303)


@webhooks.post("/webhooks/secret")
def rotate() -> Any:
    """Make a new secret; the answer is the one page that shows it."""
    form = sent(_SECRET)
    made = taken(form, lambda body: backend().post(f"{_BASE}/secret/rotate", body))
    if made is None:
        return _page(filled(_FIELDS), form), 400
    return render_template("webhook_secret.html", made=made)


def _page(form: Form, secret: Form | None = None) -> str:
    api = backend()
    return render_template(
        "webhooks.html",
        found=api.get(_BASE)["data"],
        receivers=api.get(f"{_BASE}/receivers")["data"],
        form=form,
        secret=secret or filled(_SECRET, {"overlap_hours": 24}),
    )


def _one(webhook: Mapping[str, Any], form: Form) -> str:
    cursor = request.args.get("cursor")
    found = backend().get(f"{_BASE}/{webhook['id']}/deliveries", cursor=cursor)
    return render_template("webhook.html", webhook=webhook, form=form, found=found)

"""Calls as they happen: followed, listened to, spoken into, handed over, stopped."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for

from topcalls.console.pages.here import attempt, backend, or_none

live = Blueprint("live", __name__)
_SHOWN = 200


@live.get("/live")
def calls() -> Any:
    """Every live call."""
    return render_template("live.html", found=backend().get("/v1/calls/live", limit=_SHOWN))


@live.get("/live/rows")
def rows() -> Any:
    """The rows of that table alone, for the page that renews them."""
    return render_template("live_rows.html", found=backend().get("/v1/calls/live", limit=_SHOWN))


@live.get("/live/<uuid:call_id>")
def call(call_id: UUID) -> Any:
    """One live call; once it is over, its page among the calls."""
    found = backend().get(f"/v1/calls/{call_id}")
    if found["completed"]:
        return redirect(url_for("calls.show", call_id=call_id), 303)
    return render_template("live_call.html", call=found)


@live.get("/live/<uuid:call_id>/events")
def events(call_id: UUID) -> Response:
    """What happens in a call, as it happens."""
    return backend().forward(f"/v1/calls/{call_id}/events")


@live.get("/live/<uuid:call_id>/listen")
def listen(call_id: UUID) -> Any:
    """Where a call is heard, to be opened by a player."""
    link = or_none(lambda: backend().get(f"/v1/calls/{call_id}/listen"))
    return render_template("listen.html", link=link, call_id=call_id)


@live.post("/live/<uuid:call_id>/<action>")
def act(call_id: UUID, action: str) -> Any:
    """Take part in a call."""
    api, given = backend(), request.form
    path = f"/v1/calls/{call_id}/{action}"
    text = given.get("text", "").strip()
    doings = {
        "say": lambda: attempt(lambda: api.post(path, {"text": text}), "The agent will say it."),
        "inject": lambda: attempt(lambda: api.post(path, {"text": text}), "The model knows it."),
        "dtmf": lambda: attempt(lambda: api.post(path, {"digits": text}), "The keys are pressed."),
        "transfer": lambda: attempt(
            lambda: api.post(path, {"phone_number": text}), "It rings at the other telephone."
        ),
        "stop": lambda: attempt(lambda: api.post(path), "The call is being hung up."),
    }
    if action not in doings:
        return redirect(url_for("live.call", call_id=call_id), 303)
    doings[action]()
    return redirect(url_for("live.call", call_id=call_id), 303)

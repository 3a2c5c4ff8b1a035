"""Signing in and out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for

from topcalls.api import auth
from topcalls.console import sessions
from topcalls.console.backend import Backend
from topcalls.console.pages.here import now, or_none
from topcalls.errors import RateLimited, Unauthorized

session_pages = Blueprint("session", __name__)


@session_pages.get("/sign-in")
def enter() -> Any:
    """The form that takes a key."""
    return render_template("sign_in.html", back=_own(request.args.get("back")), wrong=None)


@session_pages.post("/sign-in")
def sign_in() -> Any:
    """Take a key. It is looked at once and not kept."""
    api = current_app.extensions["topcalls.console.api"]
    back = _own(request.form.get("back"))
    try:
        who = auth.sign_in(api, request.form.get("key", "").strip())
    except (Unauthorized, RateLimited) as error:
        status = 429 if isinstance(error, RateLimited) else 401
        return render_template("sign_in.html", back=back, wrong=str(error)), status
    budgets = or_none(lambda: Backend(api, who).get("/v1/account/budgets"))
    sessions.begin(who.key_id, budgets["time_zone"] if budgets else "UTC", now())
    return redirect(back or url_for("overview.show"), 303)


@session_pages.post("/sign-out")
def sign_out() -> Any:
    """End the session."""
    sessions.end()
    flash("You are signed out.", "done")
    return redirect(url_for("session.enter"), 303)


def _own(back: str | None) -> str:
    """Where to go on to: an address of the console, whatever a link says."""
    parts = urlsplit(back or "")
    inside = parts.path.startswith(f"{request.script_root}/") and "\\" not in parts.path
    if parts.scheme or parts.netloc or not inside:
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")

"""Calls counted, what the account used, and how much it may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for

from topcalls.console import charts
from topcalls.console.backend import Refused
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import backend, filled, now, sent, taken
from topcalls.services.statistics import GROUPS

analytics = Blueprint("analytics", __name__)
_DAYS: Final = 30
_MOST_BARS: Final = 40
_QUERY: Final = (Field("from"), Field("to"), Field("group_by"))
_BUDGETS: Final = tuple(
    Field(f"{period}.{measure}", kind)
    for period in ("day", "month")
    for measure, kind in (("minutes", Kind.NUMBER), ("calls", Kind.NUMBER), ("cost", Kind.TEXT))
)


@analytics.get("/analytics")
def show() -> Any:
    """Calls counted by what the reader asks for."""
    form = _asked()
    report = None
    try:
        report = backend().get("/v1/analytics", **_wanted(form))
    except Refused as refused:
        if refused.status != 400:
            raise
        form.refuse(refused)
    page = render_template(
        "analytics.html",
        form=form,
        report=report,
        groups=[(group, group.replace("_", " ")) for group in GROUPS],
        wanted={name.rstrip("_"): value for name, value in _wanted(form).items()},
    )
    return page, 200 if report is not None else 400


@analytics.get("/analytics/chart.svg")
def chart() -> Response:
    """The same as a picture: calls, and those that were answered, of each group."""
    report = backend().get("/v1/analytics", **_wanted(_asked()))
    rows = report["data"][:_MOST_BARS]
    labels = [str(row["name"] or row["group"]) for row in rows]
    response = Response(charts.calls_by_group(labels, rows), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


@analytics.get("/analytics/calls.csv")
def table() -> Response:
    """The same as a table to keep."""
    reply = backend().forward("/v1/analytics", **_wanted(_asked()), format="csv")
    reply.headers["Content-Disposition"] = 'attachment; filename="calls.csv"'
    return reply


@analytics.get("/usage")
def usage() -> Any:
    """What the account used by day, its limits, its budgets."""
    return _usage(None)


@analytics.post("/usage/budgets")
def budgets() -> Any:
    """Replace the budgets."""
    form = sent(_BUDGETS)
    if taken(form, lambda body: backend().put("/v1/account/budgets", body)) is None:
        return _usage(form), 400
    flash("The budgets are set. What today's calls have spent counts at once.", "done")
    return redirect(url_for("analytics.usage"), 303)


def _usage(form: Form | None) -> str:
    api = backend()
    first, last = _days()
    limits = api.get("/v1/account/limits")
    set_ = {
        period: {
            measure: limits["budgets"][period][measure]["limit"]
            for measure in ("minutes", "calls", "cost")
        }
        for period in ("day", "month")
    }
    return render_template(
        "usage.html",
        used=api.get("/v1/account/usage", from_=first, to=last),
        limits=limits,
        form=form or filled(_BUDGETS, set_),
    )


def _asked() -> Form:
    """What the reader asks for; by default the last days, one by one."""
    first, last = _days()
    asked = {"from": first, "to": last, "group_by": GROUPS[0]}
    return filled(
        _QUERY, asked | {name: request.args[name] for name in asked if name in request.args}
    )


def _wanted(form: Form) -> dict[str, Any]:
    return {f"{name}_": value for name, value in form.carried()}


def _days() -> tuple[str, str]:
    today = now().astimezone(ZoneInfo(g.zone)).date()
    return (today - timedelta(days=_DAYS - 1)).isoformat(), today.isoformat()

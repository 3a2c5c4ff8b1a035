"""The first page: what goes on now, how the last days went, and what needs somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, render_template, url_for

from topcalls.console import charts
from topcalls.console.pages.here import backend, now, or_none

overview = Blueprint("overview", __name__)
_DAYS: Final = 14
_LIVE_SHOWN: Final = 8


class Alert(NamedTuple):
    """Something that needs somebody: what, and the page on which it is dealt with."""

    title: str
    words: str
    link: str | None = None


@overview.get("/")
def show() -> Any:
    """The overview."""
    api = backend()
    days = _days()
    report = or_none(lambda: api.get("/v1/analytics", group_by="day", from_=days[-1], to=days[-1]))
    return render_template(
        "overview.html",
        live=or_none(lambda: api.get("/v1/calls/live", limit=_LIVE_SHOWN)),
        today=report["total"] if report else None,
        currency=report["currency"] if report else "USD",
        limits=or_none(lambda: api.get("/v1/account/limits")),
        latest=or_none(lambda: api.get("/v1/calls", limit=_LIVE_SHOWN)),
        alerts=list(_alerts()),
    )


@overview.get("/charts/<name>.svg")
def chart(name: str) -> Response:
    """Calls of the last days, or how long their answers took, as a picture."""
    days = _days()
    report = backend().get("/v1/analytics", group_by="day", from_=days[0], to=days[-1])
    by_day = {row["group"]: row for row in report["data"]}
    draw = charts.latency_by_day if name == "latency" else charts.calls_by_day
    response = Response(draw(days, by_day), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


def _days() -> list[str]:
    today = now().astimezone(ZoneInfo(g.zone)).date()
    return [(today - timedelta(days=ago)).isoformat() for ago in range(_DAYS - 1, -1, -1)]


def _alerts() -> Iterator[Alert]:
    api = backend()
    status = or_none(lambda: api.get("/v1/status"))
    for part in status["components"] if status else ():
        if part["status"] != "up":
            yield Alert(f"{part['name'].capitalize()} is {part['status']}", part["detail"] or "")
    for node in status["nodes"] if status else ():
        if node["status"] == "down":
            yield Alert(f"Node {node['name']} is down", node["detail"] or "")
    wrong = or_none(lambda: api.get("/v1/status/alerts"))
    for one in wrong["data"] if wrong else ():
        if one["firing"]:
            yield Alert(one["name"], f"{one['summary']} {one['remedy']}")
    carriers = or_none(lambda: api.get("/v1/phone-numbers/carriers"))
    for carrier in carriers["data"] if carriers else ():
        for node in carrier["status"]["nodes"]:
            if node["state"] in ("failed", "down", "unreachable"):
                title = f"Carrier {carrier['carrier_name']} on {node['node']}"
                yield Alert(title, f"{node['found'] or ''} {node['remedy'] or ''}")
    paused = or_none(lambda: api.get("/v1/campaigns", status="paused", limit=20))
    for campaign in paused["data"] if paused else ():
        why = campaign["paused_for"]
        if why and why["code"] != "user":
            yield Alert(f"Campaign {campaign['name']} is paused", why["detail"] or why["code"])
    failing = or_none(lambda: api.get("/v1/webhooks/receivers"))
    for receiver in failing["data"] if failing else ():
        yield Alert("A webhook's receiver fails", receiver["url"])


def live_link(call_id: str) -> str:
    """The page on which a live call is followed."""
    return url_for("live.call", call_id=call_id)

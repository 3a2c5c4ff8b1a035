"""What would come of a campaign, before anybody is called."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, g, render_template, request

from topcalls.console import charts, wording
from topcalls.console.backend import Refused
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import backend

rehearsal = Blueprint("rehearsal", __name__)
FIELDS: Final = (
    Field("starts_at", Kind.MOMENT),
    Field("days", Kind.NUMBER),
    Field("seed", Kind.NUMBER),
    Field("callees.human_percent", Kind.NUMBER),
    Field("callees.voicemail_percent", Kind.NUMBER),
    Field("callees.talk_seconds", Kind.NUMBER),
    Field("callees.*", Kind.JSON),
    Field("dials", Kind.NUMBER),
)
_PATH: Final = "/campaigns/<uuid:campaign_id>/rehearsal"
_HOURS_DRAWN: Final = 96
"""More bars than this cannot be told apart: then days are drawn."""


@rehearsal.get(_PATH)
def ask(campaign_id: UUID) -> Any:
    """The form of what to rehearse."""
    return _page(campaign_id, Form.of(FIELDS, {}, g.zone), None)


@rehearsal.post(_PATH)
def run(campaign_id: UUID) -> Any:
    """Rehearse, and show what came of it. Nothing is stored."""
    form = Form.sent(FIELDS, request.form, g.zone)
    body = form.body()
    if form.is_wrong:
        return _page(campaign_id, form, None), 400
    try:
        report = backend().post(f"/v1/campaigns/{campaign_id}/rehearsal", body)
    except Refused as refused:
        form.refuse(refused)
        return _page(campaign_id, form, None), refused.status
    return _page(campaign_id, form, report)


def _page(campaign_id: UUID, form: Form, report: Mapping[str, Any] | None) -> str:
    campaign = backend().get(f"/v1/campaigns/{campaign_id}")
    drawn = _pictures(report) if report else {}
    return render_template(
        "rehearsal.html", campaign=campaign, form=form, report=report, pictures=drawn
    )


def _pictures(report: Mapping[str, Any]) -> dict[str, str]:
    """Charts as addresses that hold the whole picture: there is no other place they could be."""
    drawn = {
        "hours": charts.calls_over_time(_by_time(report["hours"])),
        "outcomes": charts.counts(report["calls"]["outcomes"]),
    }
    return {
        name: "data:image/svg+xml;base64," + b64encode(picture).decode()
        for name, picture in drawn.items()
    }


def _by_time(hours: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    """Calls and answered ones by the hour, or by the day where those are many."""
    length = len("2026-12-01 14") if len(hours) <= _HOURS_DRAWN else len("2026-12-01")
    found: dict[str, tuple[int, int]] = {}
    for hour in hours:
        name = wording.moment(hour["at"], g.zone)[5:length]
        calls, answered = found.get(name, (0, 0))
        found[name] = (calls + hour["calls"], answered + hour["answered"])
    return found

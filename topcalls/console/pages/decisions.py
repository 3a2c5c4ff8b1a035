"""May somebody be called, and what was decided of calls."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, g, render_template, request

from topcalls.console.backend import Refused
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import backend, choices, searched
from topcalls.core.eligibility_facts import Verdict

decisions = Blueprint("decisions", __name__)
_FOUND_BY: Final = (Field("phone_number"), Field("verdict"))
_QUESTION: Final = (
    Field("phone_number"),
    Field("purpose"),
    Field("campaign_id"),
    Field("at", Kind.MOMENT),
)


@decisions.get("/decisions")
def listed() -> Any:
    """What was decided, newest first."""
    search = Form.sent(_FOUND_BY, request.args, g.zone)
    found = searched("/v1/decisions", search)
    page = render_template(
        "decisions.html",
        search=search,
        found=found,
        chosen=dict(search.carried()),
        verdicts=[(one.value, one.value) for one in Verdict],
    )
    return page, 400 if search.is_wrong else 200


@decisions.get("/decisions/<uuid:decision_id>")
def show(decision_id: UUID) -> Any:
    """One decision, with every check."""
    return render_template("decision.html", decision=backend().get(f"/v1/decisions/{decision_id}"))


@decisions.get("/decisions/verify")
def verify() -> Any:
    """Read the whole chain, and name what is not as it was written."""
    return render_template("ledger.html", found=backend().get("/v1/ledger/verify"))


@decisions.get("/decisions/export.ndjson")
def export() -> Response:
    """The whole ledger as a file."""
    answer = backend().forward("/v1/ledger/export")
    answer.headers["Content-Disposition"] = "attachment; filename=ledger.ndjson"
    return answer


@decisions.get("/may-i-call")
def ask() -> Any:
    """The form of that question."""
    given = {name: request.args.get(name) for name in ("campaign_id", "purpose")}
    return _asked(Form.of(_QUESTION, given, g.zone), None)


@decisions.post("/may-i-call")
def check() -> Any:
    """The answer. Nobody is called and nothing is written."""
    form = Form.sent(_QUESTION, request.form, g.zone)
    try:
        return _asked(form, backend().post("/v1/eligibility/check", form.body()))
    except Refused as refused:
        form.refuse(refused)
        return _asked(form, None), refused.status


def _asked(form: Form, found: Any) -> str:
    campaigns = choices("/v1/campaigns")
    return render_template("may_i_call.html", form=form, found=found, campaigns=campaigns)

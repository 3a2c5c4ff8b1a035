"""Calls that were made: found, looked at, heard, corrected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from flask import (
    Blueprint,
    Response,
    g,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)

from topcalls.console import call_table, sessions, waveform
from topcalls.console.forms import Field, Form
from topcalls.console.pages.here import (
    attempt,
    backend,
    now,
    or_none,
    reveal_numbers,
    searched,
    sent,
)
from topcalls.console.wording import without_numbers, words
from topcalls.core.audit import AuditAction
from topcalls.core.call_status import ENDINGS

calls = Blueprint("calls", __name__)
ANSWERERS: Final = ("human", "voicemail", "ivr", "fax", "screening", "unknown")
_FOUND_BY: Final = (Field("search"), Field("status"), Field("campaign_id"))
_STATUSES: Final = [(name, words(name)) for name in ENDINGS]
_EXPORTED_AT_ONCE: Final = 200


@calls.get("/calls")
def listed() -> Any:
    """The calls, newest first: of a status, a campaign, or in which something was said."""
    form = Form.sent(_FOUND_BY, request.args, g.zone)
    page = render_template(
        "calls.html",
        form=form,
        found=searched("/v1/calls", form),
        chosen=dict(form.carried()),
        statuses=_STATUSES,
    )
    return page, 400 if form.is_wrong else 200


@calls.post("/calls/export")
def export() -> Any:
    """Those calls as a file, as it is read. With their numbers if asked for: that is written
    down."""
    api, form = backend(), sent(_FOUND_BY)
    with_numbers = request.form.get("numbers") == "yes"
    chosen = dict(form.carried())
    first = api.get("/v1/calls", limit=_EXPORTED_AT_ONCE, **chosen)
    if with_numbers:
        api.note(AuditAction.NUMBERS_EXPORTED, api.who.account_id)
    text = call_table.lines(_all(first, chosen), with_numbers=with_numbers)
    answer = Response(stream_with_context(text), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=calls.csv"
    return answer


def _all(page: Mapping[str, Any], chosen: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """The calls of this page and of all that follow."""
    while True:
        yield from page["data"]
        if page["next_cursor"] is None:
            return
        cursor = page["next_cursor"]
        page = backend().get("/v1/calls", limit=_EXPORTED_AT_ONCE, cursor=cursor, **chosen)


@calls.post("/calls")
def place() -> Any:
    """Place a call from the form of the list."""
    given = {key: value.strip() for key, value in request.form.items() if value.strip()}
    body = {key: given[key] for key in ("phone_number", "task", "agent_id") if key in given}
    made: dict[str, Any] = {}

    def create() -> None:
        made.update(backend().post("/v1/calls", body))

    if attempt(create, "The call is on its way."):
        return redirect(url_for("live.call", call_id=made["call_id"]), 303)
    return redirect(url_for("calls.listed"), 303)


@calls.get("/calls/<uuid:call_id>")
def show(call_id: UUID) -> Any:
    """Everything about a call."""
    api = backend()
    call = api.get(f"/v1/calls/{call_id}")
    shown = sessions.shows_numbers(str(call_id), now())
    return render_template(
        "call.html",
        call=call,
        shown=shown,
        veiled=partial(_veiled, call=call, shown=shown),
        answerers=ANSWERERS,
        events=or_none(lambda: api.get(f"/v1/calls/{call_id}/events")),
        webhooks=or_none(lambda: api.get(f"/v1/calls/{call_id}/webhooks")),
        decisions=or_none(lambda: api.get("/v1/decisions", call_id=call_id)),
        raw=orjson.dumps(call, option=orjson.OPT_INDENT_2).decode(),
    )


@calls.post("/calls/<uuid:call_id>/number")
def show_number(call_id: UUID) -> Any:
    """Show the telephone numbers of a call to this session for a while; that is written down."""
    reveal_numbers(f"/v1/calls/{call_id}", call_id, AuditAction.NUMBER_SHOWN)
    return redirect(url_for("calls.show", call_id=call_id), 303)


def _veiled(text: object, call: Mapping[str, Any], *, shown: bool) -> str:
    """A text of a call's page, without telephone numbers unless they are shown."""
    if shown:
        return str(text)
    return without_numbers(str(text), call["phone_number"], call.get("from_phone_number"))


@calls.get("/calls/<uuid:call_id>/recording")
def recording(call_id: UUID) -> Response:
    """What was recorded, to be heard here or kept."""
    kind = "wav" if request.args.get("format") == "wav" else "mp3"
    return backend().forward(f"/v1/calls/{call_id}/recording", format=kind)


@calls.get("/calls/<uuid:call_id>/waveform.json")
def peaks(call_id: UUID) -> dict[str, Any]:
    """How loud each side was, along the recording."""
    sound = backend().forward(f"/v1/calls/{call_id}/recording", format="wav")
    return waveform.peaks(sound.get_data())


@calls.post("/calls/<uuid:call_id>/answered-by")
def correct(call_id: UUID) -> Any:
    """Say what really answered."""
    body = {"answered_by": request.form.get("answered_by", "")}
    path = f"/v1/calls/{call_id}/answered_by"
    attempt(lambda: backend().post(path, body), "It is corrected.")
    return redirect(url_for("calls.show", call_id=call_id), 303)


@calls.post("/calls/<uuid:call_id>/webhooks/<delivery_id>")
def replay(call_id: UUID, delivery_id: str) -> Any:
    """Send a webhook once more."""
    path = f"/v1/webhooks/deliveries/{delivery_id}/replay"
    attempt(lambda: backend().post(path), "It is sent once more.")
    return redirect(url_for("calls.show", call_id=call_id), 303)

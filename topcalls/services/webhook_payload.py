"""What a webhook says of a call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson

from topcalls.core.knowledge_citations import Citations
from topcalls.services.appointments import AppointmentView, appointment_views
from topcalls.services.call_views import CallView
from topcalls.services.lookups import citations_of
from topcalls.store import transfers
from topcalls.store.models import Call

TRANSFERRED = "call.transferred"


def encoded(call: Call, event: str, view: CallView, sequence: int) -> bytes:
    """The exact body of every delivery of this event; runs inside a verb."""
    booked, cited = appointment_views(call.id), citations_of(call, view.transcript)
    payload = call_payload(event, view, sequence, booked, cited)
    return orjson.dumps(payload | _transfer(call, event), option=orjson.OPT_UTC_Z)


def call_payload(
    event: str,
    view: CallView,
    sequence: int,
    booked: Sequence[AppointmentView] = (),
    cited: Citations | None = None,
) -> dict[str, Any]:
    """The body of a call's webhook. `sequence` counts the events of the call, from 1; `cited` is
    what turns of the agent rest on."""
    return {
        "event": event,
        "sequence": sequence,
        "call_id": view.id,
        "direction": view.direction,
        "phone_number": view.phone_number,
        "from_phone_number": view.from_phone_number,
        "status": view.status,
        "call_status": view.call_status,
        "duration": view.duration,
        "transcript": [
            {
                "id": item.id,
                "user": item.user,
                "text": item.text,
                "created_at": item.created_at,
                "citations": (cited or {}).get(item.id, []),
            }
            for item in view.transcript
        ],
        "recording_url": view.recording_url,
        "call_summary": view.call_summary,
        "answered_by": view.answered_by,
        "agent_id": view.agent_id,
        "agent_version": view.agent_version,
        "campaign_id": view.campaign_id,
        "lead_id": view.lead_id,
        "opted_out": view.opted_out,
        "created_at": view.created_at,
        "started_at": view.started_at,
        "end_at": view.end_at,
        "completed": view.completed,
        "end_reason": view.end_reason,
        "ended_by": view.ended_by,
        "hangup": None if view.hangup is None else asdict(view.hangup),
        "error_message": view.error_message,
        "disposition": view.disposition,
        "analysis": view.analysis,
        "analysis_status": view.analysis_status,
        "sentiment": view.sentiment,
        "success": view.success,
        "appointments": [asdict(one) for one in booked],
        "cost": view.cost,
        "metadata": dict(view.metadata),
        "sandbox": view.sandbox,
    }


def _transfer(call: Call, event: str) -> dict[str, Any]:
    """To whom it was handed over, for that event alone."""
    if event != TRANSFERRED:
        return {}
    done = [row for row in transfers.of_call(call.id) if row.outcome in transfers.HANDED_OVER]
    if not done:
        return {}
    names = ("destination", "phone_number", "kind", "method", "asked_by", "summary")
    last = done[-1]
    told = {name: getattr(last, name) for name in names}
    return {"transfer": told | {"connected_at": last.connected_at or last.ended_at}}

"""A call, whole: what every room of the product has to tell of it."""

from __future__ import annotations

from typing import Any

from topcalls.api.context import ApiServices
from topcalls.api.schemas.call_views import shown
from topcalls.api.schemas.usage import usage_shown
from topcalls.core.knowledge_citations import Lookup
from topcalls.services.call_views import CallView
from topcalls.services.lookups import citations


def details(verbs: ApiServices, account_id: str, call: CallView) -> dict[str, Any]:
    """What `CallDetailsSchema` shows of a call of this account."""
    trail, lookups = verbs.call_trail, verbs.calls.lookups.of_call(account_id, call.id)
    return shown(call) | {
        "transcript": _cited(call, lookups),
        "knowledge_lookups": lookups,
        "timings": trail.timings(account_id, call.id),
        "latency": trail.latency(account_id, call.id),
        "usage": [usage_shown(used) for used in trail.usage(account_id, call.id)],
        "stages_replaced": trail.stages_replaced(account_id, call.id),
        "routing": trail.routing(account_id, call.id),
        "recording": verbs.recordings.view(account_id, call.id),
        "transfers": verbs.calls.transfers.of_call(account_id, call.id),
        "live_code": verbs.calls.supervisions.code_of(call.id),
        "supervisions": verbs.calls.supervisions.of_call(account_id, call.id),
        "analysis_report": verbs.analyses.report(account_id, call.id),
        "answer": verbs.calls.answers.of_call(account_id, call.id),
        "appointments": verbs.calls.appointments.of_call(account_id, call.id),
        "tool_calls": verbs.calls.tools.of_call(account_id, call.id),
    }


def _cited(call: CallView, lookups: list[Lookup]) -> list[dict[str, Any]]:
    """The transcript, each turn of the agent with the passages that it rests on."""
    found = citations(call, lookups)
    return [shown(turn) | {"citations": found.get(turn.id, [])} for turn in call.transcript]

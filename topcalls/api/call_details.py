"""A call, whole: what every room of the product has to tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from topcalls.api.context import ApiServices
from topcalls.api.schemas.call_views import shown
from topcalls.api.schemas.usage import usage_shown
from topcalls.core.knowledge_citations import Citations
from topcalls.services.call_views import CallView, TranscriptItem
from topcalls.services.lookups import citations


def details(verbs: ApiServices, account_id: str, call: CallView) -> dict[str, Any]:
    """What `CallDetailsSchema` shows of a call of this account."""
    trail, lookups = verbs.call_trail, verbs.calls.lookups.of_call(account_id, call.id)
    cited = citations(call.transcript, lookups, call.request.get("language"))
    return shown(call) | {
        "transcript": with_citations(call.transcript, cited),
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


def with_citations(turns: Iterable[TranscriptItem], cited: Citations) -> list[dict[str, Any]]:
    """A transcript, each turn of the agent with the passages that it rests on."""
    return [shown(turn) | {"citations": cited.get(turn.id, [])} for turn in turns]

"""What is known of a campaign's call that is over, gathered from its rows for the rules.

Every function is a part of a verb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson

from topcalls.core import callbacks, network_refusals
from topcalls.core.answer_plan import LEAVE_MESSAGE
from topcalls.core.answer_verdict import Answerer
from topcalls.core.call_events import BridgeFailed, Forbidden, Rang, StopRequested
from topcalls.core.call_providers import failed_provider
from topcalls.core.call_state import State
from topcalls.core.campaign_outcomes import CallEnd
from topcalls.core.end_reasons import EndReason
from topcalls.core.tools import ToolStatus
from topcalls.services.call_providers import providers_of
from topcalls.services.campaign_queue import BY_CAMPAIGN
from topcalls.services.lineup import Lineup
from topcalls.store import answers, calls, do_not_call, routing, tools
from topcalls.store.models import Call, CallAttempt, TranscriptTurn

AGENT = "assistant"


class Ending(NamedTuple):
    """`end` for the rules; `carrier_id` of the last dial; `callback`: the call that the agent
    scheduled in this one, if it still waits; `providers` of the AI, by their part, and which of
    them failed."""

    end: CallEnd
    carrier_id: str | None
    callback: Call | None
    providers: Mapping[str, str]
    failed_provider: str | None


def ending_of(call: Call, lineup: Lineup) -> Ending:
    """Of a call that is over."""
    dials = routing.attempts(call.id)
    turns = calls.transcripts([call.id])[call.id] if call.answered_at else []
    spoken = [turn for turn in turns if turn.role == AGENT and turn.text]
    callback = _callback(call) if call.answered_at else None
    end = CallEnd(
        state=State(call.state),
        end_reason=call.end_reason,
        hangup_cause=call.hangup_cause,
        sip_status=call.sip_status,
        dialled=call.dialled_at is not None,
        rang=_rang(call, dials),
        answered=call.answered_at is not None,
        talk_seconds=_talk_seconds(call),
        answered_by=call.answered_by,
        message_left=_left_message(call, spoken),
        agent_spoke=bool(spoken),
        opted_out=call.opted_out is not None or _opted_out(call),
        callback_at=callback.schedule_at if callback is not None else None,
        withdrawn=_detail(call, StopRequested).get("by") == BY_CAMPAIGN,
        deferred_until=_until(call),
        network_blocked=bool(dials) and _is_blocked(dials[-1]),
        retry_at=dials[-1].retry_at if dials else None,
    )
    carrier = dials[-1].carrier_id if dials else None
    providers = providers_of(call.request, lineup) if call.dialled_at is not None else {}
    return Ending(end, carrier, callback, providers, _failed_provider(call, providers))


def _is_blocked(dial: CallAttempt) -> bool:
    return network_refusals.is_network_block(
        dial.sip_status, dial.sip_phrase or "", dial.sip_reason or ""
    )


def _failed_provider(call: Call, providers: Mapping[str, str]) -> str | None:
    if call.end_reason != EndReason.PROVIDER_FAILED:
        return None
    event = calls.last_event(call.id, BridgeFailed.__name__)
    detail = str((event.detail if event is not None else {}).get("detail") or "")
    return failed_provider(providers, detail)


def _rang(call: Call, dials: Sequence[CallAttempt]) -> bool:
    if any(dial.rang_ms for dial in dials):
        return True
    return calls.last_event(call.id, Rang.__name__) is not None


def _talk_seconds(call: Call) -> int:
    if call.answered_at is None or call.ended_at is None:
        return 0
    talked: timedelta = call.ended_at - call.answered_at
    return max(0, round(talked.total_seconds()))


def _left_message(call: Call, spoken: Sequence[TranscriptTurn]) -> bool:
    """The call was to leave a message on a mailbox, and the agent spoke to the end of something
    after it knew that it was one."""
    wanted = (call.request.get("voicemail") or {}).get("action") == LEAVE_MESSAGE
    if not wanted or call.answered_by != Answerer.VOICEMAIL:
        return False
    verdict = answers.of_call(call.id)
    known_ms = verdict.decided_ms if verdict is not None else 0
    return any(turn.ended_ms > known_ms and not turn.interrupted for turn in spoken)


def _opted_out(call: Call) -> bool:
    """The number was put on the do-not-call list in this call."""
    entries = do_not_call.of_numbers(call.account_id, [call.phone_number])
    return any(entry.call_id == call.id for entry in entries)


def _callback(call: Call) -> Call | None:
    used = [
        one
        for one in tools.of_calls([call.id])
        if one.name == callbacks.NAME and one.status == ToolStatus.SUCCEEDED
    ]
    told = orjson.loads(used[-1].output) if used and used[-1].output else None
    found = calls.get(str(told.get("call_id"))) if isinstance(told, dict) else None
    waits = found is not None and found.state in (State.PENDING, State.QUEUED)
    return found if waits and found is not None and found.campaign_id is None else None


def _until(call: Call) -> datetime | None:
    """When the rule that forbade the dial lets it be made."""
    if call.end_reason != EndReason.NOT_CALLABLE:
        return None
    event = calls.last_event(call.id, Forbidden.__name__)
    until = event.detail.get("until") if event is not None else None
    return datetime.fromisoformat(until) if until else None


def _detail(call: Call, kind: type) -> dict[str, str | None]:
    if call.dialled_at is not None:
        return {}
    event = calls.last_event(call.id, kind.__name__)
    return dict(event.detail) if event is not None else {}

"""What is known of a campaign's call that is over, gathered from its rows for the rules.

Every function is a part of a verb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from topcalls.core import network_refusals
from topcalls.core.answer_plan import LEAVE_MESSAGE
from topcalls.core.answer_verdict import Answerer
from topcalls.core.call_events import BridgeFailed, Forbidden, Rang, StopRequested
from topcalls.core.call_providers import failed_provider
from topcalls.core.call_state import State
from topcalls.core.campaign_outcomes import CallEnd, is_abandoned
from topcalls.core.end_reasons import EndReason
from topcalls.services.call_providers import providers_of
from topcalls.services.campaign_callbacks import agreed_at
from topcalls.services.campaign_queue import BY_CAMPAIGN
from topcalls.services.lineup import Lineup
from topcalls.store import answers, calls, do_not_call, routing
from topcalls.store.models import Call, CallAttempt, TranscriptTurn

AGENT = "assistant"


class Ending(NamedTuple):
    """`end` for the rules; `carrier_id` of the last dial; `forbidden_by`: the rule that kept it
    from being dialled; `providers` of the AI, by their part, and which of them failed."""

    end: CallEnd
    carrier_id: str | None
    forbidden_by: str | None
    providers: Mapping[str, str]
    failed_provider: str | None


def ending_of(call: Call, lineup: Lineup) -> Ending:
    """Of a call that is over."""
    dials, forbidden = routing.attempts(call.id), _forbidden(call)
    end = _end_of(call, dials, forbidden)
    carrier_id = dials[-1].carrier_id if dials else None
    providers = providers_of(call.request, lineup) if call.dialled_at is not None else {}
    failed = _failed_provider(call, providers)
    return Ending(end, carrier_id, forbidden.get("rule"), providers, failed)


def _end_of(call: Call, dials: Sequence[CallAttempt], forbidden: Mapping[str, Any]) -> CallEnd:
    turns = calls.transcripts([call.id])[call.id] if call.answered_at else []
    spoken = [turn for turn in turns if turn.role == AGENT and turn.text]
    return CallEnd(
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
        callback_at=agreed_at(call) if call.answered_at else None,
        withdrawn=_detail(call, StopRequested).get("by") == BY_CAMPAIGN,
        deferred_until=_until(forbidden),
        held=bool(forbidden.get("held")),
        network_blocked=bool(dials) and _is_blocked(dials[-1]),
        retry_at=dials[-1].retry_at if dials else None,
    )


def is_forsaken(call: Call) -> bool:
    """Whether whoever was called, by no campaign, picked up and heard nobody. Of a call that is
    over; those of campaigns are told by their attempts."""
    is_single = call.campaign_id is None and call.direction == "outbound"
    return is_single and call.answered_at is not None and is_abandoned(_end_of(call, (), {}))


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


def _forbidden(call: Call) -> Mapping[str, Any]:
    """The event in which a rule forbade the dial; empty without any."""
    if call.end_reason != EndReason.NOT_CALLABLE:
        return {}
    event = calls.last_event(call.id, Forbidden.__name__)
    return event.detail if event is not None else {}


def _until(forbidden: Mapping[str, Any]) -> datetime | None:
    """When the rule lets it be made."""
    until = forbidden.get("until")
    return datetime.fromisoformat(until) if until else None


def _detail(call: Call, kind: type) -> dict[str, str | None]:
    if call.dialled_at is not None:
        return {}
    event = calls.last_event(call.id, kind.__name__)
    return dict(event.detail) if event is not None else {}

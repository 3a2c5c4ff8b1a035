"""Calls as other rooms see them: plain values, never rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from topcalls.core import quota
from topcalls.core.call_events import HungUpBy
from topcalls.core.call_request import CallRequest
from topcalls.core.call_state import CallFacts, Effect, State
from topcalls.core.call_status import PUBLIC
from topcalls.core.end_reasons import EndedBy, EndReason, ended_by
from topcalls.core.personal_data import redacted_turns
from topcalls.core.routing import Route
from topcalls.services import carried
from topcalls.services.carried import Carried, turn_of
from topcalls.services.costs import cost_view
from topcalls.services.recordings import recording_name
from topcalls.services.redacted_calls import readable_request, rules_for_readers
from topcalls.store.models import Call, TranscriptTurn

HUNG_UP_BY = {
    HungUpBy.CALLEE: "far_end",
    HungUpBy.US: "gateway",
    HungUpBy.NETWORK: "network",
}


@dataclass(frozen=True, slots=True)
class TranscriptItem:
    """One turn. `user` is `assistant` or `user`; times in milliseconds count from the answer."""

    id: int
    user: str
    text: str
    created_at: datetime
    started_ms: int
    ended_ms: int
    interrupted: bool


@dataclass(frozen=True, slots=True)
class HangupView:
    """Why the channel of a call ended, in the words of the telephone network. `by`: who ended it,
    `far_end`, `gateway` or `network`; None for calls of older versions."""

    cause: str
    sip_status: int | None
    q850: int | None
    by: str | None


@dataclass(frozen=True, slots=True)
class CallView:
    """A call as its owner sees it. Durations are minutes.

    `metadata` is the customer's own, `request` the whole stored request. `completed`: everything
    that follows a call is done.
    """

    id: str
    account_id: str
    direction: str
    phone_number: str
    from_phone_number: str | None
    status: str
    call_status: str | None
    external_call_id: str
    duration: float | None
    transcript: tuple[TranscriptItem, ...]
    recording_url: str | None
    call_summary: str | None
    error_message: str | None
    answered_by: str | None
    agent_id: str | None
    agent_version: int | None
    campaign_id: str | None
    lead_id: str | None
    opted_out: str | None
    completed: bool
    created_at: datetime
    schedule_at: datetime | None
    started_at: datetime | None
    end_at: datetime | None
    metadata: Mapping[str, Any]
    request: Mapping[str, Any]
    analysis: Any
    disposition: str | None
    sentiment: str | None
    success: bool | None
    analysis_status: str | None
    end_reason: str | None
    ended_by: str | None
    hangup: HangupView | None
    actual_duration_billed: float | None
    cost: Mapping[str, Any]
    sandbox: bool


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """A call as its controller sees it: claimed from the queue, or taken over from a dead owner.

    `effects` is what the claim asks the controller to do; nothing for a call that was taken over,
    whose channel has to be looked for first. `version` is what the next `Calls.record` must name.
    `owner_heard_at`: when the owner before last told that it had the call. `carried`: what was said
    and used under it.
    `tries_left`: how often it may be claimed again without being dialled. `routes`: the account's
    carriers in the order in which they may try; none where the installation's own gateway is used.
    """

    call_id: str
    account_id: str
    version: int
    facts: CallFacts
    effects: tuple[Effect, ...]
    request: CallRequest
    phone_number: str
    from_number: str | None
    channel_uuid: str
    node: str | None
    sandbox: bool
    recording_name: str
    created_at: datetime
    dialled_at: datetime | None
    answered_at: datetime | None
    tries_left: int = 0
    routes: tuple[Route, ...] = ()
    owner_heard_at: datetime | None = None
    carried: Carried = carried.NOTHING
    campaign_id: str | None = None
    lead_id: str | None = None
    trace_context: str | None = None

    @property
    def is_inbound(self) -> bool:
        """Somebody called us."""
        return self.facts.inbound

    @property
    def other_number(self) -> str | None:
        """The number of the person who talks with the agent, if it is known."""
        return self.from_number if self.is_inbound else self.phone_number


def facts_of(call: Call) -> CallFacts:
    """What the state machine needs to know of a row."""
    return CallFacts(
        State(call.state),
        dialled=call.dialled_at is not None,
        answered=call.answered_at is not None,
        end_reason=EndReason(call.end_reason) if call.end_reason else None,
        inbound=call.direction == "inbound",
    )


def claimed_call(
    call: Call,
    effects: tuple[Effect, ...] = (),
    owner_heard_at: datetime | None = None,
    routes: tuple[Route, ...] = (),
) -> ClaimedCall:
    """A row for a controller."""
    return ClaimedCall(
        call_id=call.id,
        account_id=call.account_id,
        version=call.version,
        facts=facts_of(call),
        effects=effects,
        request=CallRequest.from_mapping(call.request),
        phone_number=call.phone_number,
        from_number=call.from_number,
        channel_uuid=call.channel_id,
        node=call.node,
        sandbox=call.sandbox,
        recording_name=recording_name(call.id, call.created_at),
        created_at=call.created_at,
        dialled_at=call.dialled_at,
        answered_at=call.answered_at,
        tries_left=call.tries_left,
        routes=routes,
        owner_heard_at=owner_heard_at,
        campaign_id=call.campaign_id,
        lead_id=call.lead_id,
        trace_context=call.trace_context,
    )


@dataclass(frozen=True, slots=True)
class CallPage:
    """Calls, newest first. `next_cursor` is the `created_at` of the last one that was looked at,
    exact to the microsecond, if there are more."""

    data: tuple[CallView, ...]
    next_cursor: datetime | None


def states_of(call_status: str | None) -> list[State] | None:
    """The states of calls that have this status for their owner; None: all."""
    if call_status is None:
        return None
    return [state for state in State if PUBLIC[state].call_status == call_status]


def call_view(
    call: Call, recording_url: str | None, turns: Sequence[TranscriptTurn] = ()
) -> CallView:
    """A row for its owner."""
    public, request = PUBLIC[State(call.state)], readable_request(call)
    return CallView(
        id=call.id,
        account_id=call.account_id,
        direction=call.direction,
        phone_number=call.phone_number,
        from_phone_number=call.from_number,
        status=public.status,
        call_status=public.call_status,
        external_call_id=call.channel_id,
        duration=_duration(call),
        transcript=transcript_items(call, turns),
        recording_url=recording_url,
        call_summary=call.call_summary,
        error_message=call.error_message,
        answered_by=call.answered_by,
        agent_id=call.agent_id,
        agent_version=call.agent_version,
        campaign_id=call.campaign_id,
        lead_id=call.lead_id,
        opted_out=call.opted_out,
        completed=call.completed,
        created_at=call.created_at,
        schedule_at=call.schedule_at,
        started_at=call.answered_at,
        end_at=call.ended_at,
        metadata=request.get("metadata", {}),
        request=request,
        analysis=call.analysis,
        disposition=call.disposition,
        sentiment=call.sentiment,
        success=call.success,
        analysis_status=call.analysis_state,
        end_reason=call.end_reason,
        ended_by=_ended_by(call),
        hangup=_hangup(call),
        actual_duration_billed=(
            None if call.billed_seconds is None else quota.minutes(call.billed_seconds)
        ),
        cost=cost_view(call.predicted_cost, call.cost),
        sandbox=call.sandbox,
    )


def transcript_items(call: Call, turns: Sequence[TranscriptTurn]) -> tuple[TranscriptItem, ...]:
    """Turns for the owner of their call, in the order in which they began. Of a call that is over
    what identifies people is left out, where that was asked for."""
    items = map(_item, sorted(turns, key=lambda turn: (turn.started_ms, turn.seq)))
    rules = rules_for_readers(call)
    if rules is None:
        return tuple(items)
    clean = {turn.seq: turn.text for turn in redacted_turns(list(map(turn_of, turns)), rules)}
    return tuple(replace(item, text=clean[item.id]) for item in items)


def _ended_by(call: Call) -> EndedBy | None:
    if call.ended_at is None or call.end_reason is None:
        return None
    return ended_by(
        EndReason(call.end_reason),
        call.hangup_cause,
        call.sip_status,
        inbound=call.direction == "inbound",
    )


def _hangup(call: Call) -> HangupView | None:
    """Nothing of a call that never had a channel, or whose channel got lost without a word."""
    if call.hangup_cause is None:
        return None
    by = HUNG_UP_BY[HungUpBy(call.hung_up_by)] if call.hung_up_by else None
    return HangupView(call.hangup_cause, call.sip_status, call.q850, by)


def _duration(call: Call) -> float | None:
    """Minutes from the answer to the end; 0 for a call nobody answered."""
    if call.ended_at is None:
        return None
    if call.answered_at is None:
        return 0.0
    talked: float = (call.ended_at - call.answered_at).total_seconds()
    return round(max(0.0, talked) / 60, 4)


def _item(turn: TranscriptTurn) -> TranscriptItem:
    return TranscriptItem(
        turn.seq,
        turn.role,
        turn.text,
        turn.at,
        turn.started_ms,
        turn.ended_ms,
        turn.interrupted,
    )

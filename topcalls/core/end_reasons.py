"""Why a call ended, and at whose door that lies."""

from __future__ import annotations

from enum import StrEnum

from topcalls.core.call_events import Hangup, HungUpBy


class EndReason(StrEnum):
    """Why a call ended, in one word; stored as `end_reason`."""

    CALLEE_HUNG_UP = "callee_hung_up"
    AGENT_ENDED = "agent_ended"
    SILENCE = "silence"
    MAX_DURATION = "max_duration"
    STOPPED = "stopped"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    DIAL_FAILED = "dial_failed"
    CONFIGURATION = "configuration"
    NOT_CALLABLE = "not_callable"
    DISPATCH_TIMEOUT = "dispatch_timeout"
    STREAM_LOST = "stream_lost"
    PLAYBACK_FAILED = "playback_failed"
    PROVIDER_FAILED = "provider_failed"
    INTERNAL_ERROR = "internal_error"
    CHANNEL_LOST = "channel_lost"
    CONTROLLER_LOST = "controller_lost"
    SHUTDOWN = "shutdown"
    NETWORK_HUNG_UP = "network_hung_up"
    SWITCH_HUNG_UP = "switch_hung_up"
    CALLER_HUNG_UP = "caller_hung_up"
    ANSWER_FAILED = "answer_failed"
    TOO_MANY_CALLS = "too_many_calls"
    NO_MINUTES = "no_minutes"
    OVER_BUDGET = "over_budget"
    NO_CAPACITY = "no_capacity"
    TRANSFERRED = "transferred"
    TRANSFER_ENDED = "transfer_ended"


FAULTS = frozenset(
    {
        EndReason.STREAM_LOST,
        EndReason.PLAYBACK_FAILED,
        EndReason.PROVIDER_FAILED,
        EndReason.INTERNAL_ERROR,
        EndReason.CHANNEL_LOST,
        EndReason.CONTROLLER_LOST,
        EndReason.SHUTDOWN,
        EndReason.ANSWER_FAILED,
    }
)
"""Reasons that make an answered call `failed` instead of `completed`."""


class EndedBy(StrEnum):
    """At whose door the end of a call lies. `customer` is who asked for the call, `carrier` all of
    the telephone network, `transferee` the person it was handed over to, `gateway` this software
    and the switch beside it."""

    CALLEE = "callee"
    CALLER = "caller"
    AGENT = "agent"
    CUSTOMER = "customer"
    TRANSFEREE = "transferee"
    CARRIER = "carrier"
    PROVIDER = "provider"
    GATEWAY = "gateway"
    CONFIGURATION = "configuration"


_ENDED_BY = {
    EndReason.CALLEE_HUNG_UP: EndedBy.CALLEE,
    EndReason.AGENT_ENDED: EndedBy.AGENT,
    EndReason.SILENCE: EndedBy.CALLEE,
    EndReason.MAX_DURATION: EndedBy.CUSTOMER,
    EndReason.STOPPED: EndedBy.CUSTOMER,
    EndReason.BUSY: EndedBy.CALLEE,
    EndReason.NO_ANSWER: EndedBy.CALLEE,
    EndReason.REJECTED: EndedBy.CALLEE,
    EndReason.DIAL_FAILED: EndedBy.CARRIER,
    EndReason.CONFIGURATION: EndedBy.CONFIGURATION,
    EndReason.NOT_CALLABLE: EndedBy.CUSTOMER,
    EndReason.DISPATCH_TIMEOUT: EndedBy.GATEWAY,
    EndReason.STREAM_LOST: EndedBy.GATEWAY,
    EndReason.PLAYBACK_FAILED: EndedBy.GATEWAY,
    EndReason.PROVIDER_FAILED: EndedBy.PROVIDER,
    EndReason.INTERNAL_ERROR: EndedBy.GATEWAY,
    EndReason.CHANNEL_LOST: EndedBy.GATEWAY,
    EndReason.CONTROLLER_LOST: EndedBy.GATEWAY,
    EndReason.SHUTDOWN: EndedBy.GATEWAY,
    EndReason.NETWORK_HUNG_UP: EndedBy.CARRIER,
    EndReason.SWITCH_HUNG_UP: EndedBy.GATEWAY,
    EndReason.CALLER_HUNG_UP: EndedBy.CALLER,
    EndReason.ANSWER_FAILED: EndedBy.GATEWAY,
    EndReason.TOO_MANY_CALLS: EndedBy.CUSTOMER,
    EndReason.NO_MINUTES: EndedBy.CUSTOMER,
    EndReason.OVER_BUDGET: EndedBy.CUSTOMER,
    EndReason.NO_CAPACITY: EndedBy.GATEWAY,
    EndReason.TRANSFERRED: EndedBy.AGENT,
    EndReason.TRANSFER_ENDED: EndedBy.TRANSFEREE,
}

_DIAL_ENDED_BY = {
    "UNALLOCATED_NUMBER": EndedBy.CALLEE,
    "SWITCH_UNREACHABLE": EndedBy.GATEWAY,
    "DIAL_INTENT_NOT_STORED": EndedBy.GATEWAY,
    "ORIGINATE_REFUSED": EndedBy.GATEWAY,
    "DESTINATION_OUT_OF_ORDER": EndedBy.CARRIER,
}
"""Failed dials of which the cause says more; the second to fourth are our own causes."""

_WRONG_CREDENTIALS = frozenset({401, 407})


def who_hung_up(
    hangup: Hangup | None, *, inbound: bool = False, transferred: bool = False
) -> EndReason:
    """Why an answered call ended that nobody here had decided to end.

    Once it is `transferred`, the switch ends it when the other person has hung up.
    """
    if hangup is None:
        return EndReason.CHANNEL_LOST
    if hangup.cause == "ALLOTTED_TIMEOUT":
        return EndReason.MAX_DURATION
    return {
        HungUpBy.CALLEE: EndReason.CALLER_HUNG_UP if inbound else EndReason.CALLEE_HUNG_UP,
        HungUpBy.US: EndReason.TRANSFER_ENDED if transferred else EndReason.SWITCH_HUNG_UP,
        HungUpBy.NETWORK: EndReason.NETWORK_HUNG_UP,
    }[hangup.by]


def ended_by(
    reason: EndReason,
    hangup_cause: str | None = None,
    sip_status: int | None = None,
    *,
    inbound: bool = False,
) -> EndedBy:
    """At whose door an end lies, by its reason and by what the telephone network said.

    Of an `inbound` call the far end is the caller.
    """
    if inbound:
        return _inbound_ended_by(reason, hangup_cause)
    if reason is not EndReason.DIAL_FAILED:
        return _ENDED_BY[reason]
    if sip_status in _WRONG_CREDENTIALS:
        return EndedBy.CONFIGURATION
    return _DIAL_ENDED_BY.get(hangup_cause or "", _ENDED_BY[reason])


def _inbound_ended_by(reason: EndReason, hangup_cause: str | None) -> EndedBy:
    if reason is EndReason.ANSWER_FAILED and hangup_cause == "INCOMPATIBLE_DESTINATION":
        return EndedBy.CARRIER
    side = _ENDED_BY[reason]
    return EndedBy.CALLER if side is EndedBy.CALLEE else side

"""What the end of a call means for the person whom a campaign wanted to reach.

A call's own state says what became of the call; several ends that are one state there ("failed")
differ here in whether, when and by which number the person may be called again. SIP statuses go
before causes: FreeSWITCH folds several of them into one (its `sofia_glue_sip_cause_to_freeswitch`),
a refusal by the carrier (403) and one by the person (603) among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from topcalls.core.answer_verdict import Answerer
from topcalls.core.call_state import State
from topcalls.core.end_reasons import EndReason

SHORT_TALK_SECONDS: Final = 10
"""Who hangs up sooner has heard no more than a greeting."""


class Outcome(StrEnum):
    """What one call of a campaign came to.

    `completed` talked · `callback` a time was agreed · `opted_out` wants no further calls ·
    `short_talk` hung up at once · `dropped` answered, and this side failed · `voicemail_left`,
    `voicemail` with and without a message · `no_answer` rang out · `unreachable` never rang, or is
    busy everywhere (600) · `rejected` declined by the person · `unwanted` marked so (607) ·
    `unassigned` the carrier says no such number (404) · `invalid_number` certainly none ·
    `blocked_by_network` taken for spam by an analytics service · `trunk_busy`, `trunk_failed`,
    `network_timeout`, `carrier_refused`, `caller_id_refused` the carrier's doing · `misconfigured`
    this installation's · `lost` nobody knows · `deferred` a rule forbade it until later ·
    `not_callable` a rule forbids it · `dispatch_timeout` no controller took it in time ·
    `withdrawn` taken back by its campaign before the dial · `cancelled` by a user.
    """

    COMPLETED = "completed"
    CALLBACK = "callback"
    OPTED_OUT = "opted_out"
    SHORT_TALK = "short_talk"
    DROPPED = "dropped"
    VOICEMAIL_LEFT = "voicemail_left"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"
    UNWANTED = "unwanted"
    UNASSIGNED = "unassigned"
    INVALID_NUMBER = "invalid_number"
    BLOCKED_BY_NETWORK = "blocked_by_network"
    TRUNK_BUSY = "trunk_busy"
    TRUNK_FAILED = "trunk_failed"
    NETWORK_TIMEOUT = "network_timeout"
    CARRIER_REFUSED = "carrier_refused"
    CALLER_ID_REFUSED = "caller_id_refused"
    MISCONFIGURED = "misconfigured"
    FAILED = "failed"
    LOST = "lost"
    DEFERRED = "deferred"
    NOT_CALLABLE = "not_callable"
    DISPATCH_TIMEOUT = "dispatch_timeout"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


PERSON: Final = frozenset(
    {
        Outcome.COMPLETED,
        Outcome.CALLBACK,
        Outcome.OPTED_OUT,
        Outcome.SHORT_TALK,
        Outcome.DROPPED,
    }
)
"""A person, or what was taken for one, picked up."""

ANSWERED: Final = PERSON | {Outcome.VOICEMAIL, Outcome.VOICEMAIL_LEFT}

REFUSALS: Final = frozenset(
    {Outcome.CARRIER_REFUSED, Outcome.CALLER_ID_REFUSED, Outcome.MISCONFIGURED}
)
"""The next dial will end alike, until somebody changes a setting or pays a bill."""

FAULTS: Final = REFUSALS | {
    Outcome.TRUNK_BUSY,
    Outcome.TRUNK_FAILED,
    Outcome.NETWORK_TIMEOUT,
    Outcome.FAILED,
}
"""Nobody's phone is to blame."""

_UNTRIED: Final = frozenset(
    {
        Outcome.DEFERRED,
        Outcome.NOT_CALLABLE,
        Outcome.DISPATCH_TIMEOUT,
        Outcome.WITHDRAWN,
    }
)


@dataclass(frozen=True, slots=True)
class CallEnd:
    """What is known of a call that is over. `state` is final.

    `dialled`: the dial was committed. `rang`: ringing, or a tone, was heard. `talk_seconds` since
    the answer. `answered_by` as documented: human, voicemail, ivr, unknown. `agent_spoke`: the
    person heard a word of ours. `network_blocked`: see `core/network_refusals.py`. `retry_at`:
    until when the refusal asked to be left alone. `withdrawn`: the campaign stopped it.
    `deferred_until`: when the rule that forbade the dial lets it be made. `held`: it may be made
    once something arrives that the rule misses.
    """

    state: State
    end_reason: str | None = None
    hangup_cause: str | None = None
    sip_status: int | None = None
    dialled: bool = True
    rang: bool = False
    answered: bool = False
    talk_seconds: int = 0
    answered_by: str | None = None
    message_left: bool = False
    agent_spoke: bool = False
    opted_out: bool = False
    callback_at: datetime | None = None
    network_blocked: bool = False
    retry_at: datetime | None = None
    withdrawn: bool = False
    deferred_until: datetime | None = None
    held: bool = False


_BY_STATUS: Final[Mapping[int, Outcome]] = {
    400: Outcome.TRUNK_BUSY,
    401: Outcome.CARRIER_REFUSED,
    402: Outcome.CARRIER_REFUSED,
    403: Outcome.CARRIER_REFUSED,
    404: Outcome.UNASSIGNED,
    405: Outcome.MISCONFIGURED,
    406: Outcome.MISCONFIGURED,
    407: Outcome.CARRIER_REFUSED,
    408: Outcome.NETWORK_TIMEOUT,
    410: Outcome.INVALID_NUMBER,
    415: Outcome.MISCONFIGURED,
    428: Outcome.CALLER_ID_REFUSED,
    429: Outcome.CALLER_ID_REFUSED,
    433: Outcome.CALLER_ID_REFUSED,
    437: Outcome.CALLER_ID_REFUSED,
    438: Outcome.CALLER_ID_REFUSED,
    480: Outcome.UNREACHABLE,
    481: Outcome.TRUNK_BUSY,
    482: Outcome.MISCONFIGURED,
    483: Outcome.MISCONFIGURED,
    484: Outcome.INVALID_NUMBER,
    485: Outcome.MISCONFIGURED,
    486: Outcome.BUSY,
    487: Outcome.NO_ANSWER,
    488: Outcome.MISCONFIGURED,
    500: Outcome.TRUNK_BUSY,
    502: Outcome.TRUNK_FAILED,
    503: Outcome.TRUNK_BUSY,
    504: Outcome.NETWORK_TIMEOUT,
    600: Outcome.UNREACHABLE,
    603: Outcome.REJECTED,
    604: Outcome.INVALID_NUMBER,
    606: Outcome.MISCONFIGURED,
    607: Outcome.UNWANTED,
    608: Outcome.BLOCKED_BY_NETWORK,
}
"""RFC 3261; 428, 437, 438 RFC 8224; 607 RFC 8197; 608 RFC 8688. 503 is the carrier's limit too."""

_BY_CAUSE: Final[Mapping[str, Outcome]] = {
    "UNALLOCATED_NUMBER": Outcome.UNASSIGNED,
    "NO_ROUTE_DESTINATION": Outcome.INVALID_NUMBER,
    "NUMBER_CHANGED": Outcome.INVALID_NUMBER,
    "INVALID_NUMBER_FORMAT": Outcome.INVALID_NUMBER,
    "USER_BUSY": Outcome.BUSY,
    "NO_USER_RESPONSE": Outcome.UNREACHABLE,
    "SUBSCRIBER_ABSENT": Outcome.UNREACHABLE,
    "DESTINATION_OUT_OF_ORDER": Outcome.UNREACHABLE,
    "NO_ANSWER": Outcome.NO_ANSWER,
    "ALLOTTED_TIMEOUT": Outcome.NO_ANSWER,
    "ORIGINATOR_CANCEL": Outcome.NO_ANSWER,
    "PROGRESS_TIMEOUT": Outcome.NETWORK_TIMEOUT,
    "RECOVERY_ON_TIMER_EXPIRE": Outcome.NETWORK_TIMEOUT,
    "CALL_REJECTED": Outcome.REJECTED,
    "UNWANTED": Outcome.UNWANTED,
    "NORMAL_TEMPORARY_FAILURE": Outcome.TRUNK_BUSY,
    "NORMAL_CIRCUIT_CONGESTION": Outcome.TRUNK_BUSY,
    "REQUESTED_CHAN_UNAVAIL": Outcome.TRUNK_BUSY,
    "SWITCH_CONGESTION": Outcome.TRUNK_BUSY,
    "NETWORK_OUT_OF_ORDER": Outcome.TRUNK_FAILED,
    "GATEWAY_DOWN": Outcome.TRUNK_FAILED,
    "SWITCH_UNREACHABLE": Outcome.TRUNK_FAILED,
    "NO_ROUTE_TRANSIT_NET": Outcome.TRUNK_FAILED,
    "INCOMPATIBLE_DESTINATION": Outcome.MISCONFIGURED,
    "SERVICE_NOT_IMPLEMENTED": Outcome.MISCONFIGURED,
    "SERVICE_UNAVAILABLE": Outcome.MISCONFIGURED,
    "EXCHANGE_ROUTING_ERROR": Outcome.MISCONFIGURED,
    "CHAN_NOT_IMPLEMENTED": Outcome.MISCONFIGURED,
    "DIAL_NOT_POSSIBLE": Outcome.MISCONFIGURED,
    "INVALID_GATEWAY": Outcome.MISCONFIGURED,
    "INVALID_PROFILE": Outcome.MISCONFIGURED,
    "NO_CARRIER": Outcome.MISCONFIGURED,
    "NO_IDENTITY": Outcome.CALLER_ID_REFUSED,
    "BAD_IDENTITY_INFO": Outcome.CALLER_ID_REFUSED,
    "UNSUPPORTED_CERTIFICATE": Outcome.CALLER_ID_REFUSED,
    "INVALID_IDENTITY": Outcome.CALLER_ID_REFUSED,
}
"""FreeSWITCH's causes (`switch_types.h`) and our own, for dials that brought no SIP status."""

_RANG_OUT: Final = frozenset({Outcome.UNREACHABLE, Outcome.NETWORK_TIMEOUT})
_BUSY_EVERYWHERE: Final = 600

_BY_STATE: Final[Mapping[State, Outcome]] = {
    State.BUSY: Outcome.BUSY,
    State.NO_ANSWER: Outcome.NO_ANSWER,
    State.REJECTED: Outcome.REJECTED,
    State.FAILED: Outcome.FAILED,
}


def outcome_of(end: CallEnd) -> Outcome:
    """What the call came to."""
    if end.answered:
        return _answered(end)
    if not end.dialled:
        return _undialled(end)
    if end.end_reason == EndReason.CHANNEL_LOST:
        return Outcome.LOST
    if end.state is State.CANCELLED:
        return Outcome.CANCELLED
    return _refused(end)


def is_counted(end: CallEnd) -> bool:
    """Whether it was a try to reach the person: carriers' own troubles are none where the phone did
    not ring, nor is what was never dialled."""
    outcome = outcome_of(end)
    if not end.dialled or outcome in _UNTRIED:
        return False
    return end.answered or end.rang or outcome not in FAULTS


def is_abandoned(end: CallEnd) -> bool:
    """A person picked up and heard nobody (16 CFR 310.4(b)(4)); machines do not count."""
    is_machine = end.answered_by == Answerer.VOICEMAIL
    return end.answered and not is_machine and not end.agent_spoke


def _answered(end: CallEnd) -> Outcome:
    if end.opted_out:
        return Outcome.OPTED_OUT
    if end.callback_at is not None:
        return Outcome.CALLBACK
    if end.answered_by == Answerer.VOICEMAIL:
        return Outcome.VOICEMAIL_LEFT if end.message_left else Outcome.VOICEMAIL
    if end.state is State.FAILED:
        return Outcome.DROPPED
    hung_up = end.end_reason in (EndReason.CALLEE_HUNG_UP, EndReason.NETWORK_HUNG_UP)
    if hung_up and end.talk_seconds < SHORT_TALK_SECONDS:
        return Outcome.SHORT_TALK
    return Outcome.COMPLETED


def _undialled(end: CallEnd) -> Outcome:
    if end.withdrawn:
        return Outcome.WITHDRAWN
    if end.end_reason == EndReason.NOT_CALLABLE:
        may_come = end.held or end.deferred_until is not None
        return Outcome.DEFERRED if may_come else Outcome.NOT_CALLABLE
    if end.state is State.DISPATCH_TIMEOUT:
        return Outcome.DISPATCH_TIMEOUT
    if end.state is State.CANCELLED:
        return Outcome.CANCELLED
    if end.end_reason == EndReason.CONFIGURATION:
        return Outcome.MISCONFIGURED
    return _BY_CAUSE.get(end.hangup_cause or "", Outcome.FAILED)


def _refused(end: CallEnd) -> Outcome:
    """A dial that nobody answered."""
    if end.network_blocked:
        return Outcome.BLOCKED_BY_NETWORK
    found = _BY_STATUS.get(end.sip_status or 0)
    if found is None:
        found = _BY_CAUSE.get(end.hangup_cause or "", _BY_STATE.get(end.state, Outcome.FAILED))
    if end.rang and found in _RANG_OUT and end.sip_status != _BUSY_EVERYWHERE:
        return Outcome.NO_ANSWER
    return found

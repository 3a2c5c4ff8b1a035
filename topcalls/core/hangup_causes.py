"""From the switch's hang-up cause to the outcome of a call that nobody answered.

FreeSWITCH translates SIP responses to Q.850 cause names (its `switch_types.h`); a few SIP statuses
say more than the cause they are folded into, and win over it.
"""

from __future__ import annotations

from enum import StrEnum

from topcalls.core.call_events import Hangup
from topcalls.core.network_refusals import redress


class Unanswered(StrEnum):
    """Outcomes of a dial that was not answered."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    FAILED = "failed"


# 486 Busy Here, 600 Busy Everywhere; 603 Decline, 607 Unwanted (RFC 8197). What a network blocks
# (608, RFC 8688, and some of 603) nobody declined.
# 408 Request Timeout is a phone that was not reached. 401, 402, 403 and 407 are a carrier that
# refuses us, which FreeSWITCH folds into CALL_REJECTED as if a person had declined.
_BY_SIP_STATUS = {
    401: Unanswered.FAILED,
    402: Unanswered.FAILED,
    403: Unanswered.FAILED,
    407: Unanswered.FAILED,
    408: Unanswered.NO_ANSWER,
    486: Unanswered.BUSY,
    600: Unanswered.BUSY,
    603: Unanswered.REJECTED,
    607: Unanswered.REJECTED,
}

_BY_CAUSE = {
    "USER_BUSY": Unanswered.BUSY,
    "NO_USER_RESPONSE": Unanswered.NO_ANSWER,
    "NO_ANSWER": Unanswered.NO_ANSWER,
    "ORIGINATOR_CANCEL": Unanswered.NO_ANSWER,
    "ALLOTTED_TIMEOUT": Unanswered.NO_ANSWER,
    "PROGRESS_TIMEOUT": Unanswered.NO_ANSWER,
    "SUBSCRIBER_ABSENT": Unanswered.NO_ANSWER,
    "CALL_REJECTED": Unanswered.REJECTED,
}

_MISCONFIGURED = frozenset(
    {
        "CHAN_NOT_IMPLEMENTED",
        "DIAL_NOT_POSSIBLE",
        "INVALID_GATEWAY",
        "INVALID_PROFILE",
        "NO_CARRIER",
    }
)
"""The dial failed by how this installation is set up. `DIAL_NOT_POSSIBLE` and `NO_CARRIER` are our
own."""

_REFUSED_BY_CARRIER = "The carrier refused the call: check its credentials and permissions."
_SENTENCES_BY_SIP_STATUS = {
    401: _REFUSED_BY_CARRIER,
    402: "The carrier wants to be paid first: check the balance there.",
    403: _REFUSED_BY_CARRIER,
    407: _REFUSED_BY_CARRIER,
    408: "The phone was not reached in time.",
    607: "The callee marked the call as unwanted.",
}
_BLOCKED = "A network blocked the call for what it takes the calling number for."

_SENTENCES = {
    "USER_BUSY": "The line is busy.",
    "NO_ANSWER": "Nobody answered.",
    "NO_USER_RESPONSE": "Nobody answered.",
    "SUBSCRIBER_ABSENT": "The phone is switched off or out of reach.",
    "CALL_REJECTED": "The callee rejected the call.",
    "NORMAL_CLEARING": "The far end ended the call.",
    "UNALLOCATED_NUMBER": "The number is not assigned.",
    "INVALID_NUMBER_FORMAT": "The carrier did not accept the number's format.",
    "NO_ROUTE_DESTINATION": "The carrier has no route to this number.",
    "NORMAL_TEMPORARY_FAILURE": "The carrier reported a temporary failure.",
    "RECOVERY_ON_TIMER_EXPIRE": "The carrier did not answer in time.",
    "NETWORK_OUT_OF_ORDER": "The carrier's network is out of order.",
    "GATEWAY_DOWN": "The SIP gateway is down.",
    "INVALID_GATEWAY": "The switch knows no gateway of that name.",
    "DIAL_NOT_POSSIBLE": "The call cannot be put into a dial command: see the controller's log.",
    "NO_CARRIER": "There is no carrier to call by: add one by POST /v1/phone-numbers/carriers.",
    "DESTINATION_OUT_OF_ORDER": "The destination is out of order.",
    "INCOMPATIBLE_DESTINATION": "No audio codec in common with the far end.",
    "MANDATORY_IE_MISSING": "The far end refused the request as malformed.",
}


def outcome_of(hangup: Hangup) -> Unanswered:
    """The outcome of an unanswered dial; unknown causes are failures."""
    if hangup.is_network_block:
        return Unanswered.FAILED
    if hangup.sip_status in _BY_SIP_STATUS:
        return _BY_SIP_STATUS[hangup.sip_status]
    return _BY_CAUSE.get(hangup.cause, Unanswered.FAILED)


def is_misconfiguration(hangup: Hangup) -> bool:
    """Every dial will fail like this one until somebody changes a setting."""
    return hangup.cause in _MISCONFIGURED


def in_words(hangup: Hangup) -> str:
    """One sentence for people, with the cause and SIP status to quote to a carrier."""
    by_status = _SENTENCES_BY_SIP_STATUS.get(hangup.sip_status or 0)
    if hangup.picked_up:
        by_status = "Somebody picked up, but the far end's answer held no audio that can be used."
    if hangup.is_network_block:
        contact = redress(hangup.reason)
        by_status = f"{_BLOCKED} Object at {contact}." if contact else _BLOCKED
    sentence = by_status or _SENTENCES.get(hangup.cause, "The call could not be completed.")
    sip = f", SIP {hangup.sip_status}" if hangup.sip_status else ""
    return f"{sentence} ({hangup.cause}{sip})"

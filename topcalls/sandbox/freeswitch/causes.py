"""Hang-up causes with FreeSWITCH's numbers, and the SIP answers that yield them."""

from __future__ import annotations

from dataclasses import dataclass

_HIGHEST_Q850 = 127
CARRIER, STACK, NOBODY = "carrier", "stack", "nobody"
CAUSES = {
    "NONE": 0,
    "UNALLOCATED_NUMBER": 1,
    "NO_ROUTE_TRANSIT_NET": 2,
    "NO_ROUTE_DESTINATION": 3,
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18,
    "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21,
    "NUMBER_CHANGED": 22,
    "DESTINATION_OUT_OF_ORDER": 27,
    "INVALID_NUMBER_FORMAT": 28,
    "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34,
    "NETWORK_OUT_OF_ORDER": 38,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42,
    "OUTGOING_CALL_BARRED": 52,
    "INCOMPATIBLE_DESTINATION": 88,
    "RECOVERY_ON_TIMER_EXPIRE": 102,
    "INTERWORKING": 127,
    "ORIGINATOR_CANCEL": 487,
    "CRASH": 700,
    "LOSE_RACE": 702,
    "SYSTEM_SHUTDOWN": 701,
    "MANAGER_REQUEST": 703,
    "BLIND_TRANSFER": 800,
    "ATTENDED_TRANSFER": 801,
    "ALLOTTED_TIMEOUT": 802,
    "MEDIA_TIMEOUT": 804,
    "PROGRESS_TIMEOUT": 807,
    "INVALID_GATEWAY": 808,
    "GATEWAY_DOWN": 809,
    "INVALID_URL": 810,
    "UNWANTED": 819,
}


@dataclass(frozen=True)
class SipRefusal:
    """How our INVITE failed, with the last status. `by`: whose that is. `STACK` ends a dial by
    itself, and says not who did; where `NOBODY` answered the status is of its own making. `after`:
    seconds from the INVITE."""

    status: int
    phrase: str
    cause: str
    by: str = CARRIER
    reason: str = ""
    retry_after: int = 0
    after: float = 0.0


BUSY = SipRefusal(486, "Busy Here", "USER_BUSY")
DECLINE = SipRefusal(603, "Decline", "CALL_REJECTED")
ASKED_AGAIN = SipRefusal(904, "", "NORMAL_UNSPECIFIED", STACK)
"""A carrier that asks for a password and gets none, or a wrong one."""

NO_SDP = SipRefusal(200, "OK", "NORMAL_CLEARING", STACK)
"""Picked up, with an answer that is no SDP."""

AWAY = SipRefusal(503, "Service Unavailable", "NORMAL_TEMPORARY_FAILURE", NOBODY)
"""Nobody listens at the carrier's address."""

SILENT = SipRefusal(408, "Request Timeout", "RECOVERY_ON_TIMER_EXPIRE", NOBODY, after=4.0)
"""Nothing comes back, not even 100: Timer B ends it (RFC 3261, 17.1.1.2; our profile's
`timer-T1X64`)."""

UNAVAILABLE = SipRefusal(480, "Temporarily Unavailable", "NO_ANSWER")
_BY_CAUSE = {
    item.cause: item
    for item in (
        BUSY,
        DECLINE,
        UNAVAILABLE,
        SipRefusal(403, "Forbidden", "OUTGOING_CALL_BARRED"),
        SipRefusal(404, "Not Found", "UNALLOCATED_NUMBER"),
        SipRefusal(480, "Temporarily Unavailable", "NO_USER_RESPONSE"),
        SipRefusal(484, "Address Incomplete", "INVALID_NUMBER_FORMAT"),
        SipRefusal(488, "Not Acceptable Here", "INCOMPATIBLE_DESTINATION"),
        SipRefusal(503, "Service Unavailable", "NORMAL_TEMPORARY_FAILURE"),
        SipRefusal(503, "Service Unavailable", "NORMAL_CIRCUIT_CONGESTION"),
        SipRefusal(503, "Service Unavailable", "SWITCH_CONGESTION"),
        SipRefusal(502, "Bad Gateway", "NETWORK_OUT_OF_ORDER"),
        SipRefusal(408, "Request Timeout", "RECOVERY_ON_TIMER_EXPIRE"),
        SipRefusal(410, "Gone", "NUMBER_CHANGED"),
    )
}


_CAUSE_OF = {
    402: "CALL_REJECTED",
    403: "CALL_REJECTED",
    404: "UNALLOCATED_NUMBER",
    408: "RECOVERY_ON_TIMER_EXPIRE",
    410: "NUMBER_CHANGED",
    480: "NO_USER_RESPONSE",
    484: "INVALID_NUMBER_FORMAT",
    486: "USER_BUSY",
    487: "ORIGINATOR_CANCEL",
    488: "INCOMPATIBLE_DESTINATION",
    502: "NETWORK_OUT_OF_ORDER",
    504: "RECOVERY_ON_TIMER_EXPIRE",
    600: "USER_BUSY",
    603: "CALL_REJECTED",
    604: "NO_ROUTE_DESTINATION",
    606: "INCOMPATIBLE_DESTINATION",
    607: "UNWANTED",
    608: "CALL_REJECTED",
}
PHRASES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
    607: "Unwanted",
    608: "Rejected",
}


def refusal_of(status: int, phrase: str = "", reason: str = "", retry_after: int = 0) -> SipRefusal:
    """A SIP answer with a status, and the cause that the switch makes of it."""
    cause = _CAUSE_OF.get(status, "NORMAL_TEMPORARY_FAILURE")
    words = phrase or PHRASES.get(status, "")
    return SipRefusal(status, words, cause, reason=reason, retry_after=retry_after)


def cause_name(text: str) -> str:
    """A cause by name in any case or by number; NORMAL_CLEARING if there is none such."""
    if text.upper() in CAUSES:
        return text.upper()
    by_number = {str(number): name for name, number in CAUSES.items()}
    return by_number.get(text, "NORMAL_CLEARING")


def q850(cause: str) -> int:
    """The Q.850 number of a cause; FreeSWITCH's own causes count as normal clearing."""
    number = CAUSES.get(cause, CAUSES["NORMAL_CLEARING"])
    return number if number <= _HIGHEST_Q850 else CAUSES["NORMAL_CLEARING"]


def refusal_for(cause: str) -> SipRefusal:
    """A SIP answer that yields `cause`."""
    return _BY_CAUSE.get(cause, SipRefusal(480, "Temporarily Unavailable", cause))

"""Which carrier a call leaves by, and whether another one may try when it did not get through.

The law of politeness comes before the table: a person whose phone rang for some seconds
(`RANG_SECONDS` unless set otherwise), or who declined, is never rung again by another carrier.
Beyond that the SIP status decides, because several of them share one hang-up cause; the cause
decides where there was none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from topcalls.core.call_events import Hangup

RANG_SECONDS = 2.0
"""Shorter ringing is a carrier's own signalling, heard by nobody."""

MAX_ATTEMPTS = 5
"""Of one call, by different carriers."""


class Then(StrEnum):
    """What follows a dial that did not get through."""

    NEXT = "try_next"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Route:
    """One carrier as a call needs it. `carrier_id` None is the installation's own gateway."""

    carrier_id: str | None
    carrier_name: str
    gateway: str
    number_format: str = "+e164"
    number_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A carrier of the account that may be called by. The lowest `priority` comes first, then the
    oldest: that is the order in which candidates are given to `plan`."""

    route: Route
    is_usable: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """The `number`-th dial of a call, from 1, by a route's gateway."""

    number: int
    route: Route


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the next carrier tries, and why."""

    then: Then
    why: str


_BY_STATUS: dict[int, tuple[Then, str]] = {
    404: (Then.NEXT, "this carrier has no route to the number"),
    408: (Then.NEXT, "nobody answered the carrier's side of the call"),
    410: (Then.STOP, "the number is no longer in use"),
    433: (Then.STOP, "the callee takes no anonymous calls"),
    480: (Then.STOP, "the phone cannot be reached now"),
    484: (Then.NEXT, "this carrier wants the number in another format"),
    486: (Then.STOP, "the line is busy"),
    487: (Then.STOP, "the call was called off"),
    488: (Then.NEXT, "this carrier accepts none of our audio offers"),
    600: (Then.STOP, "the line is busy everywhere"),
    603: (Then.STOP, "the call was declined"),
    604: (Then.STOP, "the number exists nowhere"),
    606: (Then.NEXT, "this carrier accepts none of our audio offers"),
    607: (Then.STOP, "the callee marked the call as unwanted"),
}

_NEXT_CAUSES = {
    "CHAN_NOT_IMPLEMENTED": "this carrier cannot do it",
    "DESTINATION_OUT_OF_ORDER": "this carrier's side is out of order",
    "EXCHANGE_ROUTING_ERROR": "this carrier has no route to the number",
    "GATEWAY_DOWN": "this carrier's gateway is down",
    "INCOMPATIBLE_DESTINATION": "this carrier accepts none of our audio offers",
    "INVALID_GATEWAY": "the switch does not have this carrier's gateway",
    "INVALID_NUMBER_FORMAT": "this carrier wants the number in another format",
    "NETWORK_OUT_OF_ORDER": "this carrier's network is out of order",
    "NORMAL_CIRCUIT_CONGESTION": "this carrier has no free line",
    "NORMAL_TEMPORARY_FAILURE": "this carrier reports a temporary failure",
    "NO_ROUTE_DESTINATION": "this carrier has no route to the number",
    "NO_ROUTE_TRANSIT_NET": "this carrier has no route to the number",
    "PROGRESS_TIMEOUT": "this carrier did not begin to ring in time",
    "PROTOCOL_ERROR": "this carrier broke the protocol",
    "RECOVERY_ON_TIMER_EXPIRE": "this carrier did not answer",
    "REQUESTED_CHAN_UNAVAIL": "this carrier has no free line",
    "UNALLOCATED_NUMBER": "this carrier has no route to the number",
}


_STOP_CAUSES = {
    "USER_BUSY": "the line is busy",
    "NO_ANSWER": "nobody answered",
    "NO_USER_RESPONSE": "nobody answered",
    "ALLOTTED_TIMEOUT": "nobody answered",
    "CALL_REJECTED": "the call was declined",
    "SUBSCRIBER_ABSENT": "the phone cannot be reached now",
    "ORIGINATOR_CANCEL": "the call was called off",
    "NO_CARRIER": "there is no carrier to call by",
    "DIAL_NOT_POSSIBLE": "the call cannot be put into a dial command",
    "DIAL_INTENT_NOT_STORED": "the dial could not be noted, so none was made",
    "SWITCH_UNREACHABLE": "the switch could not be reached",
}


def decide(
    hangup: Hangup,
    rang_seconds: float,
    attempt: int,
    left: int,
    politeness_seconds: float = RANG_SECONDS,
) -> Decision:
    """After the `attempt`-th dial (from 1) ended unanswered: does one of the `left` carriers try?

    `rang_seconds`: how long the phone rang, or a tone was heard, in all dials so far; from
    `politeness_seconds` on nobody tries again. 0: nobody once it rang at all.
    """
    if hangup.picked_up:
        return Decision(Then.STOP, "somebody picked up: nobody is rung twice for one call")
    if rang_seconds > 0 and rang_seconds >= politeness_seconds:
        return Decision(Then.STOP, "the phone rang: nobody is rung twice for one call")
    then, why = _by_table(hangup)
    if then is Then.NEXT and left < 1:
        return Decision(Then.STOP, f"{why}, and no other carrier is left")
    if then is Then.NEXT and attempt >= MAX_ATTEMPTS:
        return Decision(Then.STOP, f"{why}, and {MAX_ATTEMPTS} carriers have tried")
    return Decision(then, why)


def _by_table(hangup: Hangup) -> tuple[Then, str]:
    status = hangup.sip_status
    if hangup.is_network_block:
        return Then.STOP, "a network blocked the call for what it takes the calling number for"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status is not None and 300 <= status < 500:
        return Then.NEXT, "this carrier refuses the call"
    if status is not None and 500 <= status < 600:
        return Then.NEXT, "this carrier has a fault or no free line"
    if status is not None and status >= 600:
        return Then.STOP, "the callee's side refuses the call"
    if hangup.cause in _NEXT_CAUSES:
        return Then.NEXT, _NEXT_CAUSES[hangup.cause]
    return Then.STOP, _STOP_CAUSES.get(hangup.cause, "this end may be the callee's own")


def plan(
    candidates: Sequence[Candidate],
    wanted: str | None,
    of_number: str | None,
    own: Route | None,
) -> tuple[Route, ...]:
    """The carriers of one call, in the order in which they may try.

    The call's own wish (`wanted`) admits no other. Else the carrier of its caller ID
    (`of_number`) comes first, then the account's order; those known to be down come last, because
    what is known may be old. `own` is the installation's gateway, for accounts without a carrier.
    """
    if wanted is not None:
        return tuple(one.route for one in candidates if one.route.carrier_id == wanted)
    if not candidates:
        return (own,) if own is not None else ()
    first = [one for one in candidates if one.route.carrier_id == of_number]
    others = [one for one in candidates if one.route.carrier_id != of_number]
    ordered = sorted(first + others, key=lambda one: not one.is_usable)
    return tuple(one.route for one in ordered)[:MAX_ATTEMPTS]

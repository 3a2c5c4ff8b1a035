"""What a gateway's state on a switch means, in words, with what to do about it.

The switch tells a registration state, whether the gateway is up, and with its events the SIP status
of the last REGISTER or OPTIONS. 408 and 503 may be of its own making, where nobody answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """One carrier on one node."""

    PENDING = "pending"
    UP = "up"
    REGISTERED = "registered"
    REGISTERING = "registering"
    FAILED = "failed"
    DOWN = "down"
    MISSING = "missing"


GOOD = frozenset({Health.UP, Health.REGISTERED})
"""States in which calls can be made."""


@dataclass(frozen=True, slots=True)
class GatewayState:
    """A gateway as the switch tells it. `sip_status` is None where nothing was answered yet."""

    registration: str
    is_up: bool
    is_pinged: bool
    sip_status: int | None = None
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`registered` is None for a trunk that does not register, `reachable` where nobody knows."""

    health: Health
    registered: bool | None
    reachable: bool | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is so, and what to do about it; `remedy` is empty where all is well."""

    found: str
    remedy: str = ""


_NOT_REGISTERING = "NOREG"
_REGISTERED = "REGED"
_FAILED = frozenset({"FAILED", "FAIL_WAIT", "TIMEOUT", "EXPIRED"})
_NO_ANSWER = frozenset({408, 503})

SIP_WORDS: dict[int, Explanation] = {
    400: Explanation(
        "The carrier does not understand the request.",
        "Check host name, transport and from_domain against the carrier's page.",
    ),
    401: Explanation(
        "The carrier does not accept the user name and password.",
        "Enter them again; check sip_realm, and whether they belong to this very trunk.",
    ),
    402: Explanation(
        "The carrier wants to be paid first.", "Check the balance of the account there."
    ),
    403: Explanation(
        "The carrier knows who we are, and refuses.",
        "Have the switch's public address allowed there; check that the account may register, may "
        "call this destination and may show this caller ID.",
    ),
    404: Explanation(
        "The carrier knows no such number or account.",
        "Check number_format and number_prefix; for a registration the username and from_domain.",
    ),
    407: Explanation(
        "The carrier asks for a user name and password, and does not accept ours.",
        "Enter the trunk's credentials as outbound_auth (or registration), or have the switch's "
        "address allowed there.",
    ),
    408: Explanation(
        "The carrier does not answer.",
        "Check the host, port and transport, and that no firewall drops SIP on the way.",
    ),
    480: Explanation("The phone cannot be reached now.", "Try again later."),
    484: Explanation(
        "The carrier finds the number incomplete.", "Check number_format and number_prefix."
    ),
    486: Explanation("The line is busy.", "Try again later."),
    488: Explanation(
        "The carrier accepts none of our audio offers.",
        "Allow PCMU or PCMA there; set sip_gateway.srtp as the carrier has it, with transport tls.",
    ),
    500: Explanation("The carrier has a fault.", "Look at its status page; try again later."),
    502: Explanation("The carrier's own carrier has a fault.", "Try again later."),
    503: Explanation(
        "The carrier takes no more calls now, or cannot be reached.",
        "Check the host name; compare your calls per second and at once with what it allows.",
    ),
    504: Explanation("The carrier's own carrier does not answer.", "Try again later."),
    603: Explanation(
        "The call was declined, by the person or by the carrier on its behalf.",
        "Do not try again soon. Where it happens on every call, ask the carrier.",
    ),
    608: Explanation(
        "An analytics service blocked the call as unwanted.",
        "Register the caller ID with the carriers' reputation services.",
    ),
}

_OF_REQUESTS = {
    503: Explanation(
        "Nobody answers at the carrier's address, or it is overloaded.",
        "Check the host, port and transport, and that no firewall drops SIP on the way.",
    ),
}
"""Where a registration or a ping says something else than a call: 503 is the switch's own as a rule
then."""

_HEALTH_WORDS: dict[Health, Explanation] = {
    Health.PENDING: Explanation(
        "No controller of this node has told the switch yet.",
        "See that a controller runs and reaches its switch: topcalls doctor.",
    ),
    Health.UP: Explanation("Ready for calls."),
    Health.REGISTERED: Explanation("Registered, and ready for calls."),
    Health.REGISTERING: Explanation("Registering."),
    Health.FAILED: Explanation(
        "The registration failed.",
        "Check host, username and password. The switch tries again by itself.",
    ),
    Health.DOWN: Explanation(
        "The carrier does not answer OPTIONS: the switch makes no calls by it.",
        "Check the host, port and transport, and the firewall. Where the carrier never answers "
        "OPTIONS, set sip_gateway.ping to false.",
    ),
    Health.MISSING: Explanation(
        "The switch did not take the gateway.",
        "Its SIP profile must include the files that are written for it: see docs/trunks.md.",
    ),
}


def judge(state: GatewayState) -> Judgement:
    """What a gateway's state means."""
    if state.registration == _NOT_REGISTERING:
        health = Health.UP if state.is_up else Health.DOWN
        return Judgement(health, None, state.is_up if state.is_pinged else None)
    if state.registration == _REGISTERED:
        health = Health.REGISTERED if state.is_up else Health.DOWN
        return Judgement(health, True, state.is_up)
    if state.registration in _FAILED:
        return Judgement(Health.FAILED, False, _answered(state.sip_status))
    return Judgement(Health.REGISTERING, False, None)


def explain(health: Health, sip_status: int | None = None, phrase: str = "") -> Explanation:
    """One sentence, and the remedy. A SIP status says more than the state it led to."""
    own = _OF_REQUESTS if health in (Health.FAILED, Health.DOWN) else {}
    known = own.get(sip_status or 0) or SIP_WORDS.get(sip_status or 0)
    general = _HEALTH_WORDS[health]
    if health in GOOD or health is Health.REGISTERING or sip_status is None:
        return general
    told = f"SIP {sip_status} {phrase}".strip()
    if known is None:
        return Explanation(f"{general.found} ({told})", general.remedy)
    lead = "The registration failed. " if health is Health.FAILED else ""
    return Explanation(f"{lead}{known.found} ({told})", known.remedy)


def explain_sip(sip_status: int) -> Explanation:
    """What a carrier's refusal of a call means."""
    return SIP_WORDS.get(
        sip_status,
        Explanation("The carrier refused the call.", "Ask the carrier what it means by this."),
    )


def overall(healths: list[Health]) -> Health:
    """One word for a carrier on all nodes: the worst of what they say, for none `pending`."""
    order = list(Health)
    rank = {Health.UP: 0, Health.REGISTERED: 0, Health.PENDING: 1, Health.REGISTERING: 2}
    return max(
        healths,
        key=lambda health: (rank.get(health, 3), order.index(health)),
        default=Health.PENDING,
    )


def _answered(sip_status: int | None) -> bool | None:
    return None if sip_status is None else sip_status not in _NO_ANSWER

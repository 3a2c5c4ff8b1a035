"""A call that comes in: what the carrier tells of it, and when it is not taken.

Everything in an `Arrival` was written by the caller's side. It stays text: `phone_numbers` judges
what shall be a number, `core/variables.py` what an agent may read of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from topcalls.core.end_reasons import EndReason
from topcalls.core.inbound_sources import Sender

MOST_HEADERS = 20
MAX_HEADER_NAME = 48
MAX_HEADER_VALUE = 200
STANDARD_HEADERS = (
    "Diversion",
    "History-Info",
    "P-Asserted-Identity",
    "P-Attestation-Indicator",
    "Remote-Party-ID",
    "Subject",
    "User-to-User",
    "Verstat",
)
"""Told to agents besides every X- header. `Verstat` is no header: it is the word of the carrier
whether the caller's number is proven (STIR/SHAKEN), wherever it writes it."""

_NAME = re.compile(rf"[A-Za-z0-9-]{{1,{MAX_HEADER_NAME}}}")
_IDENTITIES = frozenset({"p-asserted-identity", "remote-party-id"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """A parked call, as the switch tells of it; nothing in it is checked.

    `sender` is the peer, as far as the switch knows it. `is_hidden`: the caller asked that the
    number is not shown. `softphone`: by which user name a softphone of our own has proved itself;
    None for a call of a carrier.
    """

    channel_uuid: str
    node: str
    called: str
    caller: str = ""
    caller_name: str = ""
    sender: Sender = Sender()
    is_hidden: bool = False
    softphone: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(StrEnum):
    """Why an inbound call is not taken; the label of the metric."""

    UNKNOWN_NUMBER = "unknown_number"
    FOREIGN_CARRIER = "foreign_carrier"
    UNKNOWN_SOFTPHONE = "unknown_softphone"
    NUMBER_INACTIVE = "number_inactive"
    NO_AGENT = "no_agent"
    AGENT_UNUSABLE = "agent_unusable"
    NO_MINUTES = "no_minutes"
    OVER_BUDGET = "over_budget"
    TOO_MANY_CALLS = "too_many_calls"
    NO_CAPACITY = "no_capacity"


class Answer(NamedTuple):
    """What a refusal means: the switch's hang-up cause and its SIP status for the carrier, and the
    call's end as its account sees it."""

    cause: str
    sip_status: int
    reason: EndReason
    words: str


ANSWERS = {
    Refusal.UNKNOWN_NUMBER: Answer(
        "UNALLOCATED_NUMBER", 404, EndReason.CONFIGURATION, "Nobody here has this number."
    ),
    Refusal.FOREIGN_CARRIER: Answer(
        "UNALLOCATED_NUMBER", 404, EndReason.CONFIGURATION, "It came from another account's trunk."
    ),
    Refusal.UNKNOWN_SOFTPHONE: Answer(
        "OUTGOING_CALL_BARRED",
        403,
        EndReason.CONFIGURATION,
        "The softphone belongs to no account: add it by POST /v1/softphones.",
    ),
    Refusal.NUMBER_INACTIVE: Answer(
        "SUBSCRIBER_ABSENT",
        480,
        EndReason.CONFIGURATION,
        "The called number is inactive: PATCH /v1/phone-numbers/{id} with status 'active'.",
    ),
    Refusal.NO_AGENT: Answer(
        "SUBSCRIBER_ABSENT",
        480,
        EndReason.CONFIGURATION,
        "No agent takes calls to this number: PATCH /v1/phone-numbers/{id} with an agent_id.",
    ),
    Refusal.AGENT_UNUSABLE: Answer(
        "SUBSCRIBER_ABSENT", 480, EndReason.CONFIGURATION, "The number's agent cannot take calls."
    ),
    Refusal.NO_MINUTES: Answer(
        "SUBSCRIBER_ABSENT", 480, EndReason.NO_MINUTES, "The account has no minutes left."
    ),
    Refusal.OVER_BUDGET: Answer(
        "SUBSCRIBER_ABSENT", 480, EndReason.OVER_BUDGET, "It does not fit a budget."
    ),
    Refusal.TOO_MANY_CALLS: Answer(
        "USER_BUSY",
        486,
        EndReason.TOO_MANY_CALLS,
        "The account has as many calls as it may have at once.",
    ),
    Refusal.NO_CAPACITY: Answer(
        "SWITCH_CONGESTION",
        503,
        EndReason.NO_CAPACITY,
        "No controller had room for the call: see inbound_reserve and max_calls.",
    ),
}
"""486 is a number that is busy; with 503 a carrier tries another way to us, or says so; 480 and
404 it takes as final."""


def told_headers(arrival: Arrival) -> dict[str, str]:
    """Those headers that agents may read: no more than they need, whatever was sent.

    Who asked to be hidden is not told by another header either.
    """
    standard = {name.lower(): name for name in STANDARD_HEADERS}
    told: dict[str, str] = {}
    for name, value in sorted(arrival.headers.items(), key=lambda pair: pair[0].lower()):
        lower = name.lower()
        if arrival.is_hidden and lower in _IDENTITIES:
            continue
        if lower not in standard and not lower.startswith("x-"):
            continue
        if value and _NAME.fullmatch(name) and len(told) < MOST_HEADERS:
            told[standard.get(lower, name)] = value[:MAX_HEADER_VALUE]
    return told


def outbound_places_taken(outbound: int, inbound: int, reserve: int) -> int:
    """Of a controller's places, how many are gone for outbound calls: those in use, and of the
    `reserve` for inbound ones what they do not use yet."""
    return outbound + max(inbound, reserve)

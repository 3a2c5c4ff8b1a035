"""What the switch's SIP module says of gateways and registrations: tables, and events."""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

from topcalls.core.carrier_status import GatewayState
from topcalls.esl.parser import ESLEvent

_ROW = re.compile(r"^\s*(\S+)::(\S+)\tgateway\t", re.MULTILINE)
_FIELD = re.compile(r"^(\w+)\s*\t(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class GatewayNews:
    """A gateway changed its state. `sip_status` and `phrase` are the carrier's answer, if it gave
    one."""

    gateway: str
    registration: str
    is_up: bool
    sip_status: int | None
    phrase: str


def gateways(table: str, profile: str) -> set[str]:
    """The gateways that `sofia status` lists for a profile, those being deleted included."""
    return {name for owner, name in _ROW.findall(table) if owner == profile}


def gateway_state(text: str) -> GatewayState | None:
    """What `sofia status gateway` says; None where the switch has no such gateway."""
    fields = {name: value.strip() for name, value in _FIELD.findall(text)}
    if "Status" not in fields or "State" not in fields:
        return None
    return GatewayState(
        registration=fields["State"],
        is_up=fields["Status"].startswith("UP"),
        is_pinged=fields.get("PingFreq", "0") not in ("", "0"),
    )


def gateway_news(event: ESLEvent) -> GatewayNews | None:
    """What a `sofia::gateway_state` says; None for any other event."""
    if event.subclass != "sofia::gateway_state":
        return None
    status = event.integer("Status")
    return GatewayNews(
        gateway=event.get("Gateway"),
        registration=event.get("State"),
        is_up=event.get("Ping-Status") == "UP",
        sip_status=status if status and 100 <= status <= 699 else None,
        phrase=_printable(event.get("Phrase")),
    )


def registered_users(text: str) -> set[str]:
    """The user names in `show registrations as json`; none where that cannot be read."""
    try:
        rows = orjson.loads(text).get("rows", [])
        return {str(row["reg_user"]) for row in rows}
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return set()


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:100]

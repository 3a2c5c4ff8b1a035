"""A carrier's trunk as plain values: what may be asked of it, and how its gateway is named.

`Trunk` is what a node needs to reach a carrier. `core/trunk_rules.py` judges the body that asks for
one, `core/gateways.py` writes it down for the switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

STATIC_IP, AUTH, REG = TRUNK_TYPES = ("static_ip", "auth", "reg")
TRANSPORTS = ("udp", "tcp", "tls")
SRTP = ("off", "optional", "mandatory")
CALLER_ID_HEADERS = ("from", "pai", "rpid")
NUMBER_FORMATS = ("+e164", "e164", "national")
DEFAULT_PRIORITY = 50

PREFIX = "tc_"


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and its password, which never shows. `realm`, `from_user` and `from_domain` are
    empty where the carrier wants nothing special."""

    username: str
    password: str = field(repr=False)
    realm: str = ""
    from_user: str = ""
    from_domain: str = ""


@dataclass(frozen=True, slots=True)
class Trunk:
    """How a carrier is reached, and what it may send.

    `login` is for our requests (REGISTER where `trunk_type` is `reg`, INVITE otherwise),
    `inbound_login` for the carrier's. `inbound_addresses` are IPv4 addresses or networks.
    `ping`: OPTIONS are sent, and a trunk that does not answer them is not used.
    """

    carrier_id: str
    host: str
    trunk_type: str = STATIC_IP
    port: int = 5060
    transport: str = "udp"
    inbound: bool = False
    outbound: bool = True
    inbound_addresses: tuple[str, ...] = ()
    srtp: str = "off"
    ping: bool = False
    caller_id_header: str = "from"
    number_format: str = "+e164"
    number_prefix: str = ""
    login: Login | None = None
    inbound_login: Login | None = None

    @property
    def gateway(self) -> str:
        """The name of its gateway on the switch."""
        return gateway_name(self.carrier_id)


_SIP_FIELDS = tuple(
    f.name for f in fields(Trunk) if f.name not in ("carrier_id", "login", "inbound_login")
)
_LOGIN_FIELDS = ("username", "realm", "from_user", "from_domain")


def gateway_name(carrier_id: str) -> str:
    """Ours by its prefix: whatever else the switch has is never touched."""
    return f"{PREFIX}{carrier_id}"


def carrier_of(gateway: str) -> str | None:
    """The carrier whose gateway this is, or None for a gateway that is not ours."""
    return gateway.removeprefix(PREFIX) if gateway.startswith(PREFIX) else None


def dial_number(number: str, number_format: str, prefix: str = "") -> str:
    """An E.164 `number` as a carrier wants it. `national` is the North American ten digits; a
    number of elsewhere keeps its country code, after 011."""
    digits = number.removeprefix("+")
    if number_format == "+e164":
        return f"{prefix}{number}"
    if number_format == "national":
        digits = digits[1:] if digits.startswith("1") and len(digits) == 11 else f"011{digits}"
    return f"{prefix}{digits}"


def to_stored(trunk: Trunk) -> dict[str, Any]:
    """Everything but the passwords and the id, JSON-ready."""
    stored: dict[str, Any] = {name: getattr(trunk, name) for name in _SIP_FIELDS}
    stored["inbound_addresses"] = list(trunk.inbound_addresses)
    for name in ("login", "inbound_login"):
        login: Login | None = getattr(trunk, name)
        if login is not None:
            stored[name] = {part: getattr(login, part) for part in _LOGIN_FIELDS}
    return stored


def from_stored(
    carrier_id: str,
    stored: Mapping[str, Any],
    password: str | None,
    inbound_password: str | None,
) -> Trunk:
    """The inverse of `to_stored`; names unknown to this version are left out."""
    known: dict[str, Any] = {name: stored[name] for name in _SIP_FIELDS if name in stored}
    known["inbound_addresses"] = tuple(known.get("inbound_addresses", ()))
    return Trunk(
        carrier_id=carrier_id,
        login=_login(stored.get("login"), password),
        inbound_login=_login(stored.get("inbound_login"), inbound_password),
        **known,
    )


def _login(stored: Mapping[str, str] | None, password: str | None) -> Login | None:
    if stored is None:
        return None
    parts = {name: stored.get(name, "") for name in _LOGIN_FIELDS}
    return Login(password=password or "", **parts)

"""Does this body describe a carrier? Every rule of `POST /v1/phone-numbers/carriers`.

`violations` reports every fault at once, each with the field and what to write instead.

Private addresses are allowed: a trunk on the same network (a PBX, a session border controller, a
leased line) is as legitimate as one on the Internet, and only SIP is ever spoken to it. Addresses
of the machine itself, and of nothing in particular, are refused outside the sandbox.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from topcalls.core.rates import rate_faults
from topcalls.core.suggestions import did_you_mean
from topcalls.core.trunk_presets import PRESETS
from topcalls.core.trunks import (
    AUTH,
    CALLER_ID_HEADERS,
    DEFAULT_PRIORITY,
    NUMBER_FORMATS,
    REG,
    SRTP,
    STATIC_IP,
    TRANSPORTS,
    TRUNK_TYPES,
    Login,
    Trunk,
)
from topcalls.errors import FieldError

MAX_NAME = 100
MAX_ADDRESSES = 32
WIDEST_NETWORK = 16
"""The shortest prefix of a network that may send us calls: anything wider is a mistake."""

FIELDS = (
    "carrier_name",
    "sip_gateway",
    "trunk_type",
    "registration",
    "inbound_auth",
    "outbound_auth",
    "preset",
    "priority",
    "number_format",
    "number_prefix",
    "caller_id_header",
    "provider_trunk_id",
    "rate",
)
SECTIONS = {
    "sip_gateway": (
        "ipv4",
        "port",
        "inbound",
        "outbound",
        "transport",
        "srtp",
        "ping",
        "inbound_addresses",
    ),
    "registration": ("username", "password", "sip_realm", "from_user", "from_domain"),
    "outbound_auth": ("username", "password", "sip_realm", "from_user", "from_domain"),
    "inbound_auth": ("username", "password"),
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "trunk_type": TRUNK_TYPES,
    "number_format": NUMBER_FORMATS,
    "caller_id_header": CALLER_ID_HEADERS,
    "preset": tuple(preset.id for preset in PRESETS),
    "sip_gateway.transport": TRANSPORTS,
    "sip_gateway.srtp": SRTP,
}
_FLAGS = ("inbound", "outbound", "ping")
_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_USER = re.compile(r"[A-Za-z0-9+_.~!*&=%-]{1,64}")
_PASSWORD = re.compile(r"[\x20-\x7e]{1,128}")
_REALM = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_NUMBER_PREFIX = re.compile(r"[0-9*#]{0,16}")
_PROVIDER_TRUNK = re.compile(r"[A-Za-z0-9_-]{1,64}")

Faults = Iterator[FieldError]
Body = Mapping[str, Any]


def violations(body: Body, *, sandbox: bool = False) -> list[FieldError]:
    """Everything wrong with a whole `body`; None counts as not given."""
    given = completed(body)
    found = [*_unknown(given), *_shapes(given)]
    wrong = {fault.path for fault in found}
    for rule in (_name, _choices, _priority, _numbers, _logins, _trunk_type, _rate):
        found += [fault for fault in rule(given) if not _under(fault.path, wrong)]
    found += [f for f in _address(given, sandbox=sandbox) if not _under(f.path, wrong)]
    order = {name: index for index, name in enumerate(FIELDS)}
    return sorted(found, key=lambda f: order.get(f.path.split(".")[0], len(order)))


def compact(body: Body) -> dict[str, Any]:
    """The body without what is not given."""
    given: dict[str, Any] = {}
    for name, value in body.items():
        if isinstance(value, Mapping):
            value = {key: item for key, item in value.items() if item is not None}
        if value is not None:
            given[name] = value
    return given


def completed(body: Body) -> dict[str, Any]:
    """The body with what its preset gives where it says nothing itself."""
    given = compact(body)
    preset = next((item for item in PRESETS if item.id == given.get("preset")), None)
    if preset is None:
        return given
    gateway = given.get("sip_gateway")
    if isinstance(gateway, Mapping):
        given["sip_gateway"] = {**preset.gateway_defaults, **gateway}
    return {**preset.defaults, **given}


def trunk_of(carrier_id: str, body: Body) -> Trunk:
    """The trunk that a `body` without violations describes; a preset gives what it leaves out."""
    given = completed(body)
    wanted = {**given, **given["sip_gateway"]}
    login = given.get("registration") or given.get("outbound_auth")
    transport = wanted.get("transport", "udp")
    return Trunk(
        carrier_id=carrier_id,
        host=wanted["ipv4"],
        trunk_type=wanted.get("trunk_type", STATIC_IP),
        port=wanted.get("port", 5061 if transport == "tls" else 5060),
        transport=transport,
        inbound=wanted.get("inbound", False),
        outbound=wanted.get("outbound", True),
        inbound_addresses=tuple(wanted.get("inbound_addresses", ())),
        srtp=wanted.get("srtp", "off"),
        ping=wanted.get("ping", False),
        caller_id_header=wanted.get("caller_id_header", "from"),
        number_format=wanted.get("number_format", "+e164"),
        number_prefix=wanted.get("number_prefix", ""),
        login=_login(login),
        inbound_login=_login(given.get("inbound_auth")),
    )


def priority_of(body: Body) -> int:
    """The order among an account's carriers: the lowest is tried first."""
    return int(compact(body).get("priority", DEFAULT_PRIORITY))


def _login(section: Body | None) -> Login | None:
    if section is None:
        return None
    return Login(
        username=section["username"],
        password=section["password"],
        realm=section.get("sip_realm", ""),
        from_user=section.get("from_user", ""),
        from_domain=section.get("from_domain", ""),
    )


def _under(path: str, wrong: set[str]) -> bool:
    return any(path == other or path.startswith(f"{other}.") for other in wrong)


def _unknown(given: Body) -> Faults:
    for name in given.keys() - set(FIELDS):
        hint = did_you_mean(name, FIELDS)
        yield FieldError(name, f"Is not a field of a carrier.{hint}", "unknown")
    for section, known in SECTIONS.items():
        value = given.get(section)
        for name in value.keys() - set(known) if isinstance(value, Mapping) else ():
            hint = did_you_mean(name, known)
            path = f"{section}.{name}"
            yield FieldError(path, f"Is not a field of {section}.{hint}", "unknown")


def _shapes(given: Body) -> Faults:
    for section in SECTIONS.keys() & given.keys():
        if not isinstance(given[section], Mapping):
            yield FieldError(section, "Must be an object.", "invalid_type")
    gateway = _section(given, "sip_gateway")
    for name in _FLAGS:
        if not isinstance(gateway.get(name, False), bool):
            yield FieldError(f"sip_gateway.{name}", "Must be true or false.", "invalid_type")
    if "sip_gateway" not in given:
        message = "Say where the carrier is: {'ipv4': its address or host name}."
        yield FieldError("sip_gateway", message, "required")


def _rate(given: Body) -> Faults:
    yield from rate_faults(given["rate"]) if "rate" in given else ()


def _section(given: Body, name: str) -> Body:
    value = given.get(name, {})
    return value if isinstance(value, Mapping) else {}


def _name(given: Body) -> Faults:
    name = given.get("carrier_name")
    if name is None:
        yield FieldError("carrier_name", "Give the carrier a name, as in 'Telnyx'.", "required")
    elif not isinstance(name, str) or not name.isprintable():
        yield FieldError("carrier_name", "Must be text of one line.", "invalid_type")
    elif not name.strip() or len(name) > MAX_NAME:
        yield FieldError("carrier_name", f"Must be 1 to {MAX_NAME} characters.", "length")


def _choices(given: Body) -> Faults:
    for path, allowed in _CHOICES.items():
        head, _, tail = path.partition(".")
        value = _section(given, head).get(tail) if tail else given.get(head)
        if value is not None and value not in allowed:
            yield FieldError(path, f"Must be one of {', '.join(allowed)}.", "choice")


def _priority(given: Body) -> Faults:
    for path, value, least, most in (
        ("priority", given.get("priority", DEFAULT_PRIORITY), 0, 99),
        ("sip_gateway.port", _section(given, "sip_gateway").get("port", 5060), 1, 65535),
    ):
        if isinstance(value, bool) or not isinstance(value, int):
            yield FieldError(path, "Must be a whole number.", "invalid_type")
        elif not least <= value <= most:
            yield FieldError(path, f"Must be {least} to {most}.", "range")


def _numbers(given: Body) -> Faults:
    prefix = given.get("number_prefix", "")
    if not isinstance(prefix, str) or not _NUMBER_PREFIX.fullmatch(prefix):
        message = "Must be up to 16 of 0-9, * and #: what the carrier wants dialled first."
        yield FieldError("number_prefix", message, "invalid_number_prefix")
    trunk = given.get("provider_trunk_id")
    if trunk is not None and not (isinstance(trunk, str) and _PROVIDER_TRUNK.fullmatch(trunk)):
        message = "Must be up to 64 letters, digits, '-' and '_': Telnyx's connection id, or "
        yield FieldError("provider_trunk_id", message + "Twilio's trunk SID.", "invalid_trunk")


def _logins(given: Body) -> Faults:
    for section in ("registration", "outbound_auth", "inbound_auth"):
        if section not in given:
            continue
        login = _section(given, section)
        for name, pattern, hint in (
            ("username", _USER, "Without '@': what follows it belongs into from_domain."),
            ("password", _PASSWORD, "Up to 128 printable ASCII characters."),
        ):
            value, path = login.get(name), f"{section}.{name}"
            if value is None:
                yield FieldError(path, "Take it from the carrier's own page.", "required")
            elif not isinstance(value, str) or not pattern.fullmatch(value):
                yield FieldError(path, f"The switch cannot send this. {hint}", f"invalid_{name}")
        for name, pattern in (
            ("sip_realm", _REALM),
            ("from_domain", _REALM),
            ("from_user", _USER),
        ):
            value = login.get(name)
            if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
                message = "Must be letters, digits, '.', '-' and '_', as in sip.example.com."
                yield FieldError(f"{section}.{name}", message, f"invalid_{name}")


def _trunk_type(given: Body) -> Faults:
    kind = given.get("trunk_type", STATIC_IP)
    if kind == REG and "registration" not in given:
        message = "Needed for trunk_type 'reg': the username and password to register with."
        yield FieldError("registration", message, "required")
    if kind != REG and "registration" in given:
        message = "Only for trunk_type 'reg'. To log in without registering use outbound_auth."
        yield FieldError("registration", message, "exclusive")
    if kind == REG and "outbound_auth" in given:
        message = "Not for trunk_type 'reg': calls use the account that is registered."
        yield FieldError("outbound_auth", message, "exclusive")
    if kind == AUTH and "inbound_auth" not in given:
        message = "Needed for trunk_type 'auth': the username and password of calls to us."
        yield FieldError("inbound_auth", message, "required")
    if kind != AUTH and "inbound_auth" in given:
        message = "Only for trunk_type 'auth'."
        yield FieldError("inbound_auth", message, "exclusive")
    gateway = _section(given, "sip_gateway")
    if kind == AUTH and gateway.get("inbound") is not True:
        message = "Must be true for trunk_type 'auth', which is about calls to us."
        yield FieldError("sip_gateway.inbound", message, "required")
    if gateway.get("inbound", False) is False and gateway.get("outbound") is False:
        message = "One of inbound and outbound must be true."
        yield FieldError("sip_gateway.outbound", message, "nothing_to_do")


def _address(given: Body, *, sandbox: bool) -> Faults:
    gateway = _section(given, "sip_gateway")
    if "sip_gateway" not in given:
        return
    host, path = gateway.get("ipv4"), "sip_gateway.ipv4"
    addresses = gateway.get("inbound_addresses", [])
    if host is None:
        message = "Give the carrier's IPv4 address, or for calls out only its host name."
        yield FieldError(path, message, "required")
    elif not isinstance(host, str) or not (_ipv4(host) or _is_name(host)):
        message = "Must be an IPv4 address or a host name, without port, scheme or blanks."
        yield FieldError(path, message, "invalid_host")
    else:
        yield from _reserved(host, path, sandbox)
        by_address = gateway.get("inbound") is True and given.get("trunk_type") != AUTH
        if by_address and not _ipv4(host) and not addresses:
            message = (
                "Calls to us are recognised by the address they come from, so with inbound true "
                "this must be an IPv4 address. Or list the carrier's addresses in "
                "sip_gateway.inbound_addresses and keep the host name."
            )
            yield FieldError(path, message, "ipv4_required")
    yield from _sources(addresses, sandbox)


def _sources(addresses: Any, sandbox: bool) -> Faults:
    path = "sip_gateway.inbound_addresses"
    if not isinstance(addresses, list | tuple) or len(addresses) > MAX_ADDRESSES:
        yield FieldError(path, f"Must be a list of at most {MAX_ADDRESSES}.", "invalid_type")
        return
    for number, text in enumerate(addresses):
        where = f"{path}.{number}"
        try:
            network = ipaddress.IPv4Network(text if isinstance(text, str) else "")
        except ValueError:
            message = "Must be an IPv4 address or network, as in 203.0.113.7 or 203.0.113.0/30."
            yield FieldError(where, message, "invalid_address")
            continue
        if network.prefixlen < WIDEST_NETWORK:
            message = f"Is wider than /{WIDEST_NETWORK}: whoever is in there may send you calls."
            yield FieldError(where, message, "too_wide")
        yield from _reserved(str(network.network_address), where, sandbox)


def _reserved(host: str, path: str, sandbox: bool) -> Faults:
    address = _ipv4(host)
    ours = host.rstrip(".").lower() == "localhost" or (address and address.is_loopback)
    nowhere = address and (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or str(address) == "255.255.255.255"
    )
    if nowhere or (ours and not sandbox):
        message = "No carrier has this address. Private addresses, as of a PBX, are allowed."
        yield FieldError(path, message, "reserved_address")


def _ipv4(text: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return None


def _is_name(host: str) -> bool:
    """A host name; an address written as one number or with parts left out is none."""
    return bool(_HOST.fullmatch(host)) and not host.rpartition(".")[2].isdigit()

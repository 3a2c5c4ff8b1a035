"""What we ask FreeSWITCH about its own configuration, and have it read again: gateways, users,
lists of addresses. Beside `esl/commands.py`, which is about calls."""

from __future__ import annotations

from topcalls.esl import quoting


def sofia_status() -> str:
    """Every profile and gateway of the switch, as a table; read by `esl/sofia.py`."""
    return "sofia status"


def sofia_gateway(gateway: str) -> str:
    """One gateway in all its fields; read by `esl/sofia.py`."""
    return f"sofia status gateway {quoting.token('gateway', gateway)}"


def sofia_rescan(profile: str) -> str:
    """Read the configuration again. A gateway that the profile already has is not changed."""
    return f"sofia profile {quoting.token('profile', profile)} rescan"


def sofia_killgw(profile: str, gateway: str) -> str:
    """Mark a gateway for deletion: it is gone a second or so later."""
    name = quoting.token("gateway", gateway)
    return f"sofia profile {quoting.token('profile', profile)} killgw {name}"


def show_registrations() -> str:
    """Who is registered, as JSON; read by `esl/sofia.py`."""
    return "show registrations as json"


def reload_xml() -> str:
    """Read the configuration again: users of the directory are known from then on."""
    return "reloadxml"


def reload_acl() -> str:
    """Read the configuration and the lists of addresses again; calls are not touched."""
    return "reloadacl"

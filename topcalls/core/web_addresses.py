"""Addresses that customers give us to call: webhooks, tools, calendars, pages.

Only what the text itself tells is judged here; the address a name resolves to is judged when the
connection is made (`net/http.py`), and whom a request is from when it comes back to us by another
name (`api/loops.py`).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from topcalls.errors import FieldError

MAX_LENGTH = 2048
_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
_PORTS = {"http": 80, "https": 443}
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_EXAMPLE = "Give a whole address, as in https://example.com/hooks/topcalls."


@dataclass(frozen=True, slots=True)
class Reach:
    """Where customers' URLs may lead. `private`: which addresses of this machine and its network
    are admitted, all, none, or each `host:port` of a set. `own`: the `host:port` of each server of
    this product, which would call itself; see `endpoint`."""

    private: bool | frozenset[str] = False
    own: frozenset[str] = frozenset()


EVERYWHERE = Reach(private=True)
"""For tests and for operators' own addresses."""

INTERNET = Reach()


def endpoint(url: str) -> str:
    """The server that a URL names, as `host:port`; empty for what is no web address."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return ""
    return f"{host}:{port}" if host and port else ""


def fault(url: object, path: str, reach: Reach = INTERNET) -> FieldError | None:
    """What is wrong with `url`, which was given at `path`, or None."""
    if not isinstance(url, str) or not url.isprintable() or " " in url:
        return FieldError(path, f"Is not a web address. {_EXAMPLE}", "invalid_url")
    if len(url) > MAX_LENGTH:
        message = f"Is longer than {MAX_LENGTH} characters. Shorten it."
        return FieldError(path, message, "invalid_url")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return FieldError(path, f"Is not a web address. {_EXAMPLE}", "invalid_url")
    if endpoint(url) in reach.own:
        message = "Is TopCalls itself, which would call itself. Give the address of your server."
        return FieldError(path, message, "own_address")
    return _part_fault(parts, host or "", path, reach)


def _part_fault(parts: SplitResult, host: str, path: str, reach: Reach) -> FieldError | None:
    if parts.scheme not in ("http", "https") or not host:
        return FieldError(path, f"Must begin with https:// or http://. {_EXAMPLE}", "invalid_url")
    if parts.username is not None or parts.password is not None:
        message = "Must not hold a user name or password: they would be stored in clear."
        return FieldError(path, message, "invalid_url")
    if _is_private(host) and not _is_admitted(parts, reach):
        message = (
            "Points into a private network. Give an address the internet can reach, or have the "
            "operator set allow_private_webhooks."
        )
        return FieldError(path, message, "private_address")
    return None


def _is_admitted(parts: SplitResult, reach: Reach) -> bool:
    if isinstance(reach.private, bool):
        return reach.private
    return endpoint(parts.geturl()) in reach.private


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".")
        return name == "localhost" or name.endswith(_PRIVATE_SUFFIXES) or _is_disguised(name)


def _is_disguised(name: str) -> bool:
    """An IPv4 address as one number, in octal, in hex or with parts left out: `2130706433`.

    Resolvers understand these; the only use of writing one is to get past a check.
    """
    return bool(_NUMBER.fullmatch(name.rpartition(".")[2]))

"""Addresses that customers give us to call: webhooks, tools.

Only what the text itself tells is judged here; the address a name resolves to is judged when the
connection is made (`net/http.py`).
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from topcalls.errors import FieldError

MAX_LENGTH = 2048
_PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
_PORTS = {"http": 80, "https": 443}
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_EXAMPLE = "Give a whole address, as in https://example.com/hooks/topcalls."

Private = bool | frozenset[str]
"""Which addresses of this machine and its network are admitted: all, none, or each `host:port` of
a set."""


def fault(
    url: object, path: str, *, allow_private: Private = False, own_url: str = ""
) -> FieldError | None:
    """What is wrong with `url`, or None. `own_url`: where our API is, which is no receiver."""
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
    if own_url and _server(parts) == _server(urlsplit(own_url)):
        message = "Is TopCalls' own API, which would call itself. Give your receiver's address."
        return FieldError(path, message, "own_address")
    return _part_fault(parts, host or "", path, allow_private)


def _server(parts: SplitResult) -> tuple[str, int | None]:
    return (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)


def _part_fault(
    parts: SplitResult, host: str, path: str, allow_private: Private
) -> FieldError | None:
    if parts.scheme not in ("http", "https") or not host:
        return FieldError(path, f"Must begin with https:// or http://. {_EXAMPLE}", "invalid_url")
    if parts.username is not None or parts.password is not None:
        message = "Must not hold a user name or password: they would be stored in clear."
        return FieldError(path, message, "invalid_url")
    if _is_private(host) and not _is_admitted(parts, allow_private):
        message = (
            "Points into a private network. Give an address the internet can reach, or have the "
            "operator set allow_private_webhooks."
        )
        return FieldError(path, message, "private_address")
    return None


def _is_admitted(parts: SplitResult, allow_private: Private) -> bool:
    if isinstance(allow_private, bool):
        return allow_private
    return f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}" in allow_private


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

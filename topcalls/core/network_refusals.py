"""What a refusal says beyond its status: when to try again, and whether a network blocked the call.

A network that blocks a call for what it takes us for answers 608 (RFC 8688), or 603 with the phrase
"Network Blocked" and a Reason header that names whoever decided and how to object (ATIS-1000099,
"603+"). A carrier that has no free line may say in `Retry-After` how long that will last (RFC 3261,
20.33). All of it was sent by strangers.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST_RETRY_SECONDS: Final = 3600.0
"""Nobody is obeyed for longer."""

MOST_TEXT: Final = 400
"""Of a phrase or a header, characters."""

CARRIERS_OWN: Final = frozenset({413, 500, 503})
"""Refusals whose `Retry-After` is of the carrier, and not of the person who was called."""

BLOCKED: Final = 608
UNWANTED: Final = 607
DECLINED: Final = 603
_BLOCKED_PHRASE: Final = "network blocked"
_ANALYTICS: Final = "v=analytics1"
_SECONDS: Final = re.compile(r"\s*([0-9]{1,9})\s*(?:[(;].*)?", re.DOTALL)
_TEXT: Final = re.compile(r';\s*text\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_CONTACT: Final = re.compile(r"(?:^|;)\s*(url|tel|email)\s*=\s*([!-:<-~]{1,200})", re.IGNORECASE)


def retry_after(text: str) -> float | None:
    """The seconds in a `Retry-After` header; None where it says none, or nothing that is obeyed."""
    found = _SECONDS.fullmatch(text[:MOST_TEXT])
    seconds = float(found[1]) if found else 0.0
    return min(seconds, LONGEST_RETRY_SECONDS) if seconds > 0 else None


def is_network_block(status: int | None, phrase: str, reason: str) -> bool:
    """Whether a network refused the call for what it takes us for. The callee has no part in it."""
    if status == BLOCKED:
        return True
    is_named = phrase.strip().lower() == _BLOCKED_PHRASE or _text(reason).lower().startswith(
        _ANALYTICS
    )
    return status == DECLINED and is_named


def redress(reason: str) -> str | None:
    """To whom one may object, of a Reason header: an address, a number or an e-mail address."""
    found = {name.lower(): value for name, value in _CONTACT.findall(_text(reason))}
    return next((found[name] for name in ("url", "email", "tel") if name in found), None)


def _text(reason: str) -> str:
    found = _TEXT.search(reason[:MOST_TEXT])
    return found[1].strip() if found else ""

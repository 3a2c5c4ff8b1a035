"""What is kept of the calls of tools: as much as the model read, and no secrets.

Values are hidden by the names of their fields, wherever they are in a JSON text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from topcalls.core.tools import HIDDEN

LONGEST = 32_768
"""Characters of arguments, or of a result, that are kept."""

LEAST_SECRET = 6
"""Shorter values are found by chance too often to be looked for."""

_CUT = " … [cut]"
_SECRET_NAMES = re.compile(
    r"(^|[_-])(password|passwd|passcode|passphrase|secret|token|api[_-]?key|apikey|authorization|"
    r"cookie|pin|cvv|cvc|cvv2|card[_-]?number|cardnumber|pan|iban|ssn|otp)s?$",
    re.IGNORECASE,
)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def kept(text: str) -> str:
    """A text as it may be kept: JSON without secrets, anything else as it is; not too long."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _cut(text)
    hidden = _without_secrets(value)
    return _cut(text if hidden == value else json.dumps(hidden, ensure_ascii=False))


def without(text: str, secrets: Iterable[str]) -> str:
    """The text without these values, such as a server might repeat in its answer."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= LEAST_SECRET:
            for written in {secret, json.dumps(secret)[1:-1]}:
                text = text.replace(written, HIDDEN)
    return text


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: HIDDEN if item is not None and is_secret(name) else _without_secrets(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value


def is_secret(name: str) -> bool:
    """Whether a field of this name is likely to hold a secret: `card_number`, `apiKey`."""
    return bool(_SECRET_NAMES.search(_WORDS.sub("_", name)))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - len(_CUT)] + _CUT

"""What identifies people in what was not said: JSON that tools got and gave, and a call's request.

A value is what its name says: below a name that ends in `name` it is one, and below `password` or
`card_number` a secret. Dates with times, UUIDs and decimal fractions are no telephone numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from topcalls.core.personal_data import CARD, Rules, luhn, redacted
from topcalls.core.tool_log import is_secret
from topcalls.core.tools import HIDDEN

TEXTS: Final = (
    "task",
    "instructions",
    "first_sentence",
    "keywords",
    "pronunciations",
    "voicemail",
    "ivr",
    "screening",
    "summary",
)
"""Parts of a request that a model is told, or that are spoken."""

DEEPEST: Final = 64
"""Levels of a value that are looked through one by one; what is below is taken as text."""

_NO_NUMBER: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|-?\d+[.,]\d+|"
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?",
    re.IGNORECASE | re.ASCII,
)
_IDENTIFIER: Final = re.compile(r"\d+|(?=\S*[A-Za-z])[^\s@+]+")
_PHONE: Final = re.compile(r"phone|mobile|cell|fax|whatsapp|msisdn|(?:^|_)tel(?:$|_)", re.I)
_LEAST_CARD: Final = 14
"""Figures of a number without a name that may be a card's: 13 are milliseconds since 1970, too."""


@dataclass(frozen=True)
class _Reading:
    """How values are read. `named`: by their names; `identifiers`: a number by itself is one of the
    customer's, and stays unless its name or its check digit says otherwise."""

    rules: Rules
    named: bool = True
    identifiers: bool = False

    def of(self, value: Any, name: str = "", depth: int = 0) -> Any:
        if value is None or isinstance(value, bool | float):
            return value
        if self.named and is_secret(name):
            return HIDDEN
        if isinstance(value, int):
            text = self._text(str(value), name)
            return value if text == str(value) else text
        if isinstance(value, str):
            return self._text(value, name)
        if depth >= DEEPEST:
            return redacted(json.dumps(value, ensure_ascii=False), self.rules)
        if isinstance(value, Mapping):
            return {key: self.of(item, str(key), depth + 1) for key, item in value.items()}
        return [self.of(item, name, depth + 1) for item in value]

    def _text(self, text: str, name: str) -> str:
        rules = self.rules
        if _NO_NUMBER.fullmatch(text):
            return text
        if self.named and "name" in rules.kinds and name.lower().endswith("name"):
            return "[name]" if text.strip() else text
        if self.identifiers and _IDENTIFIER.fullmatch(text) and not _PHONE.search(name):
            if "card" in rules.kinds and _is_card(text):
                return "[card]"
            rules = replace(rules, kinds=rules.kinds - {"phone", "card"})
        return redacted(text, rules)


def redacted_json(text: str, rules: Rules) -> str:
    """What a tool was called with, or answered: its values if it is JSON, else all of it."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return redacted(text, rules)
    clean = _Reading(rules).of(value)
    return text if clean == value else json.dumps(clean, ensure_ascii=False)


def redacted_request(request: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    """A stored request without what identifies people: its texts, what they are filled in with, and
    the customer's own `metadata`. The names that are taken out stay in its `redaction`, because
    what a tool answers later is held to them, too; `shown_request` leaves them out."""
    said, values = _Reading(rules, named=False), _Reading(rules)
    clean = dict(request)
    for part in TEXTS:
        if part in clean:
            clean[part] = said.of(clean[part])
    for part in ("request_data", "tool_cassette"):
        if part in clean:
            clean[part] = values.of(clean[part])
    if "metadata" in clean:
        clean["metadata"] = replace(values, identifiers=True).of(clean["metadata"])
    if "transfer" in clean:
        clean["transfer"] = _transfer(clean["transfer"], said)
    known = list(dict.fromkeys(rules.names))
    return clean | {"redaction": {**(request.get("redaction") or {}), "names": known}}


def shown_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """A redacted request for its owner: names that were taken out are not told."""
    section = dict(request.get("redaction") or {})
    section.pop("names", None)
    return {**request, "redaction": section}


def _transfer(section: Mapping[str, Any], said: _Reading) -> dict[str, Any]:
    """What people are told of the caller; their own names and numbers are no secret."""
    destinations = [
        {**one, "briefing": said.of(one["briefing"])} if one.get("briefing") else one
        for one in section.get("destinations") or ()
    ]
    return {**section, "destinations": destinations}


def _is_card(digits: str) -> bool:
    return digits.isdigit() and _LEAST_CARD <= len(digits) < CARD.stop and luhn(digits)

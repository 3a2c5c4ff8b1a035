"""What registers say of numbers: people who are not to be called, and numbers with a new holder.

A register answers about a number at a moment, from a copy of its own date; an answer is relied on
for as long as the rules, and whoever gave it, say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from topcalls.core import phone_numbers
from topcalls.core.consents import CLOCKS_APART
from topcalls.core.eligibility_facts import Reassignment
from topcalls.errors import FieldError

SCRUB: Final = "scrub"
REASSIGNED: Final = "reassigned"
ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {
    SCRUB: ("listed", "clear"),
    REASSIGNED: tuple(Reassignment),
}
"""What may be answered, by the kind of register."""

REGISTER_PATTERN: Final = r"^[A-Z]{2,3}(-[A-Z0-9]{1,3})?$"
MOST_AT_ONCE: Final = 2_000
MAX_NAME: Final = 200
_REGISTER = re.compile(REGISTER_PATTERN[:-1])
_NAMES: Final = "a register as rules name it: 'US', 'US-CO', 'GB', or 'RND'."


def faults(body: Mapping[str, Any], now: datetime, prefix: str = "") -> Iterator[FieldError]:
    """What is wrong with an answer as it was sent. None counts as not given."""
    given = {name: value for name, value in body.items() if value is not None}
    wrong = phone_numbers.fault(given.get("phone_number"), f"{prefix}phone_number")
    if wrong is not None:
        yield wrong
    kind = str(given.get("kind"))
    if kind not in ANSWERS:
        yield FieldError(f"{prefix}kind", f"Must be one of {', '.join(ANSWERS)}.", "invalid")
    elif given.get("answer") not in ANSWERS[kind]:
        words = ", ".join(ANSWERS[kind])
        yield FieldError(f"{prefix}answer", f"Must be one of {words}.", "invalid")
    if not _REGISTER.fullmatch(str(given.get("register", ""))):
        yield FieldError(f"{prefix}register", f"Must be {_NAMES}", "format")
    for name in ("provider", "receipt"):
        if name in given and not 0 < len(given[name].strip()) <= MAX_NAME:
            message = f"Must have 1 to {MAX_NAME} characters."
            yield FieldError(f"{prefix}{name}", message, "length")
    yield from _time_faults(given, kind, now, prefix)


def register_fault(kind: str, register: object) -> str | None:
    """What is wrong with the name of a register of a kind, in words."""
    if not isinstance(register, str) or not _REGISTER.fullmatch(register):
        return f"its register must be {_NAMES}"
    if (register == "RND") is not (kind == REASSIGNED):
        return "RND is the register of the kind 'reassigned', and its only one."
    return None


def _time_faults(
    given: Mapping[str, Any], kind: object, now: datetime, prefix: str
) -> Iterator[FieldError]:
    checked = given.get("checked_at")
    if checked is None:
        yield FieldError(f"{prefix}checked_at", "Is required.", "required")
    for name in ("checked_at", "version_at", "asked_about"):
        if name in given and given[name] > now + CLOCKS_APART:
            yield FieldError(f"{prefix}{name}", "Is in the future.", "range")
    if kind == REASSIGNED and "asked_about" not in given:
        message = "Is required: the date of the consent that the register was asked about."
        yield FieldError(f"{prefix}asked_about", message, "required")
    if "expires_at" in given and checked is not None and given["expires_at"] <= checked:
        yield FieldError(f"{prefix}expires_at", "Must be after 'checked_at'.", "range")

"""Consents: what may be said of one, and how it stands in a decision.

Who agreed is a number; or everybody on a list or in a campaign, of whom the account states that
they did and holds the proof itself. That statement is evidence too, and is kept with who made it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from topcalls.core import do_not_call, json_objects, phone_numbers
from topcalls.core.eligibility_facts import Consent, ConsentKind
from topcalls.errors import FieldError

SUBJECTS: Final = ("phone_number", "list_id", "campaign_id")
MOST_AT_ONCE: Final = 2_000
MOST_PURPOSES: Final = 50
MAX_NAME: Final = 200
MAX_WORDING: Final = 20_000
CLOCKS_APART: Final = timedelta(minutes=5)
"""By how much the clock of whoever took a consent may be ahead of ours."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def faults(body: Mapping[str, Any], now: datetime, prefix: str = "") -> Iterator[FieldError]:
    """What is wrong with a consent as it was sent. None counts as not given."""
    given = {name: value for name, value in body.items() if value is not None}
    yield from _subject_faults(given, prefix)
    kinds = ", ".join(ConsentKind)
    if given.get("kind") not in set(ConsentKind):
        yield FieldError(f"{prefix}kind", f"Must be one of {kinds}.", "invalid")
    elif given["kind"] == ConsentKind.WARRANTY and "phone_number" in given:
        message = "Is stated of a list or a campaign; for one number send what they agreed to."
        yield FieldError(f"{prefix}kind", message, "invalid")
    yield from _names_faults(given, prefix)
    yield from _text_faults(given, prefix)
    yield from _time_faults(given, now, prefix)
    if "proof" in given:
        wrong = json_objects.fault(given["proof"], f"{prefix}proof")
        if wrong is not None:
            yield wrong


def warranted(by: str, now: datetime) -> Consent:
    """What the owner of an account states by asking for one call, without showing it: that whoever
    is called has agreed, in the words and beforehand as the law asks for. `by`: the key that asked;
    the ledger keeps it."""
    return Consent(
        id=f"warranty:{by}",
        kind=ConsentKind.WARRANTY,
        captured_at=now,
        has_wording=True,
        names_ai_voice=True,
        device_agreement=True,
    )


def _subject_faults(given: Mapping[str, Any], prefix: str) -> Iterator[FieldError]:
    named = [name for name in SUBJECTS if name in given]
    if len(named) != 1:
        message = "Give one of 'phone_number', 'list_id' and 'campaign_id'."
        yield FieldError(f"{prefix}{named[1] if named else 'phone_number'}", message, "required")
    for name in named:
        path = f"{prefix}{name}"
        if name == "phone_number":
            wrong = phone_numbers.fault(given[name], path)
            if wrong is not None:
                yield wrong
        elif not _ID.fullmatch(str(given[name])):
            yield FieldError(path, "Must be a UUID in lower case.", "invalid")


def _names_faults(given: Mapping[str, Any], prefix: str) -> Iterator[FieldError]:
    for name in ("purposes", "sellers"):
        values = given.get(name, [])
        if len(values) > MOST_PURPOSES:
            yield FieldError(f"{prefix}{name}", f"Has more than {MOST_PURPOSES} names.", "length")
    for place, purpose in enumerate(given.get("purposes", [])):
        yield from do_not_call.purpose_faults(purpose, f"{prefix}purposes.{place}")
    for place, seller in enumerate(given.get("sellers", [])):
        if not isinstance(seller, str) or not 0 < len(seller) <= MAX_NAME:
            message = f"Must be a name of up to {MAX_NAME} characters."
            yield FieldError(f"{prefix}sellers.{place}", message, "length")


def _text_faults(given: Mapping[str, Any], prefix: str) -> Iterator[FieldError]:
    source = given.get("source", "")
    if not isinstance(source, str) or not 0 < len(source.strip()) <= MAX_NAME:
        message = f"Say in up to {MAX_NAME} characters how it was given, as in 'web form'."
        yield FieldError(f"{prefix}source", message, "required")
    if len(given.get("wording", "")) > MAX_WORDING:
        message = f"Must be at most {MAX_WORDING} characters."
        yield FieldError(f"{prefix}wording", message, "length")


def _time_faults(given: Mapping[str, Any], now: datetime, prefix: str) -> Iterator[FieldError]:
    captured, expires = given.get("captured_at"), given.get("expires_at")
    if captured is None:
        yield FieldError(f"{prefix}captured_at", "Is required.", "required")
    elif captured > now + CLOCKS_APART:
        yield FieldError(f"{prefix}captured_at", "Is in the future.", "range")
    elif expires is not None and expires <= captured:
        yield FieldError(f"{prefix}expires_at", "Must be after 'captured_at'.", "range")

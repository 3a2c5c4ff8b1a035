"""Leads: people to be called, one per telephone number of an account, on one or more lists.

What may be said of one, and what becomes of one that exists when it is sent again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from topcalls.core import json_objects, phone_numbers
from topcalls.core.local_times import is_zone
from topcalls.errors import FieldError


class LeadStatus(StrEnum):
    """How far a lead has come. Values are part of the public contract."""

    NEW = "New"
    CONTACTED = "Contacted"
    CONVERTED = "Converted"
    UNSUBSCRIBED = "Unsubscribed"


class ImportMode(StrEnum):
    """What an import does to leads that exist: append notes and join tags; nothing; or put every
    value that it brings in the place of the old one."""

    MERGE = "merge"
    SKIP = "skip"
    OVERWRITE = "overwrite"


PHONE_PATTERN: Final = r"^\+[1-9]\d{8,14}$"
REGION_PATTERN: Final = r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"
MAX_NAME: Final = 200
MAX_EMAIL: Final = 254
MAX_NOTES: Final = 20_000
MAX_TAGS: Final = 50
MAX_TAG: Final = 64
_PHONE = re.compile(r"\+[1-9][0-9]{8,14}")
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_EMAIL = re.compile(r"[^\s@\"<>,;]+@[^\s@\"<>,;]+\.[^\s@\"<>,;.]{2,}")
_TEXT = ("Must be text.", "invalid_type")
_PHONE_FORM = "Must be E.164 with 9 to 15 digits: '+', country code, number, as in +12025550123."


@dataclass(frozen=True)
class Draft:
    """A lead as it was sent. `given` names what was said of it: the rest has its default."""

    phone_number: str
    name: str = ""
    email: str | None = None
    status: LeadStatus = LeadStatus.NEW
    notes: str | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    time_zone: str | None = None
    region: str | None = None
    given: frozenset[str] = frozenset()


def faults(body: Mapping[str, Any], *, needed: tuple[str, ...] = ()) -> Iterator[FieldError]:
    """What is wrong with a lead, or with changes to one. None counts as not given."""
    for name in needed:
        if body.get(name) is None:
            yield FieldError(name, "Is required.", "required")
    for name, check in _CHECKS.items():
        if body.get(name) is not None:
            wrong = check(body[name])
            if wrong is not None:
                yield wrong if isinstance(wrong, FieldError) else FieldError(name, *wrong)
    if body.get("notes") is not None and body.get("notes_append") is not None:
        message = "Give either 'notes', which replaces what is there, or 'notes_append'."
        yield FieldError("notes_append", message, "conflict")


def draft_of(body: Mapping[str, Any], now: datetime) -> Draft:
    """The lead in a body without faults."""
    given = {name: value for name, value in body.items() if value is not None}
    appended = given.get("notes_append")
    notes = appended_notes(None, appended, now) if appended else given.get("notes")
    return Draft(
        phone_number=phone_numbers.normal(given["phone_number"]) or given["phone_number"],
        name=given.get("name", "").strip(),
        email=given.get("email"),
        status=LeadStatus(given.get("status", LeadStatus.NEW)),
        notes=notes or None,
        tags=distinct(given.get("tags", ())),
        metadata=given.get("metadata", {}),
        time_zone=given.get("time_zone"),
        region=given.get("region"),
        given=frozenset(given),
    )


def appended_notes(notes: str | None, text: str | None, now: datetime) -> str | None:
    """Notes with one more below them, under the time it was made."""
    if not text or not text.strip():
        return notes
    entry = f"[{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}] {text.strip()}"
    return f"{notes}\n{entry}" if notes else entry


def merged(
    lead: Mapping[str, Any], draft: Draft, mode: ImportMode, now: datetime
) -> dict[str, Any]:
    """What an import changes of a lead that exists; empty: nothing.

    No import takes back that somebody has unsubscribed.
    """
    wanted: dict[str, Any] = {}
    if mode is ImportMode.MERGE:
        wanted["notes"] = appended_notes(lead["notes"], draft.notes, now)
        wanted["tags"] = list(distinct((*lead["tags"], *draft.tags)))
    elif mode is ImportMode.OVERWRITE:
        wanted = {name: getattr(draft, name) for name in draft.given & _OVERWRITTEN}
        if "tags" in wanted:
            wanted["tags"] = list(wanted["tags"])
        if "metadata" in wanted:
            wanted["metadata"] = {**lead["metadata"], **draft.metadata}
        if lead["status"] == LeadStatus.UNSUBSCRIBED:
            wanted.pop("status", None)
    changes = {name: value for name, value in wanted.items() if value != lead[name]}
    return changes | _conversion(lead, changes, now)


def changed(lead: Mapping[str, Any], body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What a PATCH without faults changes of a lead; null clears what may be empty."""
    changes = {name: body[name] for name in _CHANGEABLE if name in body}
    if "tags" in changes:
        changes["tags"] = list(distinct(changes["tags"]))
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    if changes.get("phone_number"):
        number = changes["phone_number"]
        changes["phone_number"] = phone_numbers.normal(number) or number
    if body.get("notes_append") is not None:
        changes["notes"] = appended_notes(lead["notes"], body["notes_append"], now)
    return changes | _conversion(lead, changes, now)


def notes_fault(notes: str | None, path: str = "notes") -> FieldError | None:
    """What is wrong with notes once they were appended to."""
    if notes is not None and len(notes) > MAX_NOTES:
        message = f"The notes would be longer than {MAX_NOTES} characters. Replace them."
        return FieldError(path, message, "length")
    return None


def distinct(tags: Any) -> tuple[str, ...]:
    """Tags without repetitions, in their order."""
    return tuple(dict.fromkeys(tag.strip() for tag in tags))


def region_fault(region: object) -> tuple[str, str] | None:
    """What is wrong with the region of a lead."""
    if not isinstance(region, str):
        return _TEXT
    if not _REGION.fullmatch(region) or not phone_numbers.is_region(region[:2]):
        return "Must be an ISO 3166 code: a country, as in US, or a part, as in US-CA.", "format"
    return None


def _conversion(
    lead: Mapping[str, Any], changes: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    status = changes.get("status", lead["status"])
    if status == lead["status"]:
        return {}
    return {"converted_at": now if status == LeadStatus.CONVERTED else None}


def _text(most: int, least: int = 0) -> Any:
    def check(value: object) -> tuple[str, str] | None:
        if not isinstance(value, str):
            return _TEXT
        if not least <= len(value.strip()) <= len(value) <= most:
            return f"Must be {least} to {most} characters.", "length"
        return None

    return check


def _phone_number(value: object) -> FieldError | tuple[str, str] | None:
    if isinstance(value, str) and _PHONE.fullmatch(value) and phone_numbers.normal(value):
        return None
    return phone_numbers.fault(value, "phone_number") or (_PHONE_FORM, "not_e164")


def _email(value: object) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return _TEXT
    if len(value) > MAX_EMAIL or not _EMAIL.fullmatch(value):
        return "Is no e-mail address. Write it as in ann@example.com.", "format"
    return None


def _status(value: object) -> tuple[str, str] | None:
    if value not in list(LeadStatus):
        return f"Must be one of {', '.join(LeadStatus)}.", "invalid"
    return None


def _tags(value: object) -> tuple[str, str] | None:
    if not isinstance(value, list | tuple) or not all(isinstance(tag, str) for tag in value):
        return "Must be a list of texts.", "invalid_type"
    if len(value) > MAX_TAGS:
        return f"Must be at most {MAX_TAGS}.", "length"
    if not all(1 <= len(tag.strip()) <= len(tag) <= MAX_TAG for tag in value):
        return f"Each must be 1 to {MAX_TAG} characters.", "length"
    return None


def _metadata(value: object) -> FieldError | None:
    return json_objects.fault(value, "metadata")


def _time_zone(value: object) -> tuple[str, str] | None:
    if not isinstance(value, str) or not is_zone(value):
        return "Is no time zone. Write its IANA name, as in America/New_York.", "unknown_zone"
    return None


_CHECKS: Final[Mapping[str, Any]] = {
    "name": _text(MAX_NAME),
    "phone_number": _phone_number,
    "email": _email,
    "status": _status,
    "notes": _text(MAX_NOTES),
    "notes_append": _text(MAX_NOTES),
    "tags": _tags,
    "metadata": _metadata,
    "time_zone": _time_zone,
    "region": region_fault,
}
_CHANGEABLE = (
    *("name", "phone_number", "email", "status", "notes", "tags", "metadata"),
    *("time_zone", "region"),
)
_OVERWRITTEN = frozenset(_CHANGEABLE) - {"phone_number"}

"""Numbers that an account does not call: the rule, and how the agent puts one on the list.

An entry holds for everything, for one purpose or for one campaign, for ever or until a moment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from topcalls.core import phone_numbers
from topcalls.core.eligibility_facts import Scope
from topcalls.core.tools import ToolSpec
from topcalls.errors import FieldError

RULE: Final = "do_not_call"
"""The name of the rule, where a call is refused by it."""

WORDS: Final = "The number is on the account's do-not-call list."
UNSUBSCRIBED_WORDS: Final = "Whoever has the number is a lead with the status Unsubscribed."
LEAD: Final = "lead"
"""The source of a suppression that is a lead's status, and no entry of the list."""

SOURCES: Final = ("api", "csv", "agent", "key", "transcript", "carrier", "erasure")
"""Who put a number on the list: a user, one by one or in a file; in a call its agent, the key 9 or
the reading of what was said; the number's carrier (607); or the erasure of whoever has it."""

PURPOSE_PATTERN: Final = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
MAX_REASON: Final = 500
MOST_AT_ONCE: Final = 2_000
_PURPOSE = re.compile(PURPOSE_PATTERN[:-1])
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Listing:
    """What is put on the list. At most one of `purpose` and `campaign_id` is set: with neither it
    holds for every call of the account."""

    phone_number: str
    reason: str | None = None
    purpose: str | None = None
    campaign_id: str | None = None
    expires_at: datetime | None = None
    source: str = "api"
    call_id: str | None = None

    @property
    def scope(self) -> Scope:
        if self.campaign_id is not None:
            return Scope.CAMPAIGN
        return Scope.ACCOUNT if self.purpose is None else Scope.PURPOSE

    @property
    def unsubscribes(self) -> bool:
        """Whether a lead of the number is `Unsubscribed` by it."""
        return unsubscribes(self.scope, self.expires_at)

    @property
    def subject(self) -> str:
        """The purpose or the campaign that it holds for; empty for every call."""
        return self.campaign_id or self.purpose or ""


def unsubscribes(scope: str, expires_at: datetime | None) -> bool:
    """Whether an entry is of somebody who wants no calls of the account at all: it holds for every
    call, and for ever. A wish about one purpose or campaign, or one that ends, leaves the status of
    their lead as it is: the list alone keeps those calls back."""
    return scope == Scope.ACCOUNT and expires_at is None


ADD: Final = ToolSpec(
    "add_to_do_not_call",
    "Put the other person's number on the list of those who are never called again. Use it when "
    "they say that they do not want to be called, now or any more. Not when they only want to be "
    "called at another time. Confirm it in one short sentence, then say goodbye.",
    {
        "type": "object",
        "properties": {
            "reason": {
                "type": "string",
                "maxLength": MAX_REASON,
                "description": "What they said, in their words.",
            }
        },
        "additionalProperties": False,
    },
)


def faults(listing: Listing, now: datetime, prefix: str = "") -> Iterator[FieldError]:
    """What is wrong with an entry of the list."""
    wrong = phone_numbers.fault(listing.phone_number, f"{prefix}phone_number")
    if wrong is not None:
        yield wrong
    yield from _reason_faults(listing.reason, f"{prefix}reason")
    if listing.purpose is not None:
        yield from purpose_faults(listing.purpose, f"{prefix}purpose")
    if listing.campaign_id is not None and not _ID.fullmatch(str(listing.campaign_id)):
        yield FieldError(f"{prefix}campaign_id", "Is not the id of a campaign.", "invalid")
    if listing.purpose is not None and listing.campaign_id is not None:
        message = "Give 'purpose' or 'campaign_id', not both."
        yield FieldError(f"{prefix}campaign_id", message, "conflict")
    if listing.expires_at is not None and listing.expires_at <= now:
        yield FieldError(f"{prefix}expires_at", "Must be in the future.", "range")


def purpose_faults(purpose: object, path: str) -> Iterator[FieldError]:
    """What is wrong with the name of a purpose."""
    if not isinstance(purpose, str) or not _PURPOSE.fullmatch(purpose):
        message = "Must be up to 64 small letters, digits, '_', '-', '.', as in 'offers'."
        yield FieldError(path, message, "format")


def _reason_faults(reason: object, path: str) -> Iterator[FieldError]:
    if reason is not None and not isinstance(reason, str):
        yield FieldError(path, "Must be text.", "invalid_type")
    elif reason is not None and len(reason) > MAX_REASON:
        yield FieldError(path, f"Must be at most {MAX_REASON} characters.", "length")

"""People who are not to be called, met again when leads are brought in.

Whoever was erased, and is not to be called, is not taken in again: their number would be stored
anew. Whoever wants no calls of the account at all becomes a lead that is `Unsubscribed`
(`core.do_not_call.unsubscribes`).
Neither is called, whatever a lead says: that is decided from the list before each call.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from topcalls.core.do_not_call import unsubscribes
from topcalls.core.eligibility_facts import Scope
from topcalls.core.leads import Draft, LeadStatus
from topcalls.core.people import is_fingerprint
from topcalls.errors import FieldError
from topcalls.services.person_keys import PersonKeys
from topcalls.store import do_not_call

ERASED = FieldError(
    "phone_number",
    "Is of a person who was erased and is not to be called. Take the number off the do-not-call "
    "list first, with their consent.",
    "erased",
)


@dataclass(frozen=True, slots=True)
class Screened:
    """Which of some numbers are of people who are not to be called."""

    erased: frozenset[str]
    listed: frozenset[str]

    def marked(self, draft: Draft) -> Draft:
        """A lead as it is taken in."""
        if draft.phone_number not in self.listed:
            return draft
        return replace(draft, status=LeadStatus.UNSUBSCRIBED, given=draft.given | {"status"})


class LeadScreening:
    """Looks numbers up. Its methods are parts of a verb that writes."""

    def __init__(self, people: PersonKeys) -> None:
        self._people = people

    def of(self, account_id: str, numbers: Collection[str], now: datetime) -> Screened:
        """By one look at the account's list."""
        known = {
            name: number for number in numbers for name in self._people.names(account_id, number)
        }
        found = [
            entry
            for entry in do_not_call.of_numbers(account_id, known)
            if entry.scope == Scope.ACCOUNT and (entry.expires_at is None or entry.expires_at > now)
        ]
        names = [entry.phone_number for entry in found]
        wanting = [one.phone_number for one in found if unsubscribes(one.scope, one.expires_at)]
        erased = frozenset(known[name] for name in names if is_fingerprint(name))
        return Screened(erased, frozenset(name for name in wanting if not is_fingerprint(name)))

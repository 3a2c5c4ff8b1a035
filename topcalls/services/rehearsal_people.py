"""Whom a rehearsal calls: read in pieces, as little as is needed to make them up elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from topcalls.core.campaign_state import ContactState
from topcalls.services.campaign_enrolment import CHUNK
from topcalls.services.person_keys import PersonKeys
from topcalls.services.registers import Registers
from topcalls.services.rehearsal_persons import Somebody
from topcalls.store import campaign_people, people_facts
from topcalls.store.campaign_people import LeadRow, PlaceRow
from topcalls.store.database import Database
from topcalls.store.fields import from_microseconds
from topcalls.store.people_facts import MOST_AT_ONCE
from topcalls.store.person_facts import PersonFacts

_ENROLLED_EVERY = timedelta(seconds=1)


class RehearsalPeople:
    """Reads them, a query for `MOST_AT_ONCE` people, each in a transaction of its own."""

    def __init__(self, db: Database, keys: PersonKeys, registers: Registers | None = None) -> None:
        self._db = db
        self._keys = keys
        self._registers = registers or Registers()

    def pieces(
        self, account_id: str, campaign_id: str, list_ids: list[str], begins: datetime
    ) -> Iterator[list[Somebody]]:
        """A campaign's contacts that are left, then the leads of `list_ids` that are none yet, each
        once: a start makes these contacts in pieces, and so they are due."""
        after = ""
        while found := self._db.read(self._contacts, account_id, campaign_id, after, begins):
            yield found
            after = found[-1].lead.id
        seen: set[str] = set()
        for list_id in list_ids:
            after = ""
            while leads := self._db.read(
                campaign_people.on_list, campaign_id, list_id, after, MOST_AT_ONCE
            ):
                after = leads[-1].id
                fresh = [lead for lead in leads if lead.id not in seen]
                due_at = begins + len(seen) // CHUNK * _ENROLLED_EVERY
                seen.update(lead.id for lead in fresh)
                yield self._db.read(self._fresh, account_id, campaign_id, fresh, begins, due_at)

    def _contacts(
        self, account_id: str, campaign_id: str, after: str, begins: datetime
    ) -> list[Somebody]:
        found = campaign_people.contacts(campaign_id, after, MOST_AT_ONCE)
        known = self._known(account_id, campaign_id, [lead for lead, _ in found], begins)
        return [
            Somebody(lead, place, _due_at(place, begins), facts, self._covered(lead))
            for (lead, place), facts in zip(found, known, strict=True)
        ]

    def _fresh(
        self,
        account_id: str,
        campaign_id: str,
        leads: list[LeadRow],
        begins: datetime,
        due_at: datetime,
    ) -> list[Somebody]:
        known = self._known(account_id, campaign_id, leads, begins)
        return [
            Somebody(lead, None, due_at, facts, self._covered(lead))
            for lead, facts in zip(leads, known, strict=True)
        ]

    def _covered(self, lead: LeadRow) -> tuple[tuple[str, str], ...]:
        return self._registers.covered(lead.phone_number)

    def _known(
        self, account_id: str, campaign_id: str, leads: list[LeadRow], begins: datetime
    ) -> list[PersonFacts]:
        if not leads:
            return []
        names = self._keys.known_names(account_id, [lead.phone_number for lead in leads])
        return people_facts.of_people(account_id, names, begins, campaign_id=campaign_id)


def _due_at(place: PlaceRow, begins: datetime) -> datetime:
    """Whose call is not over is taken for somebody who is due at once: the law's pause after that
    call holds for them."""
    is_waiting = place.state == ContactState.WAITING
    return from_microseconds(place.next_at) if is_waiting else begins

"""People of a campaign as they are sent to the process that rehearses it, and as it takes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from topcalls.core.campaign_schedule import Schedule
from topcalls.core.campaign_state import Rank
from topcalls.core.eligibility_facts import Policy
from topcalls.core.lead_variables import filling, names_of
from topcalls.core.rehearsal_line import Person
from topcalls.core.retry_policy import Band, Tried
from topcalls.services.eligibility import facts_of
from topcalls.services.lead_zones import holidays_of, zones_of
from topcalls.store.campaign_people import LeadRow, PlaceRow
from topcalls.store.person_facts import PersonFacts


class Somebody(NamedTuple):
    """Somebody whom a campaign would call from `due_at` on, and what is known of them. `place`: how
    far it has come with them; None: they are no contact yet. `covered`: registers that would be
    asked about them."""

    lead: LeadRow
    place: PlaceRow | None
    due_at: datetime
    known: PersonFacts
    covered: tuple[tuple[str, str], ...] = ()


class Texts(NamedTuple):
    """What is said to everybody, and values of texts that a lead brings none of."""

    body: Mapping[str, Any]
    defaults: Mapping[str, str]


def person_of(one: Somebody, texts: Texts, policy: Policy, schedule: Schedule) -> Person:
    """Somebody as a rehearsal takes them."""
    lead = one.lead
    own = {
        "name": lead.name,
        "email": lead.email,
        "phone_number": lead.phone_number,
        "metadata": orjson.loads(lead.metadata),
    }
    wrong = filling(texts.body, own, texts.defaults).faults
    person = Person(
        lead_id=lead.id,
        facts=facts_of(lead.phone_number, one.known, policy),
        zones=zones_of(lead.phone_number, lead.time_zone),
        due_at=one.due_at,
        missing=", ".join(names_of(wrong)),
        is_holiday=(
            holidays_of(lead.phone_number, lead.region) if schedule.skips_holidays else None
        ),
        covered=one.covered,
    )
    return person if one.place is None else _placed(person, one.place)


def _placed(person: Person, place: PlaceRow) -> Person:
    bands = tuple(Band(band) for band in orjson.loads(place.bands or "[]"))
    tried = Tried(place.counted, orjson.loads(place.retries or "{}"), bands)
    return Person(
        lead_id=person.lead_id,
        facts=person.facts,
        zones=person.zones,
        due_at=person.due_at,
        rank=Rank(place.rank),
        tried=tried,
        dials=place.attempts,
        from_number=place.from_number,
        missing=person.missing,
        is_holiday=person.is_holiday,
        covered=person.covered,
    )

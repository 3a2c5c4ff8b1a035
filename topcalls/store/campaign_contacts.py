"""Queries on the contacts of campaigns, and on the calls that were made for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from peewee import Value, chunked, fn

from topcalls.core.campaign_outcomes import Outcome
from topcalls.core.campaign_state import ContactState, Rank
from topcalls.store import rows
from topcalls.store.campaigns import OPEN_STATES
from topcalls.store.fields import to_microseconds
from topcalls.store.models import (
    Campaign,
    CampaignAttempt,
    CampaignContact,
    CampaignList,
    Lead,
    LeadListAssignment,
)
from topcalls.store.models.base import tuples
from topcalls.store.models.campaigns import IS_LEFT, IS_RUNNING, IS_WAITING

OFF_LIST: Final = "off_list"
"""The reason of contacts that were removed with the list that they came by."""

_TRIED: Final = tuple(outcome.value for outcome in Outcome if outcome is not Outcome.DEFERRED)
"""The reason of contacts that wait for another try. Others wait because a rule forbids their call
until then."""

_MOST_VALUES = 500
_NEW = (
    CampaignContact.campaign,
    CampaignContact.lead,
    CampaignContact.state,
    CampaignContact.rank,
    CampaignContact.next_at,
    CampaignContact.attempts,
    CampaignContact.counted,
    CampaignContact.converted,
    CampaignContact.list_id,
    CampaignContact.enrolled_at,
    CampaignContact.changed_at,
)


class Chosen(NamedTuple):
    """Which contacts of a campaign: those that meet all that is given."""

    state: str | None = None
    outcome: str | None = None


# --- enrolment


class Piece(NamedTuple):
    """So many leads of a list were `seen`, up to `through`, of which so many became contacts.
    `is_last`: there are no more behind them."""

    made: int
    seen: int
    through: str | None
    is_last: bool


_ENROL = """
INSERT INTO campaign_contact
(campaign_id, lead_id, state, rank, next_at, attempts, counted, converted, list_id,
 enrolled_at, changed_at)
SELECT ?, lead_id, 'waiting', 2, ?, 0, 0, ?, list_id, ?, ?
FROM lead_list_assignment WHERE list_id = ? AND lead_id > ? AND lead_id <= ?
ON CONFLICT (campaign_id, lead_id) DO UPDATE SET
 state = 'waiting', reason = NULL, list_id = EXCLUDED.list_id, next_at = EXCLUDED.next_at,
 changed_at = EXCLUDED.changed_at
WHERE campaign_contact.state = 'removed' AND campaign_contact.reason = 'off_list'
"""


def enrol_of_list(
    campaign_id: str, list_id: str, after: str | None, limit: int, now: datetime
) -> Piece:
    """Let up to `limit` leads of a list that come behind `after` become contacts."""
    on_list = LeadListAssignment.select(LeadListAssignment.lead).where(
        LeadListAssignment.lead_list == list_id, LeadListAssignment.lead > (after or "")
    )
    ids = [lead_id for (lead_id,) in tuples(on_list.order_by(LeadListAssignment.lead).limit(limit))]
    if not ids:
        return Piece(0, 0, None, True)
    moment = to_microseconds(now)
    bounds = (list_id, after or "", ids[-1])
    made = rows.change(_ENROL, campaign_id, moment, False, moment, moment, *bounds)
    return Piece(made, len(ids), ids[-1], len(ids) < limit)


def enrol(
    campaign_id: str, lead_ids: Collection[str], now: datetime, list_id: str | None = None
) -> int:
    """Let leads become contacts, due at once. Those that are stay as they are, unless they went
    with their list, or, without `list_id`, were taken out at all. How many did."""
    gone = CampaignContact.state == ContactState.REMOVED
    if list_id is not None:
        gone &= CampaignContact.reason == OFF_LIST
    made = 0
    for some in chunked(sorted(lead_ids), _MOST_VALUES):
        values = [_new(campaign_id, lead_id, list_id, now) for lead_id in some]
        query = CampaignContact.insert_many(values, fields=_NEW).on_conflict(
            conflict_target=[CampaignContact.campaign, CampaignContact.lead],
            update={
                "state": ContactState.WAITING,
                "reason": None,
                "list_id": list_id,
                "next_at": now,
                "changed_at": now,
            },
            where=gone,
        )
        made += query.as_rowcount().execute()
    return made


def enrol_everywhere(list_id: str, lead_ids: Collection[str], now: datetime) -> None:
    """Let leads that were put on a list become contacts of the open campaigns that call it. The
    list is locked."""
    for campaign_id in _open_of_list(list_id):
        enrol(campaign_id, lead_ids, now, list_id)


def withdraw_everywhere(list_id: str, lead_ids: Collection[str], now: datetime) -> None:
    """Take leads that went off a list out of the open campaigns that called them by it, while they
    wait, unless they are on another list of the campaign. The list is locked."""
    for campaign_id in _open_of_list(list_id):
        withdraw(campaign_id, list_id, now, lead_ids)


def withdraw(
    campaign_id: str, list_id: str, now: datetime, lead_ids: Collection[str] | None = None
) -> int:
    """Take the waiting contacts that came by a list out of a campaign, unless they are on another
    list of it; `lead_ids` None: all. How many there were."""
    query = CampaignContact.update(state=ContactState.REMOVED, reason=OFF_LIST, changed_at=now)
    query = query.where(*_came_by(campaign_id, list_id))
    if lead_ids is None:
        return int(query.execute())
    return sum(
        int(query.where(CampaignContact.lead.in_(some)).execute())
        for some in chunked(sorted(lead_ids), _MOST_VALUES)
    )


def count_withdrawn(campaign_id: str, list_id: str) -> int:
    """How many contacts would be taken out with a list."""
    query = CampaignContact.select(Value(1)).where(*_came_by(campaign_id, list_id))
    return int(query.count())


def count_new(campaign_id: str, list_ids: Collection[str]) -> int:
    """How many leads of lists are no contacts yet."""
    mine = CampaignContact.select(Value(1)).where(
        CampaignContact.campaign == campaign_id, CampaignContact.lead == LeadListAssignment.lead
    )
    query = LeadListAssignment.select(fn.COUNT(LeadListAssignment.lead.distinct())).where(
        LeadListAssignment.lead_list.in_(list(list_ids)), ~fn.EXISTS(mine)
    )
    return int(query.scalar() or 0) if list_ids else 0


def _came_by(campaign_id: str, list_id: str) -> tuple[Any, ...]:
    """Contacts that wait, for whatever, and are called by one list alone."""
    other = (
        LeadListAssignment.select(Value(1))
        .join(CampaignList, on=CampaignList.lead_list == LeadListAssignment.lead_list)
        .where(
            LeadListAssignment.lead == CampaignContact.lead,
            CampaignList.campaign == campaign_id,
            CampaignList.lead_list != list_id,
        )
    )
    return (
        CampaignContact.campaign == campaign_id,
        CampaignContact.state.in_([ContactState.WAITING, ContactState.HELD]),
        CampaignContact.list_id == list_id,
        ~fn.EXISTS(other),
    )


def _new(campaign_id: str, lead_id: str, list_id: str | None, now: datetime) -> tuple[Any, ...]:
    """In the order of `_NEW`."""
    waiting = ContactState.WAITING
    return (campaign_id, lead_id, waiting, Rank.FRESH, now, 0, 0, False, list_id, now, now)


def _open_of_list(list_id: str) -> list[str]:
    query = CampaignList.select(CampaignList.campaign).join(Campaign)
    query = query.where(CampaignList.lead_list == list_id, Campaign.state.in_(OPEN_STATES))
    return [campaign_id for (campaign_id,) in tuples(query)]


# --- contacts


def get(campaign_id: str, lead_id: str, *, lock: bool = False) -> CampaignContact | None:
    """One contact. `lock`: it stays until the end of the verb."""
    return rows.one(CampaignContact, lock=lock, campaign=campaign_id, lead=lead_id)


def page(
    campaign_id: str, chosen: Chosen, limit: int, after: str | None
) -> list[tuple[CampaignContact, Lead]]:
    """Up to `limit` contacts behind the lead `after`, by the ids of their leads."""
    query = CampaignContact.select(CampaignContact, Lead).join(Lead)
    query = query.where(CampaignContact.campaign == campaign_id)
    if chosen.state is not None:
        query = query.where(CampaignContact.state == chosen.state)
    if chosen.outcome is not None:
        query = query.where(CampaignContact.last_outcome == chosen.outcome)
    if after is not None:
        query = query.where(CampaignContact.lead > after)
    return [(row, row.lead) for row in query.order_by(CampaignContact.lead).limit(limit)]


def change(campaign_id: str, lead_id: str, now: datetime, **columns: Any) -> None:
    """Change a contact."""
    mine = {"campaign": campaign_id, "lead": lead_id}
    rows.update(CampaignContact, mine, changed_at=now, **columns)


def wake(campaign_id: str, now: datetime) -> int:
    """Have contacts that were put off by a rule looked at again at once; how many."""
    query = CampaignContact.update(next_at=now, reason=None).where(
        CampaignContact.campaign == campaign_id,
        IS_WAITING,
        CampaignContact.next_at > now,
        CampaignContact.reason.not_in(_TRIED),
    )
    return int(query.execute())


def counts(campaign_id: str) -> Mapping[str, int]:
    """How many contacts are in each state."""
    number = fn.COUNT(Value(1))
    query = CampaignContact.select(CampaignContact.state, number)
    query = query.where(CampaignContact.campaign == campaign_id).group_by(CampaignContact.state)
    found = dict.fromkeys(map(str, ContactState), 0)
    return found | {str(state): count for state, count in tuples(query)}


_SAMPLES = """
SELECT MIN(p.phone_number), p.region FROM (
  SELECT l.phone_number, l.region,
    CASE WHEN SUBSTR(l.phone_number, 1, 2) = '+1' THEN SUBSTR(l.phone_number, 1, 5)
      ELSE SUBSTR(l.phone_number, 1, 7) END AS area
  FROM lead l WHERE l.id IN ({people})
) p GROUP BY p.area, p.region
"""
_ON_LISTS = "SELECT a.lead_id FROM lead_list_assignment a WHERE a.list_id IN ({marks})"
_CONTACTS = "SELECT c.lead_id FROM campaign_contact c WHERE c.campaign_id = ?"


def samples(campaign_id: str, list_ids: Sequence[str]) -> list[tuple[str, str | None]]:
    """For each area in which there are contacts, or leads on these lists, one number and its
    region. An area: the area code in North America, else the country and the digits behind it."""
    people = _CONTACTS
    if list_ids:
        people += " UNION " + _ON_LISTS.format(marks=", ".join("?" * len(list_ids)))
    found = rows.select(_SAMPLES.format(people=people), campaign_id, *list_ids)
    return [(number, region) for number, region in found]


def any_left(campaign_id: str) -> bool:
    """Whether any contact waits or has a call that is not over."""
    query = CampaignContact.select(Value(1)).where(CampaignContact.campaign == campaign_id)
    return bool(query.where(IS_LEFT).exists())


def next_due(campaign_id: str) -> datetime | None:
    """When the first of the waiting contacts is due; None: none waits."""
    times = [
        CampaignContact.select(fn.MIN(CampaignContact.next_at))
        .where(CampaignContact.campaign == campaign_id, IS_WAITING, CampaignContact.rank == rank)
        .scalar()
        for rank in Rank
    ]
    return min((moment for moment in times if moment is not None), default=None)


def longest_due(now: datetime) -> datetime | None:
    """Since when the contact that has been due for longest is, of all campaigns that run; None:
    none is."""
    running = [campaign.id for campaign in Campaign.select(Campaign.id).where(IS_RUNNING)]
    times = [next_due(campaign_id) for campaign_id in running]
    return min((moment for moment in times if moment is not None and moment <= now), default=None)


def is_due(now: datetime) -> Any:
    """A contact that may be called now: it waits, and nobody holds it."""
    free = CampaignContact.lease_until.is_null() | (CampaignContact.lease_until <= now)
    return IS_WAITING & (CampaignContact.next_at <= now) & free


# --- attempts


def insert_attempt(**columns: Any) -> None:
    """Store the next call to a contact.

    Raises:
        peewee.IntegrityError: there is one of this number.
    """
    CampaignAttempt.insert(**columns).execute()


def attempts(campaign_id: str, lead_ids: Sequence[str]) -> list[CampaignAttempt]:
    """The calls to these contacts, each one's in order."""
    query = CampaignAttempt.select().where(
        CampaignAttempt.campaign == campaign_id, CampaignAttempt.lead_id.in_(list(lead_ids))
    )
    return list(query.order_by(CampaignAttempt.lead_id, CampaignAttempt.number))


def count_open(campaign_id: str) -> int:
    """How many calls of a campaign wait or run."""
    query = CampaignAttempt.select(Value(1)).where(
        CampaignAttempt.campaign == campaign_id, CampaignAttempt.ended_at.is_null()
    )
    return int(query.count())


def attempt_of_call(call_id: str) -> CampaignAttempt | None:
    """The attempt that a call is."""
    return CampaignAttempt.get_or_none(CampaignAttempt.call_id == call_id)


def end_attempt(attempt: CampaignAttempt, now: datetime, **columns: Any) -> bool:
    """Say how an attempt ended; False if that was said before."""
    query = CampaignAttempt.update(ended_at=now, **columns).where(
        CampaignAttempt.campaign == attempt.campaign_id,
        CampaignAttempt.lead_id == attempt.lead_id,
        CampaignAttempt.number == attempt.number,
        CampaignAttempt.ended_at.is_null(),
    )
    return bool(query.execute() == 1)

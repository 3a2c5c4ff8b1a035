"""Everybody whom a campaign would still call, in pieces: its contacts, and those of its lists who
are to become contacts."""

from __future__ import annotations

from typing import Any, NamedTuple

from topcalls.store import rows
from topcalls.store.campaign_contacts import OFF_LIST

_LEAD = "l.id, l.phone_number, l.name, l.email, l.metadata, l.time_zone, l.region"
_CONTACTS = f"""
SELECT {_LEAD}, c.state, c.rank, c.next_at, c.attempts, c.counted, c.retries, c.bands,
  (SELECT a.from_number FROM campaign_attempt a
    WHERE a.campaign_id = c.campaign_id AND a.lead_id = c.lead_id
    ORDER BY a.number DESC LIMIT 1)
FROM campaign_contact c JOIN lead l ON l.id = c.lead_id
WHERE c.campaign_id = ? AND c.state IN ('waiting', 'held', 'in_flight') AND c.lead_id > ?
ORDER BY c.lead_id LIMIT ?
"""
_ON_LIST = f"""
SELECT {_LEAD} FROM lead_list_assignment s JOIN lead l ON l.id = s.lead_id
WHERE s.list_id = ? AND s.lead_id > ? AND NOT EXISTS (
  SELECT 1 FROM campaign_contact c WHERE c.campaign_id = ? AND c.lead_id = s.lead_id
  AND NOT (c.state = 'removed' AND COALESCE(c.reason, '') = '{OFF_LIST}'))
ORDER BY s.lead_id LIMIT ?
"""


class LeadRow(NamedTuple):
    """A lead as it is stored; `metadata` is JSON."""

    id: str
    phone_number: str
    name: str
    email: str | None
    metadata: str
    time_zone: str | None
    region: str | None


class PlaceRow(NamedTuple):
    """How far a campaign has come with a contact, as it is stored: `next_at` in microseconds,
    `retries` and `bands` in JSON. `from_number`: by which it was called last."""

    state: str
    rank: int
    next_at: int
    attempts: int
    counted: int
    retries: str | None
    bands: str | None
    from_number: str | None


def contacts(campaign_id: str, after: str, limit: int) -> list[tuple[LeadRow, PlaceRow]]:
    """Up to `limit` contacts that wait, for whatever, or have a call that is not over, behind the
    lead `after`."""
    found = rows.select(_CONTACTS, campaign_id, after, limit)
    return [(_lead(row), PlaceRow(*row[len(LeadRow._fields) :])) for row in found]


def on_list(campaign_id: str, list_id: str, after: str, limit: int) -> list[LeadRow]:
    """Up to `limit` leads of a list that a start of the campaign would make contacts, behind the
    lead `after`."""
    return [_lead(row) for row in rows.select(_ON_LIST, list_id, after, campaign_id, limit)]


def _lead(row: tuple[Any, ...]) -> LeadRow:
    return LeadRow(*row[: len(LeadRow._fields)])

"""The people a campaign calls: who they are, how far it is with each, added and taken out one by
one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from topcalls.clock import Clock
from topcalls.core.call_state import State
from topcalls.core.call_status import PUBLIC
from topcalls.core.campaign_state import FINAL, REMEDIES, CampaignState, ContactState
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.services.campaigns import found
from topcalls.store import calls, campaign_contacts, campaign_holds, leads
from topcalls.store.campaign_contacts import Chosen
from topcalls.store.database import Database
from topcalls.store.models import Call, Campaign, CampaignAttempt, CampaignContact, Lead

MOST_ADDED: Final = 500
BY_USER: Final = "by_request"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class ContactView:
    """A lead of a campaign. `next_at`: not before then it is called; None for one that is not
    called any more, or is being called. `list_id`: the list that it came by."""

    lead_id: str
    name: str
    phone_number: str
    status: str
    next_at: datetime | None
    attempts: int
    counted_attempts: int
    last_outcome: str | None
    disposition: str | None
    converted: bool
    reason: str | None
    list_id: str | None
    enrolled_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ContactPage:
    """Contacts by the ids of their leads. `next_cursor` is the last one's if there are more."""

    data: tuple[ContactView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """A call of a campaign to a contact. `outcome` None: it is not over, or not judged yet.
    `counted`: as one of the contact's tries. What follows `decision_id` is told by the call."""

    number: int
    call_id: str | None
    decision_id: str | None
    from_number: str | None
    outcome: str | None
    counted: bool | None
    disposition: str | None
    status: str | None
    call_status: str | None
    answered_by: str | None
    talk_seconds: int | None
    created_at: datetime
    dialled_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened to a contact, or (`call_again`) is to happen."""

    at: datetime
    what: str
    attempt: int | None = None
    call_id: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """A contact, its calls, and all that happened in the order of time."""

    contact: ContactView
    attempts: Sequence[AttemptView]
    timeline: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Added:
    """How many became contacts, and how many were (`already`)."""

    added: int
    already: int


class CampaignContacts:
    """See the module's text."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def list(
        self,
        account_id: str,
        campaign_id: str,
        *,
        limit: int = 50,
        cursor: str | None = None,
        status: str | None = None,
        outcome: str | None = None,
    ) -> ContactPage:
        """Contacts behind the lead `cursor`, that are in a state and whose last call came to an
        outcome.

        Raises:
            InvalidRequest: the cursor is none of ours.
            NotFound: no such campaign in this account.
        """
        if cursor is not None and not _ID.fullmatch(cursor):
            raise InvalidRequest("The cursor is none that was given.", field="cursor")
        chosen = Chosen(status, outcome)

        def verb() -> ContactPage:
            found(account_id, campaign_id)
            rows = campaign_contacts.page(campaign_id, chosen, limit + 1, cursor)
            views = tuple(_view(contact, lead) for contact, lead in rows[:limit])
            return ContactPage(views, views[-1].lead_id if len(rows) > limit else None)

        return self._db.read(verb)

    def get(self, account_id: str, campaign_id: str, lead_id: str) -> ContactDetails:
        """One contact and what happened to it. Raises NotFound."""

        def verb() -> ContactDetails:
            found(account_id, campaign_id)
            contact = _contact(campaign_id, lead_id)
            lead = leads.get(account_id, lead_id)
            assert lead is not None  # the contact would have gone with it
            rows = campaign_contacts.attempts(campaign_id, [lead_id])
            made = [(row, calls.get(row.call_id) if row.call_id else None) for row in rows]
            views = tuple(_attempt(row, call) for row, call in made)
            return ContactDetails(_view(contact, lead), views, _timeline(contact, views))

        return self._db.read(verb)

    def add(self, account_id: str, campaign_id: str, lead_ids: Sequence[str]) -> Added:
        """Let leads be called, lists or not; whoever was taken out before is called again, and
        whoever is held or skipped is looked at again.

        Raises:
            Conflict: the campaign is over.
            InvalidRequest: there are none or too many, or the account has no such lead.
            NotFound: no such campaign in this account.
        """
        wanted = list(dict.fromkeys(lead_ids))
        if not 1 <= len(wanted) <= MOST_ADDED:
            message = f"Must be 1 to {MOST_ADDED}. For more, put them on a list."
            raise InvalidRequest(
                "No contact was added.", [FieldError("lead_ids", message, "length")]
            )
        now = self._clock.now()

        def verb() -> Added:
            _ensure_open(found(account_id, campaign_id, lock=True))
            _ensure_known(account_id, wanted)
            campaign_holds.wake_leads(wanted, now, campaign_id)
            made = campaign_contacts.enrol(campaign_id, wanted, now)
            return Added(made, len(wanted) - made)

        return self._db.run(verb)

    def remove(self, account_id: str, campaign_id: str, lead_id: str) -> ContactView:
        """Do not call somebody any more in this campaign. Whoever is not called any more stays as
        they are.

        Raises:
            Conflict: a call to them is under way.
            NotFound: no such campaign, or no such contact in it.
        """
        now = self._clock.now()

        def verb() -> ContactView:
            found(account_id, campaign_id)
            contact = _contact(campaign_id, lead_id, lock=True)
            if contact.state == ContactState.IN_FLIGHT or _is_held(contact, now):
                raise Conflict(
                    "A call to this contact is under way.",
                    remedy="Stop that call, or wait until it is over; then remove the contact.",
                    reason="in_flight",
                )
            if contact.state in (ContactState.WAITING, ContactState.HELD):
                gone = {"state": ContactState.REMOVED, "reason": BY_USER}
                campaign_contacts.change(campaign_id, lead_id, now, **gone)
                contact = _contact(campaign_id, lead_id)
            lead = leads.get(account_id, lead_id)
            assert lead is not None  # the contact would have gone with it
            return _view(contact, lead)

        return self._db.run(verb)


def _contact(campaign_id: str, lead_id: str, *, lock: bool = False) -> CampaignContact:
    row = campaign_contacts.get(campaign_id, lead_id, lock=lock)
    if row is None:
        raise NotFound("No such contact in this campaign.")
    return row


def _is_held(contact: CampaignContact, now: datetime) -> bool:
    return contact.lease_until is not None and contact.lease_until > now


def _ensure_open(row: Campaign) -> None:
    if row.state in FINAL or row.archived_at is not None:
        raise Conflict(
            f"The campaign is {row.state}.",
            remedy=REMEDIES[CampaignState(row.state)],
            reason="campaign_state",
            status=row.state,
        )


def _ensure_known(account_id: str, lead_ids: Sequence[str]) -> None:
    known = leads.known(account_id, lead_ids)
    wrong = [
        FieldError(f"lead_ids.{place}", "No such lead.", "unknown")
        for place, lead_id in enumerate(lead_ids)
        if lead_id not in known
    ]
    if wrong:
        raise InvalidRequest("No contact was added.", wrong)


def _view(contact: CampaignContact, lead: Lead) -> ContactView:
    waits = contact.state == ContactState.WAITING
    return ContactView(
        lead_id=contact.lead_id,
        name=lead.name,
        phone_number=lead.phone_number,
        status=contact.state,
        next_at=contact.next_at if waits else None,
        attempts=contact.attempts,
        counted_attempts=contact.counted,
        last_outcome=contact.last_outcome,
        disposition=contact.disposition,
        converted=contact.converted,
        reason=contact.reason,
        list_id=contact.list_id,
        enrolled_at=contact.enrolled_at,
        updated_at=contact.changed_at,
    )


def _attempt(row: CampaignAttempt, call: Call | None) -> AttemptView:
    public = PUBLIC[State(call.state)] if call is not None else None
    own = {
        name: getattr(row, name)
        for name in ("number", "call_id", "decision_id", "from_number", "outcome", "counted")
    }
    return AttemptView(
        **own,
        disposition=row.disposition,
        status=public.status if public else None,
        call_status=public.call_status if public else None,
        answered_by=call.answered_by if call is not None else None,
        talk_seconds=row.talk_seconds,
        created_at=row.created_at,
        dialled_at=call.dialled_at if call is not None else None,
        answered_at=call.answered_at if call is not None else None,
        ended_at=call.ended_at if call is not None else row.ended_at,
    )


def _timeline(contact: CampaignContact, attempts: Sequence[AttemptView]) -> tuple[Entry, ...]:
    found = [Entry(contact.enrolled_at, "enrolled")]
    for one in attempts:
        steps: Mapping[str, datetime | None] = {
            "call_created": one.created_at,
            "dialled": one.dialled_at,
            "answered": one.answered_at,
            "call_ended": one.ended_at,
        }
        for what, at in steps.items():
            detail = one.outcome if what == "call_ended" else None
            if at is not None:
                found.append(Entry(at, what, one.number, one.call_id, detail))
    if contact.state == ContactState.WAITING:
        found.append(
            Entry(contact.next_at, "call_again" if attempts else "call", None, None, contact.reason)
        )
    elif contact.state != ContactState.IN_FLIGHT:
        found.append(Entry(contact.changed_at, contact.state, None, None, contact.reason))
    return tuple(sorted(found, key=lambda entry: entry.at))

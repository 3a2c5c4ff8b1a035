"""Numbers that an account does not call: kept by its users and agents, held to by every call.

A number is asked about twice: when a call is created, and again when it is claimed to be dialled,
in the transaction of the claim (`services/eligibility.py`). An entry by which its lead is
`Unsubscribed` (`core.do_not_call.unsubscribes`) makes it so in the transaction that stores it,
however it came onto the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core import do_not_call as rules
from topcalls.core.do_not_call import Listing
from topcalls.core.eligibility_facts import Scope
from topcalls.core.leads import LeadStatus
from topcalls.core.people import is_fingerprint
from topcalls.errors import FieldError, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.do_not_call_webhooks import ListedNews, NewEntry, no_listed_news
from topcalls.services.lead_webhooks import LeadNews, StatusChange, no_news
from topcalls.services.person_keys import PersonKeys
from topcalls.store import calls, campaign_holds, do_not_call, leads
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import DoNotCallEntry

_EXPORTED_AT_ONCE = 1_000
_CAUSES = {"csv": "import"}


@dataclass(frozen=True, slots=True)
class ListedNumber:
    """An entry of the list. `phone_number`: None where whoever had it was erased. `purpose`,
    `campaign_id`: what it holds for; neither: every call. `call_id`: the call in which it was
    made. `expires_at`: from when on it holds no more; None: for ever."""

    id: str
    phone_number: str | None
    scope: str
    purpose: str | None
    campaign_id: str | None
    reason: str | None
    source: str
    call_id: str | None
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Entries, newest first. `next_cursor` is the last one's `created_at` if there are more."""

    data: tuple[ListedNumber, ...]
    next_cursor: datetime | None


@dataclass(frozen=True, slots=True)
class Imported:
    """How many were put on the list, and how many were on it."""

    inserted: int
    existed: int


class DoNotCall:
    """An account's list."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        people: PersonKeys,
        leads_news: LeadNews = no_news,
        listed_news: ListedNews = no_listed_news,
    ) -> None:
        self._db = db
        self._clock = clock
        self._people = people
        self._leads_news = leads_news
        self._listed_news = listed_news

    def add(
        self,
        account_id: str,
        phone_number: str,
        reason: str | None = None,
        *,
        now: datetime | None = None,
        **more: Any,
    ) -> tuple[ListedNumber, bool]:
        """Put a number on the list; its entry, and whether it is new. One that is listed in the
        same scope keeps the entry that it has. `more`: other fields of a `Listing`.

        Raises:
            InvalidRequest: with every fault.
        """
        listing, moment = Listing(phone_number, reason, **more), now or self._clock.now()
        _judge(list(rules.faults(listing, moment)))
        names = self._people.names(account_id, phone_number)

        def verb() -> tuple[ListedNumber, bool]:
            lock_account(account_id)
            do_not_call.delete_expired(account_id, names, moment)
            self._unsubscribe(account_id, [listing], moment)
            found = do_not_call.get(account_id, names, listing.scope, listing.subject)
            if found is not None:
                return _view(found), False
            (columns,) = _columns(account_id, [listing], moment)
            do_not_call.insert([columns])
            made = _view(DoNotCallEntry(**columns))
            self._listed_news(_news_of(account_id, made), moment)
            return made, True

        return self._db.run(verb)

    def add_many(
        self, account_id: str, bodies: Sequence[Mapping[str, Any]], source: str = "api"
    ) -> Imported:
        """Put up to `core.do_not_call.MOST_AT_ONCE` numbers on the list, all or none.

        Raises:
            InvalidRequest: with every fault.
        """
        now = self._clock.now()
        listings = [Listing(**body, source=source) for body in bodies]
        wrong: list[FieldError] = []
        if not 0 < len(listings) <= rules.MOST_AT_ONCE:
            message = f"Must have 1 to {rules.MOST_AT_ONCE} entries."
            wrong.append(FieldError("numbers", message, "length"))
        for place, listing in enumerate(listings):
            wrong += rules.faults(listing, now, f"numbers.{place}.")
        _judge(wrong)
        return self.insert(account_id, listings)

    def insert(self, account_id: str, listings: Sequence[Listing]) -> Imported:
        """Put numbers without faults on the list, in one transaction."""
        now = self._clock.now()
        fresh = {(one.phone_number, one.scope, one.subject): one for one in reversed(listings)}
        # Looked for by their numbers alone: a fingerprint beside a number does no harm.
        numbers = {number for number, _, _ in fresh}

        def verb() -> Imported:
            lock_account(account_id)
            do_not_call.delete_expired(account_id, numbers, now)
            self._unsubscribe(account_id, list(fresh.values()), now)
            for row in do_not_call.of_numbers(account_id, numbers):
                fresh.pop((row.phone_number, Scope(row.scope), row.subject), None)
            do_not_call.insert(_columns(account_id, list(fresh.values()), now))
            return Imported(len(fresh), len(listings) - len(fresh))

        return self._db.run(verb)

    def get(
        self,
        account_id: str,
        phone_number: str,
        purpose: str | None = None,
        campaign_id: str | None = None,
    ) -> ListedNumber:
        """The entry of a number that holds for every call, for a purpose or for a campaign.

        Raises:
            NotFound: it is not listed, or not any more.
        """
        wanted = Listing(phone_number, purpose=purpose, campaign_id=campaign_id)
        names = self._people.names(account_id, phone_number)
        now = self._clock.now()

        def verb() -> ListedNumber:
            found = do_not_call.get(account_id, names, wanted.scope, wanted.subject)
            if found is None or (found.expires_at is not None and found.expires_at <= now):
                raise NotFound("The number is not on the do-not-call list.")
            return _view(found)

        return self._db.read(verb)

    def list(
        self,
        account_id: str,
        limit: int = 50,
        cursor: datetime | None = None,
        phone_number: str | None = None,
        purpose: str | None = None,
        campaign_id: str | None = None,
    ) -> ListedPage:
        """Entries made before `cursor`, newest first; those whose time is over too."""
        chosen: dict[str, str] = {}
        if purpose is not None or campaign_id is not None:
            wanted = Listing("", purpose=purpose, campaign_id=campaign_id)
            chosen = {"scope": wanted.scope, "subject": wanted.subject}
        names = None
        if phone_number is not None:
            names = self._people.names(account_id, phone_number)

        def verb() -> ListedPage:
            found = do_not_call.page(account_id, limit + 1, cursor, names, **chosen)
            views = tuple(map(_view, found[:limit]))
            return ListedPage(views, views[-1].created_at if len(found) > limit else None)

        return self._db.read(verb)

    def every(self, account_id: str) -> Iterator[ListedNumber]:
        """Every entry, newest first, a page of them in memory at a time."""
        cursor = None
        while True:
            page = self.list(account_id, _EXPORTED_AT_ONCE, cursor)
            yield from page.data
            cursor = page.next_cursor
            if cursor is None:
                return

    def remove(
        self,
        account_id: str,
        phone_number: str,
        purpose: str | None = None,
        campaign_id: str | None = None,
    ) -> None:
        """Take a number off the list, in one scope; campaigns under way look at them again.

        Raises:
            NotFound: it is not listed so.
        """
        wanted = Listing(phone_number, purpose=purpose, campaign_id=campaign_id)
        names, now = self._people.names(account_id, phone_number), self._clock.now()

        def verb() -> None:
            if not do_not_call.delete(account_id, names, wanted.scope, wanted.subject):
                raise NotFound("The number is not on the do-not-call list.")
            campaign_holds.wake_numbers(account_id, names, now)

        self._db.run(verb)

    # --- parts

    def _unsubscribe(self, account_id: str, listings: Sequence[Listing], now: datetime) -> None:
        by_number = {one.phone_number: one for one in listings if one.unsubscribes}
        for lead in leads.with_numbers(account_id, by_number, lock=True):
            before, after = LeadStatus(lead.status), LeadStatus.UNSUBSCRIBED
            if before is after:
                continue
            leads.change(lead.id, status=after, updated_at=now)
            cause = _cause(by_number[lead.phone_number])
            where = (account_id, lead.id, lead.phone_number)
            self._leads_news(StatusChange(*where, before, after, *cause), now)


def _news_of(account_id: str, made: ListedNumber) -> NewEntry:
    call = calls.get(made.call_id) if made.call_id is not None else None
    return NewEntry(
        account_id=account_id,
        entry_id=made.id,
        phone_number=made.phone_number,
        scope=made.scope,
        purpose=made.purpose,
        campaign_id=made.campaign_id,
        reason=made.reason,
        source=made.source,
        expires_at=made.expires_at,
        call_id=made.call_id,
        of_campaign_id=call.campaign_id if call is not None else None,
        lead_id=call.lead_id if call is not None else None,
    )


def _cause(listing: Listing) -> tuple[str, str | None, str | None]:
    """What changed the status of a lead: its kind, then the campaign and the call that did."""
    if listing.call_id is None:
        return _CAUSES.get(listing.source, "api"), None, None
    call = calls.get(listing.call_id)
    return "call", call.campaign_id if call is not None else None, listing.call_id


def _judge(wrong: list[FieldError]) -> None:
    if wrong:
        raise InvalidRequest("The number cannot be listed: see 'errors'.", wrong)


def _columns(account_id: str, listings: Sequence[Listing], now: datetime) -> list[dict[str, Any]]:
    """Rows of entries that are not listed; the account is locked."""
    times = do_not_call.free_times(account_id, now, len(listings))
    return [
        {
            "id": new_id(),
            "account": account_id,
            "phone_number": listing.phone_number,
            "scope": listing.scope,
            "subject": listing.subject,
            "reason": listing.reason,
            "source": listing.source,
            "call_id": listing.call_id,
            "created_at": created_at,
            "expires_at": listing.expires_at,
        }
        for listing, created_at in zip(listings, times, strict=True)
    ]


def _view(row: DoNotCallEntry) -> ListedNumber:
    return ListedNumber(
        id=row.id,
        phone_number=None if is_fingerprint(row.phone_number) else row.phone_number,
        scope=str(row.scope),
        purpose=row.subject if row.scope == Scope.PURPOSE else None,
        campaign_id=row.subject if row.scope == Scope.CAMPAIGN else None,
        reason=row.reason,
        source=row.source,
        call_id=row.call_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )

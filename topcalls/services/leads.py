"""Leads: made, found, changed and deleted one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core import leads as rules
from topcalls.core import phone_numbers
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.ids import ordered_ids
from topcalls.services.lead_lists import found_list, put_on_list, take_off_list
from topcalls.services.lead_screening import ERASED, LeadScreening
from topcalls.services.lead_webhooks import LeadNews, StatusChange, no_news
from topcalls.store import campaign_holds, leads
from topcalls.store.database import Database
from topcalls.store.leads import Chosen
from topcalls.store.locking import lock_account
from topcalls.store.models import Lead

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class LeadView:
    """A lead. `existed`: whether it was there before it was sent; None where nothing was sent."""

    id: str
    account_id: str
    name: str
    phone_number: str
    email: str | None
    status: str
    notes: str | None
    tags: Sequence[str]
    metadata: Mapping[str, Any]
    time_zone: str | None
    region: str | None
    list_ids: Sequence[str]
    converted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    existed: bool | None = None


@dataclass(frozen=True, slots=True)
class LeadPage:
    """Leads, newest first. `next_cursor` is the last one's id if there are more."""

    items: tuple[LeadView, ...]
    has_more: bool
    next_cursor: str | None


class Leads:
    """An account's leads."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        screening: LeadScreening,
        news: LeadNews = no_news,
    ) -> None:
        self._db = db
        self._clock = clock
        self._screening = screening
        self._news = news

    def create(self, account_id: str, body: Mapping[str, Any]) -> LeadView:
        """Put a lead on a list, making it if the account has none of its number; one that exists
        stays as it is.

        Raises:
            InvalidRequest: with every fault.
            NotFound: no such list in this account.
        """
        wrong = list(rules.faults(body, needed=("name", "phone_number", "list_id")))
        if isinstance(body.get("name"), str) and not body["name"].strip():
            wrong.append(FieldError("name", "Must not be blank.", "length"))
        _judge(wrong)
        now = self._clock.now()
        draft = rules.draft_of(body, now)
        (lead_id,) = ordered_ids(now, 1)

        def verb() -> LeadView:
            found_list(account_id, body["list_id"], lock=True)
            screened = self._screening.of(account_id, [draft.phone_number], now)
            _judge([ERASED] if screened.erased else [])
            leads.insert_new([columns_of(screened.marked(draft), lead_id, account_id, now)])
            (row,) = leads.with_numbers(account_id, [draft.phone_number])
            if row.id == lead_id:
                leads.add_tags(account_id, {lead_id: draft.tags})
            put_on_list(body["list_id"], [row.id], now)
            return _views([row], existed=row.id != lead_id)[0]

        return self._db.run(verb)

    def list(
        self,
        account_id: str,
        *,
        limit: int = 50,
        cursor: str | None = None,
        **chosen: str | None,
    ) -> LeadPage:
        """Leads made before the one that `cursor` names, newest first. `chosen` as of `Chosen`.

        Raises:
            InvalidRequest: the cursor is none of ours.
        """
        if cursor is not None and not _ID.fullmatch(cursor):
            raise InvalidRequest("The cursor is none that was given.", field="cursor")
        wanted = Chosen(**chosen)
        if wanted.phone_number is not None:
            number = phone_numbers.normal(wanted.phone_number) or wanted.phone_number
            wanted = wanted._replace(phone_number=number)

        def verb() -> LeadPage:
            found = leads.page(account_id, wanted, limit + 1, cursor)
            has_more = len(found) > limit
            views = _views(found[:limit])
            return LeadPage(views, has_more, views[-1].id if has_more else None)

        return self._db.read(verb)

    def get(self, account_id: str, lead_id: str) -> LeadView:
        """Raises NotFound."""
        return self._db.read(lambda: _views([_found(account_id, lead_id)])[0])

    def change(self, account_id: str, lead_id: str, body: Mapping[str, Any]) -> LeadView:
        """Change what is given. Campaigns that held or skipped them look at them again.

        Raises:
            Conflict: another lead has the number.
            InvalidRequest: with every fault.
            NotFound: no such lead in this account.
        """
        _judge(list(_change_faults(body)))
        now = self._clock.now()

        def verb() -> LeadView:
            if "phone_number" in body:
                lock_account(account_id)
            campaign_holds.wake_leads([lead_id], now)
            row = _found(account_id, lead_id, lock=True)
            changes = rules.changed(row.__data__, body, now)
            too_long = rules.notes_fault(changes.get("notes"), "notes_append")
            _judge([too_long] if too_long else [])
            if changes.get("phone_number", row.phone_number) != row.phone_number:
                _ensure_free(account_id, changes["phone_number"])
                known = self._screening.of(account_id, [changes["phone_number"]], now)
                _judge([ERASED] if known.erased else [])
            leads.change(lead_id, updated_at=now, **changes)
            self._news(_status_change(row, changes), now)
            if "tags" in changes:
                leads.replace_tags(account_id, lead_id, changes["tags"])
            return _views([_found(account_id, lead_id)])[0]

        return self._db.run(verb)

    def delete(self, account_id: str, lead_id: str, list_id: str | None = None) -> None:
        """Delete a lead; with `list_id` take it off that list, and delete it if that was its last.

        Raises:
            NotFound: no such lead in this account, or it is not on that list.
        """

        def verb() -> None:
            if list_id is not None:
                found_list(account_id, list_id, lock=True)
            _found(account_id, lead_id, lock=True)
            if list_id is not None:
                if not take_off_list(list_id, [lead_id], self._clock.now()):
                    raise NotFound("The lead is not on this list.", field="list_id")
                if leads.list_ids([lead_id]):
                    return
            leads.delete(account_id, [lead_id])

        self._db.run(verb)


def columns_of(draft: rules.Draft, lead_id: str, account_id: str, now: datetime) -> dict[str, Any]:
    """The row of a new lead."""
    return {
        "id": lead_id,
        "account": account_id,
        "phone_number": draft.phone_number,
        "name": draft.name,
        "email": draft.email,
        "status": draft.status,
        "notes": draft.notes,
        "tags": list(draft.tags),
        "metadata": draft.metadata,
        "time_zone": draft.time_zone,
        "region": draft.region,
        "converted_at": now if draft.status is rules.LeadStatus.CONVERTED else None,
        "created_at": now,
        "updated_at": now,
    }


def _status_change(row: Lead, changes: Mapping[str, Any]) -> StatusChange:
    number = changes.get("phone_number", row.phone_number)
    status = changes.get("status", row.status)
    return StatusChange(row.account_id, row.id, number, row.status, status, "api")


def _found(account_id: str, lead_id: str, *, lock: bool = False) -> Lead:
    row = leads.get(account_id, lead_id, lock=lock)
    if row is None:
        raise NotFound("No such lead.")
    return row


def _change_faults(body: Mapping[str, Any]) -> Sequence[FieldError]:
    wrong = list(rules.faults(body))
    if not body:
        wrong.append(FieldError("body", "Send at least one field.", "required"))
    wrong += [
        FieldError(name, "Must not be null.", "null")
        for name in ("name", "phone_number", "status", "tags", "metadata", "notes_append")
        if name in body and body[name] is None
    ]
    if isinstance(body.get("name"), str) and not body["name"].strip():
        wrong.append(FieldError("name", "Must not be blank.", "length"))
    return wrong


def _ensure_free(account_id: str, number: str) -> None:
    if leads.with_numbers(account_id, [number]):
        raise Conflict(
            "Another lead of the account has this number.",
            field="phone_number",
            remedy="Change that one, found by GET /v1/leads?phone=, or delete one of the two.",
            reason="phone_number_taken",
        )


def _judge(wrong: Sequence[FieldError]) -> None:
    if wrong:
        raise InvalidRequest("The lead is not right as it was sent: see 'errors'.", [*wrong])


def _views(rows: Sequence[Lead], existed: bool | None = None) -> tuple[LeadView, ...]:
    lists = leads.list_ids([row.id for row in rows])
    return tuple(
        LeadView(
            row.id,
            row.account_id,
            row.name,
            row.phone_number,
            row.email,
            row.status,
            row.notes,
            row.tags,
            row.metadata,
            row.time_zone,
            row.region,
            lists.get(row.id, []),
            row.converted_at,
            row.created_at,
            row.updated_at,
            existed,
        )
        for row in rows
    )

"""Lists of leads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from topcalls.clock import Clock
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.store import campaign_contacts, campaign_holds, campaigns, leads
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import LeadList

MAX_NAME: Final = 200
MAX_DESCRIPTION: Final = 2_000


@dataclass(frozen=True, slots=True)
class ListView:
    """A list. `lead_count` is counted where one list is asked for, and None among others."""

    id: str
    account_id: str
    name: str
    description: str | None
    lead_count: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ListPage:
    """Lists, newest first. `next_cursor` is the last one's `created_at` if there are more."""

    data: tuple[ListView, ...]
    next_cursor: datetime | None


class LeadLists:
    """An account's lists."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def create(self, account_id: str, body: Mapping[str, Any]) -> ListView:
        """Make an empty list.

        Raises:
            Conflict: the account has a list of this name.
            InvalidRequest: with every fault.
        """
        _judge(body, is_new=True)
        list_id, now = new_id(), self._clock.now()

        def verb() -> ListView:
            lock_account(account_id)
            _ensure_free(account_id, body["name"].strip())
            leads.insert_list(
                id=list_id,
                account=account_id,
                name=body["name"].strip(),
                description=body.get("description"),
                created_at=leads.free_time(account_id, now),
                updated_at=now,
            )
            return _counted(found_list(account_id, list_id))

        return self._db.run(verb)

    def list(self, account_id: str, limit: int = 50, cursor: datetime | None = None) -> ListPage:
        """Lists made before `cursor`, newest first."""

        def verb() -> ListPage:
            found = leads.list_page(account_id, limit + 1, cursor)
            views = tuple(_view(row, None) for row in found[:limit])
            return ListPage(views, views[-1].created_at if len(found) > limit else None)

        return self._db.read(verb)

    def get(self, account_id: str, list_id: str) -> ListView:
        """Raises NotFound."""
        return self._db.read(lambda: _counted(found_list(account_id, list_id)))

    def change(self, account_id: str, list_id: str, body: Mapping[str, Any]) -> ListView:
        """Change the name or the description. Raises as `create`, and NotFound."""
        _judge(body, is_new=False)
        changes = {name: body[name] for name in ("name", "description") if name in body}
        if "name" in changes:
            changes["name"] = changes["name"].strip()

        def verb() -> ListView:
            lock_account(account_id)
            row = found_list(account_id, list_id)
            if changes.get("name", row.name) != row.name:
                _ensure_free(account_id, changes["name"])
            leads.change_list(list_id, updated_at=self._clock.now(), **changes)
            return _counted(found_list(account_id, list_id))

        return self._db.run(verb)

    def delete(self, account_id: str, list_id: str) -> None:
        """Delete a list that has no leads.

        Raises:
            Conflict: it has some, or a campaign that is not over calls it.
            NotFound: no such list in this account.
        """

        def verb() -> None:
            found_list(account_id, list_id, lock=True)
            if leads.has_leads(list_id):
                raise Conflict(
                    "The list has leads.",
                    remedy="Delete them first: POST /v1/leads/bulk-delete with its 'list_id'.",
                    reason="not_empty",
                )
            _ensure_uncalled(list_id)
            leads.delete_list(list_id)

        self._db.run(verb)


def found_list(account_id: str, list_id: str, *, lock: bool = False) -> LeadList:
    """Part of a verb: a list of an account. `lock`: it stays until the end of the verb.

    Raises:
        NotFound: there is none.
    """
    row = leads.list_of(account_id, list_id, lock=lock)
    if row is None:
        raise NotFound("No such list.", field="list_id")
    return row


def put_on_list(list_id: str, lead_ids: Collection[str], now: datetime) -> None:
    """Part of a verb: put leads on a list, which is locked. Campaigns that call it and are under
    way call them too; those that held or skipped them look at them again, as consents of the list
    are theirs now."""
    campaign_holds.wake_leads(lead_ids, now)
    leads.assign(list_id, lead_ids)
    campaign_contacts.enrol_everywhere(list_id, lead_ids, now)


def take_off_list(list_id: str, lead_ids: Collection[str], now: datetime) -> int:
    """Part of a verb: take leads off a list, which is locked; how many were on it. Campaigns that
    call them by it alone do not call them any more."""
    gone = leads.unassign(list_id, lead_ids)
    campaign_contacts.withdraw_everywhere(list_id, lead_ids, now)
    return gone


def _ensure_free(account_id: str, name: str) -> None:
    if leads.list_named(account_id, name) is not None:
        raise Conflict(
            "The account has a list of this name.",
            field="name",
            remedy="Choose another name, or use that list.",
            reason="name_taken",
        )


def _ensure_uncalled(list_id: str) -> None:
    users = campaigns.using_list(list_id)
    if users:
        raise Conflict(
            f"The list is called by the campaign '{users[0].name}'.",
            remedy="Take it out of the campaign's 'list_ids', or stop the campaign.",
            reason="in_use",
            used_by=[row.id for row in users],
        )


def _judge(body: Mapping[str, Any], *, is_new: bool) -> None:
    wrong = list(_faults(body, is_new))
    if wrong:
        raise InvalidRequest("The list is not right as it was sent: see 'errors'.", wrong)


def _faults(body: Mapping[str, Any], is_new: bool) -> Iterator[FieldError]:
    if not body:
        yield FieldError("body", "Send at least one field.", "required")
    if is_new or "name" in body:
        name = body.get("name")
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= len(name) <= MAX_NAME:
            yield FieldError("name", f"Must be text of 1 to {MAX_NAME} characters.", "length")
    description = body.get("description")
    if description is not None and (
        not isinstance(description, str) or len(description) > MAX_DESCRIPTION
    ):
        message = f"Must be text of at most {MAX_DESCRIPTION} characters."
        yield FieldError("description", message, "length")


def _counted(row: LeadList) -> ListView:
    return _view(row, leads.count_on_list(row.id))


def _view(row: LeadList, count: int | None) -> ListView:
    return ListView(
        row.id,
        row.account_id,
        row.name,
        row.description,
        count,
        row.created_at,
        row.updated_at,
    )

"""Queries on the numbers that accounts do not call."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from topcalls.store import rows
from topcalls.store.models import DoNotCallNumber

_TICK = timedelta(microseconds=1)
_IS_LISTED = (
    'SELECT 1 FROM "do_not_call_number" WHERE "account_id" = ? AND "phone_number" = ? LIMIT 1'
)


def is_listed(account_id: str, number: str) -> bool:
    """Whether the account does not call this number: asked for every call."""
    return bool(rows.select(_IS_LISTED, account_id, number))


def get(account_id: str, number: str) -> DoNotCallNumber | None:
    """A number of an account's list."""
    mine = (DoNotCallNumber.account == account_id) & (DoNotCallNumber.phone_number == number)
    return DoNotCallNumber.get_or_none(mine)


def insert(**columns: Any) -> None:
    """Store a number that is not listed; its `created_at` comes from `free_time`."""
    rows.insert(DoNotCallNumber, **columns)


def free_time(account_id: str, wanted: datetime) -> datetime:
    """A time not before `wanted` and after every entry of the account, which is locked by then."""
    query = DoNotCallNumber.select(DoNotCallNumber.created_at).where(
        DoNotCallNumber.account == account_id, DoNotCallNumber.created_at >= wanted
    )
    last = query.order_by(DoNotCallNumber.created_at.desc()).first()
    return wanted if last is None else last.created_at + _TICK


def delete(account_id: str, number: str) -> bool:
    """Take a number off the list; False if it was not on it."""
    mine = (DoNotCallNumber.account == account_id) & (DoNotCallNumber.phone_number == number)
    return bool(DoNotCallNumber.delete().where(mine).execute())


def page(account_id: str, limit: int, before: datetime | None) -> list[DoNotCallNumber]:
    """Up to `limit` entries made before `before`, newest first."""
    query = DoNotCallNumber.select().where(DoNotCallNumber.account == account_id)
    if before is not None:
        query = query.where(DoNotCallNumber.created_at < before)
    return list(query.order_by(DoNotCallNumber.created_at.desc()).limit(limit))

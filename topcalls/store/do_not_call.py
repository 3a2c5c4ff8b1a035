"""Queries on the numbers that accounts do not call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import chunked

from topcalls.store import rows
from topcalls.store.models import DoNotCallEntry

_TICK = timedelta(microseconds=1)
_MOST_VALUES = 500


def get(
    account_id: str, numbers: Collection[str], scope: str, subject: str
) -> DoNotCallEntry | None:
    """The entry of one scope of an account's list. `numbers`: the number, and its fingerprint."""
    mine = _of(account_id, numbers, scope, subject)
    return DoNotCallEntry.select().where(mine).first()  # type: ignore[no-any-return]


def of_numbers(account_id: str, numbers: Collection[str]) -> list[DoNotCallEntry]:
    """Every entry of these numbers."""
    found: list[DoNotCallEntry] = []
    for some in chunked(sorted(numbers), _MOST_VALUES):
        mine = (DoNotCallEntry.account == account_id) & DoNotCallEntry.phone_number.in_(some)
        found += list(DoNotCallEntry.select().where(mine).order_by(DoNotCallEntry.created_at))
    return found


def has_any(account_id: str, numbers: Collection[str]) -> bool:
    """Whether there is an entry of any of these few numbers, whatever it is for."""
    marks = ", ".join("?" * len(numbers))
    text = f"SELECT 1 FROM do_not_call_entry WHERE account_id = ? AND phone_number IN ({marks})"
    return bool(rows.select(text + " LIMIT 1", account_id, *numbers))


def insert(entries: Sequence[Mapping[str, Any]]) -> None:
    """Store entries that are not listed; their `created_at` come from `free_times`."""
    for some in chunked(entries, _MOST_VALUES):
        DoNotCallEntry.insert_many(some).execute()


def free_times(account_id: str, wanted: datetime, count: int) -> Iterator[datetime]:
    """`count` times not before `wanted` and after every entry of the account, which is locked by
    then."""
    query = DoNotCallEntry.select(DoNotCallEntry.created_at).where(
        DoNotCallEntry.account == account_id, DoNotCallEntry.created_at >= wanted
    )
    last = query.order_by(DoNotCallEntry.created_at.desc()).first()
    first = wanted if last is None else last.created_at + _TICK
    return (first + place * _TICK for place in range(count))


def delete(account_id: str, numbers: Collection[str], scope: str, subject: str) -> bool:
    """Take a number off the list; False if it was not on it."""
    mine = _of(account_id, numbers, scope, subject)
    return bool(DoNotCallEntry.delete().where(mine).execute())


def delete_expired(account_id: str, numbers: Collection[str], now: datetime) -> None:
    """Forget entries of these numbers whose time is over."""
    for some in chunked(sorted(numbers), _MOST_VALUES):
        mine = (DoNotCallEntry.account == account_id) & DoNotCallEntry.phone_number.in_(some)
        DoNotCallEntry.delete().where(mine, DoNotCallEntry.expires_at <= now).execute()


def page(
    account_id: str,
    limit: int,
    before: datetime | None,
    numbers: Collection[str] | None = None,
    **chosen: str,
) -> list[DoNotCallEntry]:
    """Up to `limit` entries made before `before`, newest first. `chosen`: `scope`, `subject`."""
    query = DoNotCallEntry.select().where(DoNotCallEntry.account == account_id)
    for name, value in chosen.items():
        query = query.where(getattr(DoNotCallEntry, name) == value)
    if numbers is not None:
        query = query.where(DoNotCallEntry.phone_number.in_(list(numbers)))
    if before is not None:
        query = query.where(DoNotCallEntry.created_at < before)
    return list(query.order_by(DoNotCallEntry.created_at.desc()).limit(limit))


def _of(account_id: str, numbers: Collection[str], scope: str, subject: str) -> Any:
    return (
        (DoNotCallEntry.account == account_id)
        & DoNotCallEntry.phone_number.in_(list(numbers))
        & (DoNotCallEntry.scope == scope)
        & (DoNotCallEntry.subject == subject)
    )

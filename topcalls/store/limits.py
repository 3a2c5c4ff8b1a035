"""Queries on limits of accounts and keys: how far they are used up."""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import fn

from topcalls.store import rows
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.models import Call
from topcalls.store.models.base import tuples
from topcalls.store.models.calls import IS_LIVE

MINUTE = timedelta(minutes=1)
_NTH_NEW = """
SELECT created_at FROM call WHERE key_id = ? AND created_at > ?
ORDER BY created_at DESC LIMIT 1 OFFSET ?
"""
_NTH_CLAIMED = """
SELECT claimed_at FROM call WHERE account_id = ? AND claimed_at > ?
ORDER BY claimed_at DESC LIMIT 1 OFFSET ?
"""


def nth_new_of_key(key_id: str, number: int, now: datetime) -> datetime | None:
    """When a key created the call that is this one, counted back from 1, of the last minute."""
    return _nth(_NTH_NEW, key_id, number, now)


def nth_claimed_of_account(account_id: str, number: int, now: datetime) -> datetime | None:
    """When the dialling began of the account's call that is this one, counted back from 1, of the
    last minute."""
    return _nth(_NTH_CLAIMED, account_id, number, now)


def _nth(text: str, name: str, number: int, now: datetime) -> datetime | None:
    for (moment,) in rows.select(text, name, to_microseconds(now - MINUTE), max(0, number - 1)):
        return from_microseconds(moment)
    return None


def new_of_key(key_id: str, now: datetime) -> int:
    """How many calls a key created in the last minute."""
    query = Call.select(fn.COUNT(Call.id)).where(
        Call.key_id == key_id, Call.created_at > now - MINUTE
    )
    count: int = query.scalar()
    return count


def live_of_key(account_id: str, key_id: str) -> int:
    """How many live calls a key has created."""
    query = Call.select(fn.COUNT(Call.id)).where(
        Call.account == account_id, Call.key_id == key_id, IS_LIVE
    )
    return int(tuples(query)[0][0])

"""Queries on minutes: grants, usage, reservations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from peewee import fn

from topcalls.core.call_state import FINAL_STATES
from topcalls.core.quota import Balance, Pool
from topcalls.store import rows
from topcalls.store.models import Call, MinuteGrant, MinuteUsage, Reservation
from topcalls.store.models.base import tuples


def grant(account_id: str, pool: Pool, seconds: int, note: str, now: datetime) -> None:
    """Give `seconds` to an account."""
    MinuteGrant.insert(
        account=account_id, pool=pool, seconds=seconds, note=note, granted_at=now
    ).execute()


SUMS = """a.metered,
  (SELECT COALESCE(SUM(seconds), 0) FROM minute_grant WHERE account_id = a.id AND pool = ?),
  (SELECT COALESCE(SUM(seconds), 0) FROM minute_usage WHERE account_id = a.id AND pool = ?),
  (SELECT COALESCE(SUM(seconds), 0) FROM minute_grant WHERE account_id = a.id AND pool = ?),
  (SELECT COALESCE(SUM(seconds), 0) FROM minute_usage WHERE account_id = a.id AND pool = ?),
  (SELECT COALESCE(SUM(seconds), 0) FROM reservation
    WHERE account_id = a.id AND settled_at IS NULL)"""
"""Columns of a query on an account `a`, with the values `POOLS`, that `balance_of` reads."""

POOLS = (Pool.PLAN.value, Pool.PLAN.value, Pool.BONUS.value, Pool.BONUS.value)
_BALANCE = f"SELECT {SUMS} FROM account a WHERE a.id = ?"


def balance(account_id: str) -> Balance | None:
    """Everything counted from rows; None if there is no such account."""
    for sums in rows.select(_BALANCE, *POOLS, account_id):
        return balance_of(sums)
    return None


def balance_of(sums: Iterable[Any]) -> Balance:
    """The balance in the columns `SUMS`."""
    metered, *seconds = sums
    plan_granted, plan_used, bonus_granted, bonus_used, reserved = map(int, seconds)
    return Balance(
        plan_granted, plan_used, bonus_granted, bonus_used, reserved, unlimited=not metered
    )


def reserve(call_id: str, account_id: str, seconds: int, now: datetime) -> None:
    """Set `seconds` aside for one call."""
    rows.insert(Reservation, call_id=call_id, account=account_id, seconds=seconds, created_at=now)


def close_reservation(call_id: str, billed: int, now: datetime) -> bool:
    """End a reservation; True for the one who did, False if it had ended before."""
    query = Reservation.update(billed=billed, settled_at=now)
    mine = (Reservation.call_id == call_id) & Reservation.settled_at.is_null()
    return bool(query.where(mine).execute())


def use(account_id: str, pool: Pool, seconds: int, calls: int, now: datetime) -> None:
    """Add to what the account used today."""
    MinuteUsage.insert(
        account=account_id, pool=pool, day=now.strftime("%Y-%m-%d"), seconds=seconds, calls=calls
    ).on_conflict(
        conflict_target=[MinuteUsage.account, MinuteUsage.pool, MinuteUsage.day],
        update={
            MinuteUsage.seconds: MinuteUsage.seconds + seconds,
            MinuteUsage.calls: MinuteUsage.calls + calls,
        },
    ).execute()


def usage(account_id: str, first_day: str, last_day: str) -> list[tuple[str, int, int]]:
    """Day, seconds and calls of each UTC day with usage, both pools together."""
    query = (
        MinuteUsage.select(MinuteUsage.day, fn.SUM(MinuteUsage.seconds), fn.SUM(MinuteUsage.calls))
        .where(MinuteUsage.account == account_id, MinuteUsage.day.between(first_day, last_day))
        .group_by(MinuteUsage.day)
        .order_by(MinuteUsage.day)
    )
    return [(day, int(seconds), int(calls)) for day, seconds, calls in tuples(query)]


def stale_reservations(limit: int) -> list[Call]:
    """Calls that are over while minutes are still set aside for them."""
    finals = [str(state) for state in FINAL_STATES]
    query = (
        Call.select()
        .join(Reservation, on=(Reservation.call_id == Call.id))
        .where(Reservation.settled_at.is_null(), Call.state.in_(finals))
        .limit(limit)
    )
    return list(query)

"""Queries on minutes: grants, usage, reservations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from topcalls.core.call_state import FINAL_STATES
from topcalls.core.quota import Balance, Pool
from topcalls.store import rows
from topcalls.store.fields import to_microseconds
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
    WHERE account_id = a.id AND counted_at IS NULL AND settled_at IS NULL)"""
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


@dataclass(frozen=True, slots=True)
class Holding:
    """What is set aside for one call: `seconds` and `micros` of a dollar (None: not known) of the
    account's and the campaign's budgets of a `day`."""

    seconds: int
    day: str
    micros: int | None = None
    campaign_id: str | None = None


def reserve(call_id: str, account_id: str, holding: Holding, now: datetime) -> None:
    """Set something aside for one call."""
    rows.insert(
        Reservation,
        call_id=call_id,
        account=account_id,
        campaign_id=holding.campaign_id,
        day=holding.day,
        seconds=holding.seconds,
        micros=holding.micros,
        created_at=now,
    )


_PLACE = "SELECT day, campaign_id FROM reservation WHERE call_id = ? AND settled_at IS NULL"
_CLOSE = """
UPDATE reservation SET billed = ?, settled_at = ? WHERE call_id = ? AND settled_at IS NULL
"""


def close_reservation(
    call_id: str, billed: int, now: datetime
) -> tuple[str | None, str | None] | None:
    """End a reservation of an account that is locked: its day and campaign for the one who did,
    None if it had ended before."""
    for day, campaign_id in rows.select(_PLACE, call_id):
        if rows.change(_CLOSE, billed, to_microseconds(now), call_id):
            return day, campaign_id
    return None


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
        .where(
            Reservation.counted_at.is_null(),
            Reservation.settled_at.is_null(),
            Call.state.in_(finals),
        )
        .limit(limit)
    )
    return list(query)

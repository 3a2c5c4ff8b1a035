"""Queries on budgets: what calls spent, and what is held for those that are not over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from topcalls.core.budgets import Amount, Period, days_of
from topcalls.store import rows
from topcalls.store.current import current
from topcalls.store.fields import to_microseconds
from topcalls.store.models import Reservation

_ACCOUNT = "SELECT time_zone, budgets FROM account WHERE id = ?"
_SUMS = """
SELECT spent.seconds, spent.calls, spent.micros, held.seconds, held.calls, held.micros FROM
  (SELECT COALESCE(SUM(seconds), 0) AS seconds, COALESCE(SUM(calls), 0) AS calls,
    COALESCE(SUM(micros), 0) AS micros FROM spending WHERE {where}) spent,
  (SELECT COALESCE(SUM(CASE WHEN settled_at IS NULL THEN seconds ELSE 0 END), 0) AS seconds,
    COALESCE(SUM(CASE WHEN settled_at IS NULL THEN 1 ELSE 0 END), 0) AS calls,
    COALESCE(SUM(micros), 0) AS micros FROM reservation WHERE counted_at IS NULL AND {where}) held
"""
_OF_ACCOUNT = _SUMS.format(where="account_id = ? AND day BETWEEN ? AND ?")
_OF_CAMPAIGN = _SUMS.format(where="campaign_id = ? AND account_id = ?")
_ADD = """
INSERT INTO spending (account_id, day, campaign_id, seconds, calls, micros)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account_id, day, campaign_id) DO UPDATE SET
  seconds = spending.seconds + EXCLUDED.seconds,
  calls = spending.calls + EXCLUDED.calls,
  micros = spending.micros + EXCLUDED.micros
"""


class Limits(NamedTuple):
    """An account's zone, and its budgets as they are stored."""

    time_zone: str
    budgets: Mapping[str, Any]


def limits(account_id: str) -> Limits | None:
    """None: there is no such account."""
    for zone, budgets in rows.select(_ACCOUNT, account_id):
        return Limits(zone, orjson.loads(budgets) if budgets else {})
    return None


def of_account(account_id: str, period: Period, day: str) -> tuple[Amount, Amount]:
    """What an account spent, and what is held, in the period in which a day lies."""
    return _sums(_OF_ACCOUNT, account_id, *days_of(period, day))


def of_campaign(account_id: str, campaign_id: str) -> tuple[Amount, Amount]:
    """What a campaign spent, and what is held for its calls."""
    return _sums(_OF_CAMPAIGN, campaign_id, account_id)


def _sums(text: str, *values: str) -> tuple[Amount, Amount]:
    """Both in one statement: what a call gives back and what it spent are never seen apart."""
    ((*sums,),) = rows.select(text, *values, *values)
    amounts = list(map(int, sums))
    return Amount(*amounts[:3]), Amount(*amounts[3:])


def add(account_id: str, day: str, campaign_id: str | None, amount: Amount) -> None:
    """Add to what was spent."""
    rows.change(
        _ADD, account_id, day, campaign_id or "", amount.seconds, amount.calls, amount.micros
    )


class Counted(NamedTuple):
    """Of a reservation: where it belongs, and what of its cost is known."""

    account_id: str
    day: str | None
    campaign_id: str | None
    micros: int | None
    charged: int | None


_COUNTED = "SELECT account_id, day, campaign_id, micros, charged FROM reservation WHERE call_id = ?"


def lock(call_id: str) -> Counted | None:
    """What is set aside for a call, kept from other writers; None: nothing."""
    if current().peewee.for_update:
        rows.lock(Reservation, call_id)
    return next((Counted(*row) for row in rows.select(_COUNTED, call_id)), None)


_CHARGE = """
UPDATE reservation SET charged = ?, counted_at = COALESCE(counted_at, ?) WHERE call_id = ?
"""


def charge(call_id: str, micros: int, now: datetime) -> None:
    """What a call cost is known."""
    rows.change(_CHARGE, micros, to_microseconds(now), call_id)


_UNCOUNTED = """
SELECT c.id FROM reservation r JOIN call c ON c.id = r.call_id
WHERE r.counted_at IS NULL AND r.settled_at < ? AND c.completed LIMIT ?
"""


def uncounted(before: datetime, limit: int) -> list[str]:
    """Calls that were over before a moment, with all of their work, whose cost was not counted."""
    return [call_id for (call_id,) in rows.select(_UNCOUNTED, to_microseconds(before), limit)]

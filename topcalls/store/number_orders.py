"""Queries on purchases and releases of numbers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from topcalls.core.number_orders import TRIES, Kind, State
from topcalls.store import leases
from topcalls.store.models import NumberOrder


def insert(now: datetime, **columns: Any) -> NumberOrder:
    """Store an intent; it is due at once."""
    order: NumberOrder = NumberOrder.create(
        state=State.WAITING,
        available_at=now,
        tries_left=TRIES,
        created_at=now,
        updated_at=now,
        **columns,
    )
    return order


def get(order_id: str) -> NumberOrder | None:
    """One order."""
    return NumberOrder.get_or_none(NumberOrder.id == order_id)


def latest(number_ids: Collection[str]) -> dict[str, NumberOrder]:
    """The last order of each number that has one."""
    if not number_ids:
        return {}
    query = NumberOrder.select().where(NumberOrder.number_id.in_(list(number_ids)))
    return {row.number_id: row for row in query.order_by(NumberOrder.created_at)}


def purchases_since(account_id: str, since: datetime) -> list[datetime]:
    """When an account asked for numbers that it did not fail to get, oldest first."""
    query = NumberOrder.select().where(
        NumberOrder.account == account_id,
        NumberOrder.kind == Kind.PURCHASE,
        NumberOrder.state != State.FAILED,
        NumberOrder.created_at > since,
    )
    return [row.created_at for row in query.order_by(NumberOrder.created_at)]


def claim(owner: str, now: datetime, seconds: float, limit: int) -> list[NumberOrder]:
    """Take open orders that are due."""
    return leases.claim_due(
        NumberOrder, owner, now, seconds, limit, NumberOrder.finished_at.is_null()
    )


def exhausted(now: datetime, limit: int) -> list[NumberOrder]:
    """Open orders that nobody holds and that have no try left."""
    query = NumberOrder.select().where(
        NumberOrder.finished_at.is_null(),
        NumberOrder.tries_left <= 0,
        leases.is_free(NumberOrder, now),
    )
    return list(query.limit(limit))


def send(order_id: str, owner: str, price: str | None, now: datetime) -> bool:
    """From now on the purchase may have happened. True for one caller only, until the carrier has
    refused and the order waits again."""
    query = NumberOrder.update(state=State.SENT, sent_at=now, price=price, updated_at=now).where(
        NumberOrder.id == order_id,
        NumberOrder.state == State.WAITING,
        NumberOrder.lease_owner == owner,
    )
    return bool(query.execute() == 1)


def change(order_id: str, before: str, **changes: Any) -> bool:
    """Write what an order has come to, and let go of it. False: it is not `before` any more."""
    query = NumberOrder.update(lease_owner=None, lease_until=None, **changes)
    mine = query.where(NumberOrder.id == order_id, NumberOrder.state == before)
    return bool(mine.where(NumberOrder.finished_at.is_null()).execute() == 1)

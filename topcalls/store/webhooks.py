"""Queries on the outbox: events, deliveries, attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import peewee
from peewee import fn

from topcalls.core.webhook_retry import DeliveryState, Outcome, Verdict
from topcalls.store import leases, rows
from topcalls.store.locking import locked
from topcalls.store.models import Account, WebhookAttempt, WebhookDelivery, WebhookEvent

_PENDING = WebhookDelivery.finished_at.is_null()


def insert_event(**columns: Any) -> None:
    """Store what happened."""
    rows.insert(WebhookEvent, **columns)


def event_exists(call_id: str, kind: str) -> bool:
    """An event of this kind was recorded for this call."""
    query = WebhookDelivery.select().join(WebhookEvent)
    wanted = (WebhookDelivery.call_id == call_id) & (WebhookEvent.kind == kind)
    return bool(query.where(wanted).exists())


def insert_delivery(**columns: Any) -> None:
    """Store that an event must reach a URL."""
    rows.insert(WebhookDelivery, state=DeliveryState.PENDING, **columns)


def due_endpoints(now: datetime) -> list[tuple[str, int]]:
    """Endpoints with pending deliveries, and how many of them are being sent right now.

    The endpoints are found by hopping through the index from one to the next, so that a long
    backlog of one does not slow the look at the others.
    """
    first = WebhookDelivery.select(fn.MIN(WebhookDelivery.endpoint).alias("endpoint")).where(
        _PENDING
    )
    hops = first.cte("hops", recursive=True, columns=("endpoint",))
    inner = WebhookDelivery.alias()
    following = inner.select(fn.MIN(inner.endpoint)).where(
        inner.finished_at.is_null(), inner.endpoint > hops.c.endpoint
    )
    hop = peewee.Select([hops], [following]).where(hops.c.endpoint.is_null(False))
    hops = hops.union_all(hop)
    busy = WebhookDelivery.select(fn.COUNT(WebhookDelivery.id)).where(
        WebhookDelivery.endpoint == hops.c.endpoint, _PENDING, WebhookDelivery.lease_until > now
    )
    query = (
        peewee.Select([hops], [hops.c.endpoint, busy])
        .where(hops.c.endpoint.is_null(False))
        .with_cte(hops)
    )
    proxy = WebhookDelivery._meta.database
    return [(str(endpoint), int(count)) for endpoint, count in query.tuples().bind(proxy)]


def claim(
    endpoint: str, owner: str, now: datetime, seconds: float, limit: int
) -> list[WebhookDelivery]:
    """Take what is due for one endpoint."""
    return leases.claim_due(
        WebhookDelivery, owner, now, seconds, limit, WebhookDelivery.endpoint == endpoint, _PENDING
    )


def contents(delivery_ids: list[str]) -> list[WebhookDelivery]:
    """Deliveries with their event and their account."""
    query = (
        WebhookDelivery.select(WebhookDelivery, WebhookEvent, Account)
        .join_from(WebhookDelivery, WebhookEvent)
        .join_from(WebhookDelivery, Account)
        .where(WebhookDelivery.id.in_(delivery_ids))
        .order_by(WebhookDelivery.available_at)
    )
    return list(query)


def get(delivery_id: str) -> WebhookDelivery | None:
    """One delivery, kept from other writers."""
    query = WebhookDelivery.select().where(WebhookDelivery.id == delivery_id)
    return locked(query).first()  # type: ignore[no-any-return]


def of_account(account_id: str, delivery_id: str) -> WebhookDelivery | None:
    """One delivery of one account."""
    return WebhookDelivery.get_or_none(
        WebhookDelivery.id == delivery_id, WebhookDelivery.account == account_id
    )


def pending_like(delivery: WebhookDelivery) -> WebhookDelivery | None:
    """A delivery of the same event to the same URL that is still on its way."""
    return WebhookDelivery.get_or_none(
        WebhookDelivery.event == delivery.event_id, WebhookDelivery.url == delivery.url, _PENDING
    )


def append_attempt(delivery_id: str, number: int, outcome: Outcome, at: datetime) -> None:
    """Add to the delivery's log."""
    WebhookAttempt.insert(
        delivery=delivery_id,
        number=number,
        status=outcome.status,
        error=outcome.error,
        duration_ms=outcome.duration_ms,
        at=at,
    ).execute()


def settle(delivery: WebhookDelivery, outcome: Outcome, verdict: Verdict, now: datetime) -> None:
    """Write what an attempt led to."""
    WebhookDelivery.update(
        state=verdict.state,
        attempts=WebhookDelivery.attempts + 1,
        available_at=verdict.retry_at or delivery.available_at,
        last_status=outcome.status,
        last_error=outcome.error,
        finished_at=None if verdict.retry_at else now,
        lease_owner=None,
        lease_until=None,
    ).where(WebhookDelivery.id == delivery.id).execute()


def exhausted(now: datetime, limit: int) -> list[WebhookDelivery]:
    """Pending deliveries that nobody holds and nobody may claim any more."""
    query = WebhookDelivery.select().where(
        _PENDING, WebhookDelivery.tries_left <= 0, leases.is_free(WebhookDelivery, now)
    )
    return list(query.limit(limit))


def page(
    account_id: str, limit: int, after: tuple[datetime, str] | None, call_id: str | None
) -> list[WebhookDelivery]:
    """Deliveries with their events, newest first; `after`: time and id of the last one seen."""
    query = (
        WebhookDelivery.select(WebhookDelivery, WebhookEvent.id, WebhookEvent.kind)
        .join(WebhookEvent)
        .where(WebhookDelivery.account == account_id)
    )
    if after is not None:
        moment, delivery_id = after
        same_moment = (WebhookDelivery.created_at == moment) & (WebhookDelivery.id < delivery_id)
        query = query.where((WebhookDelivery.created_at < moment) | same_moment)
    if call_id is not None:
        query = query.where(WebhookDelivery.call_id == call_id)
    order = (WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
    return list(query.order_by(*order).limit(limit))


def attempts(delivery_ids: list[str]) -> list[WebhookAttempt]:
    """The log of several deliveries, in order."""
    if not delivery_ids:
        return []
    query = WebhookAttempt.select().where(WebhookAttempt.delivery.in_(delivery_ids))
    return list(query.order_by(WebhookAttempt.delivery, WebhookAttempt.number))

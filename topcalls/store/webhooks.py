"""Queries on the outbox: events, deliveries, attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from topcalls.core.webhook_retry import DeliveryState, Outcome, Verdict
from topcalls.store import leases, rows
from topcalls.store.fields import to_microseconds
from topcalls.store.locking import locked
from topcalls.store.models import WebhookAttempt, WebhookDelivery, WebhookEvent

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


class Lane(NamedTuple):
    """An endpoint with something due, and how many deliveries are being sent to it."""

    endpoint: str
    under_way: int


class Look(NamedTuple):
    """What was found; `go_on_at` is the endpoint with which to go on, empty at the end."""

    lanes: list[Lane]
    go_on_at: str


_LANES = """
WITH RECURSIVE hops(endpoint, hop) AS (
  SELECT (SELECT MIN(endpoint) FROM webhook_delivery
          WHERE finished_at IS NULL AND endpoint >= ?), 1
  UNION ALL
  SELECT (SELECT MIN(d.endpoint) FROM webhook_delivery d
          WHERE d.finished_at IS NULL AND d.endpoint > hops.endpoint), hop + 1
  FROM hops WHERE hops.endpoint IS NOT NULL AND hop < ?
), lanes AS (
  SELECT endpoint, hop,
    (SELECT COUNT(*) FROM webhook_delivery d WHERE d.endpoint = hops.endpoint
     AND d.finished_at IS NULL AND d.lease_until > ?) AS under_way,
    EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.endpoint = hops.endpoint
     AND d.finished_at IS NULL AND d.available_at <= ? AND d.tries_left > 0
     AND (d.lease_until IS NULL OR d.lease_until <= ?)) AS is_due
  FROM hops WHERE endpoint IS NOT NULL
)
SELECT endpoint, hop, under_way, is_due FROM lanes
WHERE (is_due AND under_way < ?) OR hop = ? LIMIT ?
"""


def due_lanes(first: str, now: datetime, width: int, limit: int, most: int) -> Look:
    """Up to `limit` endpoints with something due and fewer than `width` deliveries under way, of
    the first `most` from `first` on that have anything pending.

    They are found by hopping through the index from one to the next, so that a long backlog of one
    does not slow the look at the others.
    """
    at = to_microseconds(now)
    found = rows.select(_LANES, first, most, at, at, at, width, most, limit + 1)
    lanes = [Lane(str(row[0]), int(row[2])) for row in found if row[3] and row[2] < width]
    if len(lanes) > limit:
        return Look(lanes[:limit], lanes[limit].endpoint)
    return Look(lanes, next((str(row[0]) for row in found if row[1] == most), ""))


def claim(
    endpoint: str, owner: str, now: datetime, seconds: float, limit: int
) -> list[WebhookDelivery]:
    """Take what is due for one endpoint."""
    return leases.claim_due(
        WebhookDelivery, owner, now, seconds, limit, WebhookDelivery.endpoint == endpoint, _PENDING
    )


def contents(delivery_ids: list[str]) -> list[WebhookDelivery]:
    """Deliveries with their event."""
    query = (
        WebhookDelivery.select(WebhookDelivery, WebhookEvent)
        .join(WebhookEvent)
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

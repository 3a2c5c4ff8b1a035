"""Queries on the outbox: events, deliveries, attempts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from topcalls.core.webhook_retry import DeliveryState, Outcome, Verdict
from topcalls.store import leases, rows
from topcalls.store.fields import to_microseconds
from topcalls.store.locking import locked
from topcalls.store.models import WebhookAttempt, WebhookDelivery, WebhookEvent, WebhookLane

_PENDING = WebhookDelivery.finished_at.is_null()


def insert_event(**columns: Any) -> None:
    """Store what happened."""
    rows.insert(WebhookEvent, **columns)


def last_event(call_id: str, kinds: Collection[str]) -> WebhookEvent | None:
    """The last event of one of these kinds that was recorded for a call."""
    query = WebhookEvent.select().where(
        WebhookEvent.call_id == call_id, WebhookEvent.kind.in_(list(kinds))
    )
    return query.order_by(WebhookEvent.sequence.desc()).first()  # type: ignore[no-any-return]


def deliveries_of_kind(call_id: str, kind: str) -> list[WebhookDelivery]:
    """What is, or was, to be sent of the events of this kind of a call, oldest first."""
    query = WebhookDelivery.select(WebhookDelivery, WebhookEvent).join(WebhookEvent)
    found = query.where(WebhookEvent.call_id == call_id, WebhookEvent.kind == kind)
    return list(found.order_by(WebhookDelivery.created_at))


_LAST_SEQUENCE = "SELECT MAX(sequence) FROM webhook_event WHERE call_id = ?"
_LAST_SENT = """
SELECT MAX(e.sequence) FROM webhook_delivery d JOIN webhook_event e ON e.id = d.event_id
WHERE d.account_id = ? AND d.call_id = ? AND d.url = ?
"""


def last_sequence(call_id: str) -> int:
    """The number of the last event of a call; 0 without any."""
    ((number,),) = rows.select(_LAST_SEQUENCE, call_id)
    return number or 0


def last_sent(account_id: str, call_id: str, url: str) -> int:
    """The number of the last event of a call that is meant for a URL; 0 without any."""
    ((number,),) = rows.select(_LAST_SENT, account_id, call_id, url)
    return number or 0


def insert_delivery(**columns: Any) -> None:
    """Store that an event must reach a URL."""
    rows.insert(WebhookDelivery, **{"state": DeliveryState.PENDING, **columns})


class Lane(NamedTuple):
    """An endpoint with something due, and how many deliveries are being sent to it."""

    endpoint: str
    under_way: int


class Look(NamedTuple):
    """What was found; `go_on_at` is the endpoint with which to go on, empty at the end."""

    lanes: list[Lane]
    go_on_at: str


_FREE = """
d.finished_at IS NULL AND d.available_at <= ? AND d.tries_left > 0
AND (d.lease_until IS NULL OR d.lease_until <= ?)
"""
_LANES = f"""
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
    (EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.endpoint = hops.endpoint
             AND d.repeated = FALSE AND {_FREE})
     OR EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.endpoint = hops.endpoint
                AND d.repeated = TRUE AND {_FREE})) AS is_due,
    EXISTS (SELECT 1 FROM webhook_lane l
            WHERE l.endpoint = hops.endpoint AND l.proven = TRUE) AS proven
  FROM hops WHERE endpoint IS NOT NULL
)
SELECT endpoint, hop, under_way, is_due, proven FROM lanes
WHERE (is_due AND under_way < ? AND proven = ?) OR hop = ? LIMIT ?
"""  # noqa: S608 - put together from constants


def due_lanes(first: str, now: datetime, width: int, limit: int, most: int, proven: bool) -> Look:
    """Up to `limit` endpoints with something due and fewer than `width` deliveries under way, of
    the first `most` from `first` on that have anything pending. `proven`: those whose last attempt
    was accepted soon, or the others.

    They are found by hopping through the index from one to the next, so that a long backlog of one
    does not slow the look at the others.
    """
    at = to_microseconds(now)
    values = (first, most, at, at, at, at, at, width, proven, most, limit + 1)
    found = rows.select(_LANES, *values)
    lanes = [
        Lane(str(row[0]), int(row[2]))
        for row in found
        if row[3] and row[2] < width and bool(row[4]) is proven
    ]
    if len(lanes) > limit:
        return Look(lanes[:limit], lanes[limit].endpoint)
    return Look(lanes, next((str(row[0]) for row in found if row[1] == most), ""))


_UNDER_WAY = """
SELECT COUNT(*) FROM webhook_delivery d WHERE d.endpoint = ? AND d.repeated = ?
AND d.finished_at IS NULL AND d.lease_until > ?
"""
_CLAIMABLE = f"""
SELECT d.id FROM webhook_delivery d WHERE d.endpoint = ? AND d.repeated = ? AND {_FREE}
AND NOT EXISTS (
  SELECT 1 FROM webhook_delivery e WHERE e.account_id = d.account_id AND e.call_id = d.call_id
  AND e.url = d.url AND e.finished_at IS NULL AND e.attempts = 0 AND e.follows < d.follows
  AND e.available_at <= ?
) ORDER BY d.available_at LIMIT ?
"""  # noqa: S608 - put together from constants


def under_way(endpoint: str, repeated: bool, now: datetime) -> int:
    """How many deliveries of this kind are being sent to an endpoint."""
    ((count,),) = rows.select(_UNDER_WAY, endpoint, repeated, to_microseconds(now))
    return int(count)


def claim(
    endpoint: str, repeated: bool, owner: str, now: datetime, seconds: float, limit: int
) -> list[str]:
    """Take what is due for one endpoint, first attempts or others; their ids.

    Of one call and URL no later message is taken before an earlier one was tried; but for one that
    is due in the future, from before the clock was set back, nobody waits.
    """
    at = to_microseconds(now)
    values = (endpoint, repeated, at, at, at, limit)
    found = rows.select(_CLAIMABLE, *values) if limit > 0 else []
    return [
        delivery_id
        for (delivery_id,) in found
        if leases.claim(WebhookDelivery, delivery_id, owner, now, seconds, _PENDING)
    ]


def proven(endpoints: Collection[str]) -> set[str]:
    """Those of these endpoints whose last attempt was accepted soon."""
    query = WebhookLane.select(WebhookLane.endpoint).where(
        WebhookLane.endpoint.in_(list(endpoints)), WebhookLane.proven
    )
    return {lane.endpoint for lane in query}


def note_lane(endpoint: str, is_proven: bool, now: datetime, seen_every: timedelta) -> None:
    """Remember how the last attempt at an endpoint went; written where that is news."""
    lane = WebhookLane.get_or_none(WebhookLane.endpoint == endpoint)
    if lane is None or lane.proven != is_proven or now - lane.seen_at > seen_every:
        rows.put(WebhookLane, {"endpoint": endpoint}, proven=is_proven, seen_at=now)


def forget_lanes(before: datetime, limit: int) -> int:
    """Forget endpoints that nothing was sent to since then; how many."""
    old = WebhookLane.select(WebhookLane.endpoint).where(WebhookLane.seen_at < before).limit(limit)
    count: int = WebhookLane.delete().where(WebhookLane.endpoint.in_(old)).execute()
    return count


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


def append_attempt(delivery_id: str, number: int, outcome: Outcome, at: datetime) -> None:
    """Add to the delivery's log."""
    WebhookAttempt.insert(
        delivery=delivery_id,
        number=number,
        status=outcome.status,
        error=outcome.error,
        duration_ms=outcome.duration_ms,
        at=at,
        response=outcome.response,
    ).execute()


def settle(delivery: WebhookDelivery, outcome: Outcome, verdict: Verdict, now: datetime) -> None:
    """Write what an attempt led to."""
    WebhookDelivery.update(
        state=verdict.state,
        attempts=WebhookDelivery.attempts + 1,
        repeated=True,
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

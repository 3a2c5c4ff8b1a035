"""Queries on what was sent, and what can be sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from topcalls.core.webhook_deliveries import Wanted
from topcalls.store.models import WebhookAttempt, WebhookDelivery, WebhookEvent

_PENDING = WebhookDelivery.finished_at.is_null()


def of_account(account_id: str, delivery_id: str) -> WebhookDelivery | None:
    """One delivery of one account, with its event."""
    query = _with_events(account_id).where(WebhookDelivery.id == delivery_id)
    return query.first()  # type: ignore[no-any-return]


def pending_like(delivery: WebhookDelivery) -> WebhookDelivery | None:
    """A delivery of the same event to the same URL that is still on its way."""
    return WebhookDelivery.get_or_none(
        WebhookDelivery.event == delivery.event_id, WebhookDelivery.url == delivery.url, _PENDING
    )


def page(
    account_id: str, limit: int, after: tuple[datetime, str] | None, wanted: Wanted
) -> list[WebhookDelivery]:
    """Deliveries with their events, newest first; `after`: time and id of the last one seen."""
    query = _matching(account_id, wanted)
    if after is not None:
        moment, delivery_id = after
        same_moment = (WebhookDelivery.created_at == moment) & (WebhookDelivery.id < delivery_id)
        query = query.where((WebhookDelivery.created_at < moment) | same_moment)
    order = (WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
    return list(query.order_by(*order).limit(limit))


def oldest(account_id: str, limit: int, wanted: Wanted) -> list[WebhookDelivery]:
    """Finished deliveries, oldest first."""
    query = _matching(account_id, wanted).where(WebhookDelivery.finished_at.is_null(False))
    return list(query.order_by(WebhookDelivery.created_at, WebhookDelivery.id).limit(limit))


def attempts(delivery_ids: list[str]) -> list[WebhookAttempt]:
    """The log of several deliveries, in order."""
    if not delivery_ids:
        return []
    query = WebhookAttempt.select().where(WebhookAttempt.delivery.in_(delivery_ids))
    return list(query.order_by(WebhookAttempt.delivery, WebhookAttempt.number))


def events_of_call(account_id: str, call_id: str, after: int, limit: int) -> list[WebhookEvent]:
    """Events of a call with a number above `after`, in order."""
    query = WebhookEvent.select().where(
        WebhookEvent.call_id == call_id,
        WebhookEvent.account == account_id,
        WebhookEvent.sequence > after,
    )
    return list(query.order_by(WebhookEvent.sequence).limit(limit))


def events_since(
    account_id: str, after: tuple[datetime, str], until: datetime, limit: int
) -> list[WebhookEvent]:
    """Events of an account, oldest first; `after`: time and id of the last one seen."""
    moment, event_id = after
    same_moment = (WebhookEvent.created_at == moment) & (WebhookEvent.id > event_id)
    query = WebhookEvent.select().where(
        WebhookEvent.account == account_id,
        WebhookEvent.created_at >= moment,
        (WebhookEvent.created_at > moment) | same_moment,
        WebhookEvent.created_at <= until,
    )
    return list(query.order_by(WebhookEvent.created_at, WebhookEvent.id).limit(limit))


def _with_events(account_id: str) -> Any:
    return (
        WebhookDelivery.select(WebhookDelivery, WebhookEvent)
        .join(WebhookEvent)
        .where(WebhookDelivery.account == account_id)
    )


def _matching(account_id: str, wanted: Wanted) -> Any:
    query = _with_events(account_id)
    if wanted.call_id is not None:
        query = query.where(WebhookDelivery.call_id == wanted.call_id)
    if wanted.subscription_id is not None:
        query = query.where(WebhookDelivery.subscription_id == wanted.subscription_id)
    if wanted.url is not None:
        query = query.where(WebhookDelivery.url == wanted.url)
    if wanted.status is not None:
        query = query.where(WebhookDelivery.state == wanted.status)
    if wanted.event is not None:
        query = query.where(WebhookEvent.kind == wanted.event)
    if wanted.created_from is not None:
        query = query.where(WebhookDelivery.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        query = query.where(WebhookDelivery.created_at < wanted.created_to)
    return query

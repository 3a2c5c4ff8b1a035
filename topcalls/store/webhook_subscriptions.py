"""Queries on who wants to hear of what: subscriptions, and listeners that fetch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from topcalls.store import rows
from topcalls.store.fields import to_microseconds
from topcalls.store.models import WebhookListener, WebhookSubscription

_OPEN = WebhookSubscription.deleted_at.is_null()


class Interest(NamedTuple):
    """A subscription; without `event` a listener, which wants everything and is sent nothing."""

    id: str
    event: str | None
    url: str
    filters: Mapping[str, Any]


_INTERESTED = """
SELECT id, event, url, filters FROM webhook_subscription
WHERE account_id = ? AND deleted_at IS NULL AND enabled = TRUE
UNION ALL
SELECT id, NULL, '', NULL FROM webhook_listener WHERE account_id = ? AND expires_at > ?
"""


def interested(account_id: str, now: datetime) -> list[Interest]:
    """Who of an account is to be asked about an event."""
    found = rows.select(_INTERESTED, account_id, account_id, to_microseconds(now))
    return [
        Interest(id_, event, url, orjson.loads(filters) if filters else {})
        for id_, event, url, filters in found
    ]


def insert(**columns: Any) -> WebhookSubscription:
    """Store a subscription."""
    created: WebhookSubscription = WebhookSubscription.create(**columns)
    return created


def count(account_id: str) -> int:
    """How many subscriptions an account has."""
    mine = WebhookSubscription.account == account_id
    number: int = WebhookSubscription.select().where(mine, _OPEN).count()
    return number


def get(account_id: str, subscription_id: str) -> WebhookSubscription | None:
    """A subscription that is not deleted."""
    return WebhookSubscription.get_or_none(
        WebhookSubscription.id == subscription_id, WebhookSubscription.account == account_id, _OPEN
    )


def of_account(account_id: str) -> list[WebhookSubscription]:
    """The subscriptions of an account, newest first; they are few."""
    query = WebhookSubscription.select().where(WebhookSubscription.account == account_id, _OPEN)
    order = (WebhookSubscription.created_at.desc(), WebhookSubscription.id)
    return list(query.order_by(*order))


def update(subscription_id: str, **columns: Any) -> None:
    """Change a subscription."""
    rows.update(WebhookSubscription, {"id": subscription_id}, **columns)


def insert_listener(**columns: Any) -> None:
    """Store a listener."""
    WebhookListener.create(**columns)


def listener(account_id: str, listener_id: str, now: datetime) -> WebhookListener | None:
    """A listener whose time is not over."""
    return WebhookListener.get_or_none(
        WebhookListener.id == listener_id,
        WebhookListener.account == account_id,
        WebhookListener.expires_at > now,
    )


def prolong_listener(listener_id: str, until: datetime) -> None:
    """Let a listener listen until then."""
    rows.update(WebhookListener, {"id": listener_id}, expires_at=until)


def delete_listener(account_id: str, listener_id: str) -> bool:
    """Forget a listener; False if there is none."""
    mine = (WebhookListener.id == listener_id) & (WebhookListener.account == account_id)
    return bool(WebhookListener.delete().where(mine).execute())


def forget_listeners(now: datetime) -> int:
    """Delete those whose time is over; how many."""
    gone: int = WebhookListener.delete().where(WebhookListener.expires_at <= now).execute()
    return gone

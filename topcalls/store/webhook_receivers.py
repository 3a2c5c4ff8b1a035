"""Queries on URLs that have failed, and those that are sent nothing any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from topcalls.core.webhook_retry import DeliveryState
from topcalls.store import rows
from topcalls.store.models import WebhookDelivery, WebhookReceiver

_PENDING = WebhookDelivery.finished_at.is_null()
_DISABLED = """
SELECT url FROM webhook_receiver
WHERE account_id = ? AND disabled_at IS NOT NULL AND url IN ({marks})
"""


def find(account_id: str, url: str) -> WebhookReceiver | None:
    """What is known of a URL; nothing is known of one that never failed."""
    return WebhookReceiver.get_or_none(
        WebhookReceiver.account == account_id, WebhookReceiver.url == url
    )


def get(account_id: str, receiver_id: str) -> WebhookReceiver | None:
    """One by its id."""
    return WebhookReceiver.get_or_none(
        WebhookReceiver.account == account_id, WebhookReceiver.id == receiver_id
    )


def failing(account_id: str, limit: int) -> list[WebhookReceiver]:
    """Those that fail or are disabled, the longest failing first."""
    query = WebhookReceiver.select().where(
        WebhookReceiver.account == account_id, WebhookReceiver.failing_since.is_null(False)
    )
    return list(query.order_by(WebhookReceiver.failing_since, WebhookReceiver.id).limit(limit))


def of_urls(account_id: str, urls: Collection[str]) -> dict[str, WebhookReceiver]:
    """What is known of several URLs."""
    query = WebhookReceiver.select().where(
        WebhookReceiver.account == account_id, WebhookReceiver.url.in_(list(urls))
    )
    return {row.url: row for row in query}


def disabled(account_id: str, urls: Collection[str]) -> set[str]:
    """Those of these URLs that are sent nothing."""
    if not urls:
        return set()
    text = _DISABLED.format(marks=", ".join("?" * len(urls)))
    return {url for (url,) in rows.select(text, account_id, *urls)}


def begin(receiver_id: str, account_id: str, url: str, since: datetime, error: str) -> bool:
    """A URL of which nothing is known begins to fail; False if something is known by now."""
    return rows.insert_new(
        WebhookReceiver,
        id=receiver_id,
        account=account_id,
        url=url,
        failing_since=since,
        last_error=error,
    )


def update(receiver_id: str, **columns: Any) -> None:
    """Change what is known of a URL."""
    rows.update(WebhookReceiver, {"id": receiver_id}, **columns)


def give_up_pending(account_id: str, url: str, endpoint: str, why: str, now: datetime) -> int:
    """Nothing that waits for this URL is sent; how many deliveries that were."""
    mine = (WebhookDelivery.account == account_id) & (WebhookDelivery.url == url)
    query = WebhookDelivery.update(
        state=DeliveryState.DEAD,
        finished_at=now,
        last_error=why,
        lease_owner=None,
        lease_until=None,
    ).where(WebhookDelivery.endpoint == endpoint, mine, _PENDING)
    count: int = query.execute()
    return count


def count_disabled() -> int:
    """How many there are, of all accounts."""
    number: int = WebhookReceiver.select().where(WebhookReceiver.disabled_at.is_null(False)).count()
    return number

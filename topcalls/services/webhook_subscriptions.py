"""Subscriptions: URLs that want an event of every call of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import orjson

from topcalls.clock import Clock
from topcalls.core.webhook_filters import event_fault, filter_faults
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.catalogue import Catalogue
from topcalls.services.keys import Principal
from topcalls.services.webhook_interests import WebhookInterests
from topcalls.services.webhook_outbox import Target, store_event
from topcalls.services.webhook_receivers import ReceiverView, forgive, views_of
from topcalls.store import webhook_receivers, webhook_subscriptions
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import WebhookSubscription

T = TypeVar("T")
MOST = 100
"""Of one account: each is asked about every call that is completed."""

TEST_EVENT = "webhook.test"


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """A subscription. `enabled` is its owner's wish, `receiver` how it stands with its URL."""

    id: str
    account_id: str
    event: str
    url: str
    filters: Mapping[str, Any] | None
    enabled: bool
    receiver: ReceiverView
    created_by_api_key_id: str
    created_at: datetime
    deleted_at: datetime | None


class WebhookSubscriptions:
    """An account's subscriptions. `catalogue` knows which URLs may be sent to; `interests` is told
    what has changed."""

    def __init__(
        self, db: Database, clock: Clock, catalogue: Catalogue, interests: WebhookInterests
    ) -> None:
        self._db = db
        self._clock = clock
        self._catalogue = catalogue
        self._interests = interests

    def create(self, who: Principal, wanted: Mapping[str, Any]) -> SubscriptionView:
        """Subscribe.

        Raises:
            InvalidRequest: event, URL or filters are wrong.
            Conflict: the account has as many as it may.
        """
        self._check(wanted)
        now = self._clock.now()

        def verb() -> SubscriptionView:
            lock_account(who.account_id)
            if webhook_subscriptions.count(who.account_id) >= MOST:
                raise Conflict(
                    f"This account has {MOST} webhook subscriptions.",
                    remedy="Delete one; a list in a filter stands for several.",
                )
            row = webhook_subscriptions.insert(
                id=new_id(),
                account=who.account_id,
                event=wanted["event"],
                url=wanted["url"],
                filters=wanted.get("filters"),
                created_by_api_key_id=who.key_id,
                created_at=now,
            )
            return _views([row])[0]

        return self._changed(who.account_id, verb)

    def list(self, account_id: str) -> tuple[SubscriptionView, ...]:
        """All of an account, newest first."""
        return self._db.read(lambda: _views(webhook_subscriptions.of_account(account_id)))

    def get(self, account_id: str, subscription_id: str) -> SubscriptionView:
        """Raises NotFound."""
        return self._db.read(lambda: _views([_found(account_id, subscription_id)])[0])

    def change(
        self, account_id: str, subscription_id: str, wanted: Mapping[str, Any]
    ) -> SubscriptionView:
        """Change what is named of event, URL, filters and `enabled`; enabling one enables its
        receiver too. Raises NotFound and InvalidRequest."""
        self._check(wanted)

        def verb() -> SubscriptionView:
            row = _found(account_id, subscription_id)
            if wanted:
                webhook_subscriptions.update(row.id, **wanted)
            if wanted.get("enabled"):
                receiver = webhook_receivers.find(account_id, wanted.get("url", row.url))
                if receiver is not None:
                    forgive(receiver)
            return _views([_found(account_id, subscription_id)])[0]

        return self._changed(account_id, verb)

    def delete(self, account_id: str, subscription_id: str) -> None:
        """End a subscription; what is on its way goes out. Raises NotFound."""
        now = self._clock.now()

        def verb() -> None:
            row = _found(account_id, subscription_id)
            webhook_subscriptions.update(row.id, deleted_at=now)

        self._changed(account_id, verb)

    def test(self, account_id: str, subscription_id: str) -> str:
        """Send `webhook.test` to a subscription's URL, even if it is disabled; the message's id.
        Raises NotFound."""
        now = self._clock.now()

        def verb() -> str:
            row = _found(account_id, subscription_id)
            body = {"event": TEST_EVENT, "webhook_id": row.id, "subscribed_to": row.event}
            payload = orjson.dumps({**body, "sent_at": now}, option=orjson.OPT_UTC_Z)
            target = Target(row.url, subscription_id=row.id, is_test=True)
            return store_event(account_id, TEST_EVENT, payload, [target], now)

        return self._db.run(verb)

    def _changed(self, account_id: str, verb: Callable[[], T]) -> T:
        try:
            return self._db.run(verb)
        finally:
            self._interests.changed(account_id)

    def _check(self, wanted: Mapping[str, Any]) -> None:
        wrong = list(self._faults(wanted))
        if wrong:
            raise InvalidRequest("This cannot be subscribed to as asked: see 'errors'.", wrong)

    def _faults(self, wanted: Mapping[str, Any]) -> Iterator[FieldError]:
        found = [
            event_fault(wanted["event"]) if "event" in wanted else None,
            self._catalogue.url_fault(wanted["url"], "url") if "url" in wanted else None,
        ]
        yield from (fault for fault in found if fault is not None)
        yield from filter_faults(wanted.get("filters") or {})


def _found(account_id: str, subscription_id: str) -> WebhookSubscription:
    row = webhook_subscriptions.get(account_id, subscription_id)
    if row is None:
        raise NotFound("No such webhook subscription.")
    return row


def _views(rows: list[WebhookSubscription]) -> tuple[SubscriptionView, ...]:
    if not rows:
        return ()
    receivers = views_of(rows[0].account_id, [row.url for row in rows])
    return tuple(
        SubscriptionView(
            row.id,
            row.account_id,
            row.event,
            row.url,
            row.filters,
            row.enabled,
            receivers[row.url],
            row.created_by_api_key_id,
            row.created_at,
            row.deleted_at,
        )
        for row in rows
    )

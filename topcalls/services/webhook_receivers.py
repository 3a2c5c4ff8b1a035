"""Receivers that fail: watched from their first failure on, and disabled when they are dead.

A receiver is a URL of an account, whoever names it. One that accepts nothing for days, while
several deliveries are given up, is sent nothing any more: what waits for it and what comes later is
listed as given up, unsent. Its owner is told by the event `webhook.disabled`, where something else
of the account subscribes to it, by `/v1/webhooks` and by the operator's log. It is enabled by hand,
or by a test that it accepts; what it missed can be replayed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import orjson

from topcalls import metrics
from topcalls.core.webhook_filters import DISABLED
from topcalls.core.webhook_retry import DeliveryState, Outcome, is_dead
from topcalls.errors import NotFound
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.services import webhook_outbox
from topcalls.store import webhook_receivers, webhook_subscriptions
from topcalls.store.database import Database
from topcalls.store.models import WebhookDelivery, WebhookReceiver

MOST_SHOWN = 1000
ENABLE = "/v1/webhooks/receivers/{receiver_id}/enable"

log = get_logger("webhook_receivers")


@dataclass(frozen=True, slots=True)
class Disabled:
    """A receiver that was just disabled, as `webhook.disabled` tells it. `given_up`: how many
    deliveries were tried in vain; `unsent`: how many waited."""

    receiver_id: str
    url: str
    failing_since: datetime
    disabled_at: datetime
    given_up: int
    unsent: int
    last_error: str | None
    enable: str


@dataclass(frozen=True, slots=True)
class ReceiverView:
    """How it stands with a URL: `ok`, `failing` or `disabled`. `remedy`: what to do about it."""

    id: str | None
    url: str
    status: str
    failing_since: datetime | None = None
    given_up: int = 0
    last_error: str | None = None
    disabled_at: datetime | None = None
    remedy: str | None = None


class WebhookReceivers:
    """An account's receivers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def failing(self, account_id: str) -> tuple[ReceiverView, ...]:
        """Those that fail or are disabled, the longest failing first."""
        rows = self._db.read(webhook_receivers.failing, account_id, MOST_SHOWN)
        return tuple(map(view_of, rows))

    def get(self, account_id: str, receiver_id: str) -> ReceiverView:
        """Raises NotFound."""
        row = self._db.read(webhook_receivers.get, account_id, receiver_id)
        if row is None:
            raise NotFound("No such receiver.")
        return view_of(row)

    def enable(self, account_id: str, receiver_id: str) -> ReceiverView:
        """Send to a receiver again, from the next event on. Raises NotFound."""

        def verb() -> ReceiverView:
            row = webhook_receivers.get(account_id, receiver_id)
            if row is None:
                raise NotFound("No such receiver.")
            forgive(row)
            return ReceiverView(row.id, row.url, "ok")

        return self._db.run(verb)


def note(
    delivery: WebhookDelivery,
    outcome: Outcome,
    state: DeliveryState,
    now: datetime,
    disable_after: timedelta | None,
) -> Disabled | None:
    """An attempt was made, and left its delivery in this state; part of a verb. What was disabled
    because of it."""
    known = webhook_receivers.find(delivery.account_id, delivery.url)
    if outcome.succeeded:
        if known is not None and known.failing_since is not None:
            forgive(known)
        return None
    error = outcome.error or f"The receiver answered {outcome.status}."
    since = known.failing_since if known is not None else None
    if known is None:
        webhook_receivers.begin(new_id(), delivery.account_id, delivery.url, now, error)
        known = webhook_receivers.find(delivery.account_id, delivery.url)
        assert known is not None
    given_up = known.given_up + (state is DeliveryState.DEAD)
    since = since or now
    webhook_receivers.update(known.id, failing_since=since, given_up=given_up, last_error=error)
    if known.disabled_at is not None or not is_dead(since, given_up, now, disable_after):
        return None
    return _disable(known, delivery.endpoint, since, given_up, error, now)


def forgive(receiver: WebhookReceiver) -> None:
    """Nothing is held against a receiver any more; part of a verb."""
    webhook_receivers.update(
        receiver.id, failing_since=None, given_up=0, last_error=None, disabled_at=None
    )


def tell_operator(disabled: Disabled) -> None:
    """A receiver was disabled. The URL may hold a secret: its id names it."""
    metrics.webhook_receivers_disabled.inc()
    log.error(
        "Webhook receiver disabled",
        receiver_id=disabled.receiver_id,
        failing_since=disabled.failing_since.isoformat(),
        why=disabled.last_error,
        remedy=f"POST {disabled.enable} once it works",
    )


def view_of(row: WebhookReceiver) -> ReceiverView:
    """A receiver as its owner sees it."""
    if row.failing_since is None:
        return ReceiverView(row.id, row.url, "ok")
    remedy = (
        f"Mend the receiver, then POST {ENABLE.format(receiver_id=row.id)} and replay what it "
        "missed."
        if row.disabled_at is not None
        else "It is tried again after 1, 5, 15 and 60 minutes: mend it."
    )
    return ReceiverView(
        row.id,
        row.url,
        "failing" if row.disabled_at is None else "disabled",
        failing_since=row.failing_since,
        given_up=row.given_up,
        last_error=row.last_error,
        disabled_at=row.disabled_at,
        remedy=remedy,
    )


def views_of(account_id: str, urls: list[str]) -> dict[str, ReceiverView]:
    """How it stands with several URLs; part of a verb."""
    known = webhook_receivers.of_urls(account_id, urls)
    return {
        url: view_of(known[url]) if url in known else ReceiverView(None, url, "ok") for url in urls
    }


def _disable(
    receiver: WebhookReceiver,
    endpoint: str,
    since: datetime,
    given_up: int,
    error: str,
    now: datetime,
) -> Disabled:
    account_id, url = receiver.account_id, receiver.url
    webhook_receivers.update(receiver.id, disabled_at=now)
    unsent = webhook_receivers.give_up_pending(
        account_id, url, endpoint, webhook_outbox.DISABLED, now
    )
    enable = ENABLE.format(receiver_id=receiver.id)
    disabled = Disabled(receiver.id, url, since, now, given_up, unsent, error, enable)
    payload = orjson.dumps({"event": DISABLED, **asdict(disabled)}, option=orjson.OPT_UTC_Z)
    interests = webhook_subscriptions.interested(account_id, now)
    targets = webhook_outbox.subscribed(interests, DISABLED, payload, is_conversion=False)
    others = webhook_outbox.distinct([one for one in targets if one.url != url])
    if others or any(one.event is None for one in interests):
        webhook_outbox.store_event(account_id, DISABLED, payload, others, now)
    return disabled

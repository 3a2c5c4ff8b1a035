"""Where events go: who gets one, and its row with a row for each URL that does.

Every function is a part of the verb that tells what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from topcalls.core.call_request import CALL_EVENTS
from topcalls.core.webhook_filters import COMPLETED, is_wanted, matches
from topcalls.core.webhook_retry import DeliveryState
from topcalls.ids import new_id
from topcalls.store import webhook_receivers, webhooks
from topcalls.store.models import Call, WebhookDelivery
from topcalls.store.webhook_subscriptions import Interest

_OF_THE_MESSAGE = ("event", "sequence")
"""Fields of a payload that say nothing of the call."""

TRIES = 100
"""How often a sender may die with a delivery in its hands."""

DISABLED = (
    "Not sent: this receiver is disabled, because it accepted nothing for too long. Enable it "
    "(POST /v1/webhooks/receivers/{id}/enable), then replay this delivery."
)


@dataclass(frozen=True, slots=True)
class CampaignHook:
    """What a campaign says of webhooks. `conversions`: the dispositions that count as such."""

    url: str | None = None
    events: tuple[str, ...] = ()
    conversions: frozenset[str] = frozenset()


CampaignHooks = Callable[[str], CampaignHook]
"""Looks a campaign up by its id; a part of a verb."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that gets an event, which it knows as `name`; None: by its own name. `is_test`: it is
    sent to a receiver that is disabled, too."""

    url: str
    name: str | None = None
    subscription_id: str | None = None
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What is told of a call: number `sequence` among its events."""

    event: str
    sequence: int
    payload: bytes


def named_by_call(call: Call, event: str, campaign: CampaignHook) -> list[Target]:
    """The URLs that the call and its campaign name, where they want this event."""
    wishes = (
        (call.request.get("webhook_url"), call.request.get("webhook_events")),
        (campaign.url, campaign.events),
    )
    return [Target(url) for url, events in wishes if url and event in (events or CALL_EVENTS)]


def may_be_wanted(interests: Sequence[Interest], event: str, disposition: str | None) -> bool:
    """Whether anybody listens, or has subscribed to this event; filters apart."""
    return any(one.event is None or is_wanted(one.event, event, disposition) for one in interests)


def subscribed(
    interests: Sequence[Interest], event: str, payload: bytes, is_conversion: bool
) -> list[Target]:
    """The subscriptions that are told of an event with this payload."""
    content: dict[str, Any] = orjson.loads(payload)
    disposition = content.get("disposition")
    return [
        Target(one.url, None if one.event == event else one.event, one.id)
        for one in interests
        if one.event is not None
        and is_wanted(one.event, event, disposition)
        and (event != COMPLETED or matches(one.filters, content, is_conversion))
    ]


def still_there(sent: Sequence[WebhookDelivery], interests: Sequence[Interest]) -> list[Target]:
    """Whom these deliveries went to, but for subscriptions that have ended since."""
    alive = {one.id for one in interests}
    return distinct(
        [
            Target(one.url, subscription_id=one.subscription_id)
            for one in sent
            if one.subscription_id is None or one.subscription_id in alive
        ]
    )


def is_news(told: str, payload: bytes) -> bool:
    """Whether a payload says more than what was told, or other things. What a call cost is no news
    of its own while more is still to come."""
    before, after = orjson.loads(told), orjson.loads(payload)
    passed = _OF_THE_MESSAGE if after["completed"] else (*_OF_THE_MESSAGE, "cost")
    return any(after[name] != before.get(name) for name in after if name not in passed)


def distinct(targets: Sequence[Target]) -> list[Target]:
    """One for each URL: a receiver that is named twice gets a message once."""
    found: dict[str, Target] = {}
    for target in targets:
        known = found.get(target.url)
        if known is None:
            found[target.url] = target
        elif known.subscription_id is None:
            found[target.url] = replace(known, subscription_id=target.subscription_id)
    return list(found.values())


def store_event(
    account_id: str,
    kind: str,
    payload: bytes,
    targets: Sequence[Target],
    now: datetime,
    *,
    call_id: str | None = None,
    sequence: int | None = None,
    due_at: datetime | None = None,
) -> str:
    """Store an event and what is to be sent of it, at once or at `due_at`; its id, which is the
    message's."""
    message_id = new_id()
    webhooks.insert_event(
        id=message_id,
        account=account_id,
        call_id=call_id,
        kind=kind,
        payload=payload.decode(),
        created_at=now,
        sequence=sequence,
    )
    sent = {target.url for target in targets if not target.is_test}
    disabled = webhook_receivers.disabled(account_id, sent)
    for target in targets:
        follows = webhooks.last_sent(account_id, call_id, target.url) if call_id else None
        store_delivery(
            event=message_id,
            account=account_id,
            call_id=call_id,
            url=target.url,
            subscription_id=target.subscription_id,
            name=target.name,
            follows=follows,
            now=now,
            due_at=due_at,
            disabled=disabled,
        )
    return message_id


def store_delivery(
    *,
    url: str,
    now: datetime,
    due_at: datetime | None = None,
    disabled: Collection[str] = (),
    **columns: Any,
) -> str:
    """Store one delivery, which is due at once; its id. To a receiver that is disabled nothing is
    sent: it is listed as given up."""
    held = url in disabled
    ended = {"state": DeliveryState.DEAD, "finished_at": now, "last_error": DISABLED}
    delivery_id = new_id()
    webhooks.insert_delivery(
        id=delivery_id,
        url=url,
        endpoint=endpoint_of(url),
        available_at=due_at or now,
        tries_left=TRIES,
        created_at=now,
        **columns,
        **(ended if held else {}),
    )
    return delivery_id


def endpoint_of(url: str) -> str:
    """Scheme, host and port of a URL: what is slow or down as one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()

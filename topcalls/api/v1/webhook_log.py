"""What webhooks were sent, sending them again, and fetching them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from topcalls.api import webhook_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.schemas.webhooks import (
    ANY,
    DeliveriesSchema,
    DeliveryDetailsSchema,
    DeliveryPageSchema,
    DeliveryQuerySchema,
    EventsQuerySchema,
    EventsSchema,
    ListenerSchema,
    MessagesQuerySchema,
    MessagesSchema,
    ReplayedOneSchema,
    ReplayedSchema,
    ReplayRangeSchema,
)
from topcalls.core.webhook_deliveries import Wanted
from topcalls.core.webhook_retry import DeliveryState
from topcalls.services.webhook_listeners import Listener, Messages
from topcalls.services.webhook_log import DeliveryPage, Replayed

webhook_log = ApiBlueprint(
    "webhook-log", __name__, description="What webhooks were sent, sending again, and fetching."
)
_BASE = "/v1/webhooks"


@webhook_log.route("/v1/calls/<uuid:call_id>/webhooks")
@requires("calls:read")
@webhook_log.response(200, DeliveriesSchema, example=examples.DELIVERIES)
def list_call_webhooks(call_id: UUID) -> dict[str, Any]:
    """List the webhooks of a call and how their delivery goes, newest first."""
    account_id = principal().account_id
    call = services().calls.get(account_id, str(call_id))
    return {"data": services().webhook_log.deliveries(account_id, call.id, limit=200).data}


@webhook_log.route("/v1/calls/<uuid:call_id>/webhooks/events")
@requires("calls:read")
@webhook_log.arguments(EventsQuerySchema, location="query")
@webhook_log.response(200, EventsSchema, example=examples.EVENTS)
def list_call_webhook_events(query: dict[str, Any], call_id: UUID) -> dict[str, Any]:
    """Fetch a call's events in their order, to close a gap.

    A message whose `topcalls-follows` you do not have shows that you missed some: ask for those
    after the last one that you do have.
    """
    account_id = principal().account_id
    call = services().calls.get(account_id, str(call_id))
    found = services().webhook_log.events_of_call(account_id, call.id, query["after"])
    return {"data": found}


@webhook_log.route(f"{_BASE}/deliveries")
@requires("webhooks:read")
@webhook_log.arguments(DeliveryQuerySchema, location="query")
@webhook_log.response(200, DeliveryPageSchema, example=examples.DELIVERY_PAGE)
def list_deliveries(query: dict[str, Any]) -> DeliveryPage:
    """List the account's deliveries with every attempt, newest first.

    Follow `next_cursor` until it is null.
    """
    return _page(query)


@webhook_log.route(f"{_BASE}/<uuid:webhook_id>/deliveries")
@requires("webhooks:read")
@webhook_log.arguments(DeliveryQuerySchema, location="query")
@webhook_log.response(200, DeliveryPageSchema, example=examples.DELIVERY_PAGE)
def list_webhook_deliveries(query: dict[str, Any], webhook_id: UUID) -> DeliveryPage:
    """List the deliveries of a subscription with every attempt, newest first."""
    return _page(query, str(webhook_id))


@webhook_log.route(f"{_BASE}/deliveries/<uuid:delivery_id>")
@requires("webhooks:read")
@webhook_log.response(200, DeliveryDetailsSchema, example=examples.DELIVERY_DETAILS)
def get_delivery(delivery_id: UUID) -> dict[str, Any]:
    """Get a delivery: what is sent, and what came of each attempt."""
    account_id = principal().account_id
    delivery, request = services().webhook_log.delivery(account_id, str(delivery_id))
    return {**asdict(delivery), "request": request}


@webhook_log.route(f"{_BASE}/deliveries/<uuid:delivery_id>/replay", methods=["POST"])
@requires("webhooks:write")
@webhook_log.response(202, ReplayedOneSchema, example=examples.REPLAYED_ONE)
def replay_delivery(delivery_id: UUID) -> dict[str, str]:
    """Send the event of a delivery once more.

    Under the same `webhook-id`, with the same body.
    """
    made = services().webhook_log.replay(principal().account_id, str(delivery_id))
    return {"delivery_id": made}


@webhook_log.route(f"{_BASE}/<uuid:webhook_id>/replay", methods=["POST"])
@requires("webhooks:write")
@webhook_log.arguments(ReplayRangeSchema, example=examples.REPLAY_RANGE)
@webhook_log.response(202, ReplayedSchema, example=examples.REPLAYED)
def replay_webhook(wanted: dict[str, Any], webhook_id: UUID) -> Replayed:
    """Send what a subscription missed once more, oldest first.

    Up to 1000 deliveries at a time; where there are more, go on with `go_on_from`. Fresh messages
    do not wait for these.
    """
    account_id = principal().account_id
    webhook = services().webhook_subscriptions.get(account_id, str(webhook_id))
    return services().webhook_log.replay_range(account_id, _wanted(wanted, webhook.id))


@webhook_log.route(f"{_BASE}/receivers/<uuid:receiver_id>/replay", methods=["POST"])
@requires("webhooks:write")
@webhook_log.arguments(ReplayRangeSchema, example=examples.REPLAY_RANGE)
@webhook_log.response(202, ReplayedSchema, example=examples.REPLAYED)
def replay_receiver(wanted: dict[str, Any], receiver_id: UUID) -> Replayed:
    """Send what a URL missed once more, whoever named it: calls, too.

    Enable it first; otherwise as for a subscription.
    """
    account_id = principal().account_id
    url = services().webhook_receivers.get(account_id, str(receiver_id)).url
    return services().webhook_log.replay_range(account_id, _wanted({**wanted, "url": url}, None))


@webhook_log.route(f"{_BASE}/listeners", methods=["POST"])
@requires("webhooks:write")
@webhook_log.response(201, ListenerSchema, example=examples.LISTENER)
def open_listener() -> Listener:
    """Begin to listen to every event of the account.

    For receivers without an address of their own: `topcalls listen` does it.
    """
    return services().webhook_listeners.open(principal().account_id)


@webhook_log.route(f"{_BASE}/listeners/<uuid:listener_id>/messages")
@requires("webhooks:read")
@webhook_log.arguments(MessagesQuerySchema, location="query")
@webhook_log.response(200, MessagesSchema, example=examples.MESSAGES)
def get_messages(query: dict[str, Any], listener_id: UUID) -> Messages:
    """Fetch what came since `cursor`, signed with the listener's secret.

    With `wait` the answer comes as soon as there is something, a second after it happened.
    """
    account_id = principal().account_id
    return services().webhook_listeners.messages(account_id, str(listener_id), **query)


@webhook_log.route(f"{_BASE}/listeners/<uuid:listener_id>", methods=["DELETE"])
@requires("webhooks:write")
@webhook_log.response(204)
def close_listener(listener_id: UUID) -> None:
    """Stop listening."""
    services().webhook_listeners.close(principal().account_id, str(listener_id))


def _page(query: dict[str, Any], webhook_id: str | None = None) -> DeliveryPage:
    limit, cursor = query.pop("limit"), query.pop("cursor", None)
    wanted = _wanted(query, webhook_id)
    return services().webhook_log.deliveries(
        principal().account_id, limit=limit, cursor=cursor, wanted=wanted
    )


def _wanted(given: dict[str, Any], webhook_id: str | None) -> Wanted:
    status = given.pop("status", None)
    state = None if status in (None, ANY) else DeliveryState(status)
    return Wanted(subscription_id=webhook_id, status=state, **given)

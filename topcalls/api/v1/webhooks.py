"""`/v1/webhooks`: who is told of calls, how it stands with them, and the secret that signs."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import webhook_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.schemas.webhooks import (
    ReceiverSchema,
    ReceiversSchema,
    RotatedSchema,
    RotateSchema,
    TestedSchema,
    WebhookChangeSchema,
    WebhookCreateSchema,
    WebhookSchema,
    WebhooksSchema,
)
from topcalls.services.accounts import RotatedSecret
from topcalls.services.idempotency import Answer
from topcalls.services.webhook_receivers import ReceiverView
from topcalls.services.webhook_subscriptions import SubscriptionView

BASE = "/v1/webhooks"
webhooks = ApiBlueprint("webhooks", __name__, description="Be told of calls, and what was told.")
_WEBHOOK = WebhookSchema()


@webhooks.route(BASE, methods=["POST"])
@requires("webhooks:write")
@fails_with(409)
@idempotent
@webhooks.arguments(WebhookCreateSchema, examples=examples.WEBHOOK_BODIES)
@webhooks.response(201, WebhookSchema, example=examples.WEBHOOK)
def create_webhook(wanted: dict[str, Any]) -> Response:
    """Subscribe to an event of every call.

    Messages are signed with the account's secret; `filters` narrow them down.
    """
    return once(partial(services().webhook_subscriptions.create, principal(), wanted), _created)


def _created(webhook: SubscriptionView) -> Answer:
    return json_answer(201, _WEBHOOK.dump(webhook), {"Location": f"{BASE}/{webhook.id}"})


@webhooks.route(BASE)
@requires("webhooks:read")
@webhooks.response(200, WebhooksSchema, example=examples.WEBHOOKS)
def list_webhooks() -> dict[str, Any]:
    """List subscriptions, newest first."""
    return {"data": services().webhook_subscriptions.list(principal().account_id)}


@webhooks.route(f"{BASE}/<uuid:webhook_id>")
@requires("webhooks:read")
@webhooks.response(200, WebhookSchema, example=examples.WEBHOOK)
def get_webhook(webhook_id: UUID) -> SubscriptionView:
    """Get a subscription, and how it stands with its receiver."""
    return services().webhook_subscriptions.get(principal().account_id, str(webhook_id))


@webhooks.route(f"{BASE}/<uuid:webhook_id>", methods=["PATCH"])
@requires("webhooks:write")
@webhooks.arguments(WebhookChangeSchema, examples=examples.CHANGES)
@webhooks.response(200, WebhookSchema, example=examples.WEBHOOK)
def change_webhook(wanted: dict[str, Any], webhook_id: UUID) -> SubscriptionView:
    """Change a subscription, or switch it off and on.

    What is on its way goes to the URL that it was meant for.
    """
    return services().webhook_subscriptions.change(principal().account_id, str(webhook_id), wanted)


@webhooks.route(f"{BASE}/<uuid:webhook_id>", methods=["DELETE"])
@requires("webhooks:write")
@webhooks.response(204)
def delete_webhook(webhook_id: UUID) -> None:
    """End a subscription. What is on its way still goes out."""
    services().webhook_subscriptions.delete(principal().account_id, str(webhook_id))


@webhooks.route(f"{BASE}/<uuid:webhook_id>/test", methods=["POST"])
@requires("webhooks:write")
@webhooks.response(202, TestedSchema, example=examples.TESTED)
def test_webhook(webhook_id: UUID) -> dict[str, str]:
    """Send the event `webhook.test` to a subscription's URL.

    Also to one that is disabled, which is enabled if it accepts it. How it went stands in
    `/v1/webhooks/{webhook_id}/deliveries` a moment later.
    """
    message_id = services().webhook_subscriptions.test(principal().account_id, str(webhook_id))
    return {"message_id": message_id}


@webhooks.route(f"{BASE}/receivers")
@requires("webhooks:read")
@webhooks.response(200, ReceiversSchema, example=examples.RECEIVERS)
def list_failing_receivers() -> dict[str, Any]:
    """List the URLs that fail or are disabled, whoever names them: calls, too."""
    return {"data": services().webhook_receivers.failing(principal().account_id)}


@webhooks.route(f"{BASE}/receivers/<uuid:receiver_id>/enable", methods=["POST"])
@requires("webhooks:write")
@webhooks.response(200, ReceiverSchema, example=examples.ENABLED)
def enable_receiver(receiver_id: UUID) -> ReceiverView:
    """Send to a disabled URL again, from the next event on.

    What it missed is listed as `dead`: replay it.
    """
    return services().webhook_receivers.enable(principal().account_id, str(receiver_id))


@webhooks.route(f"{BASE}/secret/rotate", methods=["POST"])
@requires("webhooks:write")
@webhooks.arguments(RotateSchema, example=examples.ROTATE)
@webhooks.response(200, RotatedSchema, example=examples.ROTATED)
def rotate_webhook_secret(wanted: dict[str, Any]) -> RotatedSecret:
    """Make a new signing secret for the account, and show it this once.

    Until `previous_valid_until` every message carries two signatures, so that receivers can change
    over one by one. Tools' requests are signed with it too.
    """
    overlap = timedelta(hours=wanted["overlap_hours"])
    return services().accounts.rotate_webhook_secret(principal().account_id, overlap)

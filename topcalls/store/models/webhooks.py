"""The outbox of webhooks, their deliveries and the log of attempts."""

from __future__ import annotations

import peewee

from topcalls.core.webhook_retry import DeliveryState
from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, Task, id_field, one_of


class WebhookEvent(Table):
    """Something happened. `id` is the message id; `payload` the exact body of every delivery."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    call_id = peewee.CharField(max_length=36, null=True)
    kind = peewee.TextField()
    payload = SpeechField()
    created_at = InstantField(index=True)


class WebhookDelivery(Task):
    """One event for one URL. `endpoint` is scheme, host and port: the lane it is sent in."""

    id = id_field(primary_key=True)
    event = peewee.ForeignKeyField(WebhookEvent, on_delete="CASCADE")
    event_id: str
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    call_id = peewee.CharField(max_length=36, null=True)
    url = peewee.TextField()
    endpoint = peewee.TextField()
    state = peewee.TextField(constraints=[one_of("state", DeliveryState)])
    attempts = peewee.IntegerField(default=0)
    last_status = peewee.IntegerField(null=True)
    last_error = peewee.TextField(null=True)
    created_at = InstantField()
    finished_at = InstantField(null=True)


for _index in (
    WebhookDelivery.index(
        WebhookDelivery.endpoint,
        WebhookDelivery.available_at,
        where=WebhookDelivery.finished_at.is_null(),
        name="webhook_delivery_due",
    ),
    WebhookDelivery.index(
        WebhookDelivery.account, WebhookDelivery.created_at, name="webhook_delivery_list"
    ),
    WebhookDelivery.index(
        WebhookDelivery.account,
        WebhookDelivery.call_id,
        WebhookDelivery.created_at,
        where=WebhookDelivery.call_id.is_null(False),
        name="webhook_delivery_of_call",
    ),
):
    WebhookDelivery.add_index(_index)


class WebhookAttempt(Table):
    """One try to deliver, as it went."""

    delivery = peewee.ForeignKeyField(WebhookDelivery, on_delete="CASCADE", index=False)
    delivery_id: str
    number = peewee.IntegerField()
    status = peewee.IntegerField(null=True)
    error = peewee.TextField(null=True)
    duration_ms = peewee.IntegerField(null=True)
    at = InstantField()

    class Meta:
        primary_key = peewee.CompositeKey("delivery", "number")


class IdempotencyRecord(Table):
    """A request under an idempotency key, and its answer.

    `status` is null only inside the transaction that carries the request out.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    key = peewee.CharField(max_length=255)
    route = peewee.TextField()
    body_hash = peewee.TextField()
    status = peewee.IntegerField(null=True)
    headers = JsonField(null=True)
    body = SpeechField(null=True)
    created_at = InstantField()
    expires_at = InstantField(index=True)

    class Meta:
        indexes = ((("account", "key"), True),)

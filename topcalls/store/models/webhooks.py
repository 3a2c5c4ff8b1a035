"""The outbox of webhooks, their deliveries and the log of attempts."""

from __future__ import annotations

import peewee

from topcalls.core.webhook_retry import DeliveryState
from topcalls.store.fields import InstantField, JsonField, SecretField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, Task, id_field, one_of


class WebhookSubscription(Table):
    """A URL that wants an event of every call of the account, as far as `filters` let it through.

    It is never erased, since deliveries refer to it: `deleted_at`.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    event = peewee.TextField()
    url = peewee.TextField()
    filters = JsonField(null=True)
    enabled = peewee.BooleanField(default=True)
    created_by_api_key_id = peewee.CharField(max_length=36)
    created_at = InstantField()
    deleted_at = InstantField(null=True)


WebhookSubscription.add_index(
    WebhookSubscription.index(
        WebhookSubscription.account,
        WebhookSubscription.created_at,
        where=WebhookSubscription.deleted_at.is_null(),
        name="webhook_subscription_list",
    )
)


class WebhookListener(Table):
    """Somebody fetches every event of the account until `expires_at`, signed with a `secret` of its
    own."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE")
    account_id: str
    secret = SecretField()
    created_at = InstantField()
    expires_at = InstantField()


class WebhookReceiver(Table):
    """A URL of an account that has failed. `failing_since`: its first failure since the last
    success; `given_up`: deliveries that were given up in that time. Nothing is sent to it once it
    is disabled."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    url = peewee.TextField()
    failing_since = InstantField(null=True)
    given_up = peewee.IntegerField(default=0)
    last_error = peewee.TextField(null=True)
    disabled_at = InstantField(null=True)

    class Meta:
        indexes = ((("account", "url"), True),)


class WebhookLane(Table):
    """Whether the last attempt at an endpoint was accepted, and soon."""

    endpoint = peewee.TextField(primary_key=True)
    proven = peewee.BooleanField()
    seen_at = InstantField()


class WebhookEvent(Table):
    """Something happened. `id` is the message id; `payload` the exact body of every delivery.
    `sequence` counts the events of a call, from 1."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    call_id = peewee.CharField(max_length=36, null=True)
    kind = peewee.TextField()
    payload = SpeechField()
    created_at = InstantField(index=True)
    sequence = peewee.IntegerField(null=True)


WebhookEvent.add_index(
    WebhookEvent.index(
        WebhookEvent.call_id,
        WebhookEvent.sequence,
        where=WebhookEvent.call_id.is_null(False),
        name="webhook_event_of_call",
    )
)


class WebhookDelivery(Task):
    """One event for one URL. `endpoint` is scheme, host and port: the lane it is sent in.

    `name` is the event as the receiver asked for it; null: the event's kind. `follows` is the
    sequence number of the message of this call that this URL got before; 0: none. `repeated`: an
    attempt was made, or it is a replay.
    """

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
    subscription_id = peewee.CharField(max_length=36, null=True)
    name = peewee.TextField(null=True)
    follows = peewee.IntegerField(null=True)
    repeated = peewee.BooleanField(default=False)


for _index in (
    WebhookDelivery.index(
        WebhookDelivery.endpoint,
        WebhookDelivery.repeated,
        WebhookDelivery.available_at,
        where=WebhookDelivery.finished_at.is_null(),
        name="webhook_delivery_due",
    ),
    WebhookDelivery.index(
        WebhookDelivery.subscription_id,
        WebhookDelivery.created_at,
        where=WebhookDelivery.subscription_id.is_null(False),
        name="webhook_delivery_of_subscription",
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
    """One try to deliver, as it went. `response`: the beginning of what the receiver answered."""

    delivery = peewee.ForeignKeyField(WebhookDelivery, on_delete="CASCADE", index=False)
    delivery_id: str
    number = peewee.IntegerField()
    status = peewee.IntegerField(null=True)
    error = peewee.TextField(null=True)
    duration_ms = peewee.IntegerField(null=True)
    at = InstantField()
    response = SpeechField(null=True)

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

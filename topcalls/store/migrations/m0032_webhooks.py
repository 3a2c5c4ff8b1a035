"""Webhooks for a whole account: subscriptions, listeners, receivers that are watched, numbered
events, and secrets that overlap.

The tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

_NUMBER = """
UPDATE webhook_event SET sequence = numbered.sequence FROM (
  SELECT id, ROW_NUMBER() OVER (PARTITION BY call_id ORDER BY created_at, id) AS sequence
  FROM webhook_event WHERE call_id IS NOT NULL
) AS numbered WHERE numbered.id = webhook_event.id
"""


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class WebhookSubscription(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    event = TextField()
    url = TextField()
    filters = TextField(null=True)
    enabled = BooleanField(default=True)
    created_by_api_key_id = CharField(max_length=36)
    created_at = BigIntegerField()
    deleted_at = BigIntegerField(null=True)


WebhookSubscription.add_index(
    WebhookSubscription.index(
        WebhookSubscription.account,
        WebhookSubscription.created_at,
        where=WebhookSubscription.deleted_at.is_null(),
        name="webhook_subscription_list",
    )
)


class WebhookListener(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE")
    secret = TextField()
    created_at = BigIntegerField()
    expires_at = BigIntegerField()


class WebhookReceiver(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    url = TextField()
    failing_since = BigIntegerField(null=True)
    given_up = IntegerField(default=0)
    last_error = TextField(null=True)
    disabled_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account", "url"), True),)


class WebhookLane(_Frozen):
    endpoint = TextField(primary_key=True)
    proven = BooleanField()
    seen_at = BigIntegerField()


class WebhookEvent(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    call_id = CharField(max_length=36, null=True)
    sequence = IntegerField(null=True)


class WebhookDelivery(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    subscription_id = CharField(max_length=36, null=True)
    endpoint = TextField()
    repeated = BooleanField(default=False)
    available_at = BigIntegerField()
    created_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)


_NEW = (WebhookSubscription, WebhookListener, WebhookReceiver, WebhookLane)
_INDEXES = (
    WebhookEvent.index(
        WebhookEvent.call_id,
        WebhookEvent.sequence,
        where=WebhookEvent.call_id.is_null(False),
        name="webhook_event_of_call",
    ),
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
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables, and add what events, deliveries, attempts and accounts know."""
    with db.bind_ctx([Account, WebhookEvent, WebhookDelivery, *_NEW]):
        db.create_tables(list(_NEW), safe=False)
        migrator.migrate(
            migrator.add_column("account", "previous_webhook_secret", TextField(null=True)),
            migrator.add_column("account", "previous_signs_until", BigIntegerField(null=True)),
            migrator.add_column("webhook_event", "sequence", IntegerField(null=True)),
            migrator.add_column("webhook_attempt", "response", TextField(null=True)),
            migrator.add_column("webhook_delivery", "subscription_id", CharField(36, null=True)),
            migrator.add_column("webhook_delivery", "name", TextField(null=True)),
            migrator.add_column("webhook_delivery", "follows", IntegerField(null=True)),
            migrator.add_column("webhook_delivery", "repeated", BooleanField(default=False)),
            migrator.drop_index("webhook_delivery", "webhook_delivery_due"),
        )
        db.execute_sql(_NUMBER)
        db.execute_sql("UPDATE webhook_delivery SET repeated = TRUE WHERE attempts > 0")
        for index in _INDEXES:
            db.execute(index)

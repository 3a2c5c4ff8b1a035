"""Alerts of the installation, and the messages that tell of them."""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, CharField, Check, IntegerField, Model, TextField
from playhouse.migrate import SchemaMigrator


class Alert(Model):
    name = TextField(primary_key=True)
    since = BigIntegerField()
    fired_at = BigIntegerField(null=True)
    words = TextField()

    class Meta:
        legacy_table_names = False


class AlertMessage(Model):
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    available_at = BigIntegerField()
    tries_left = IntegerField()
    id = CharField(primary_key=True, max_length=36)
    alert = TextField()
    news = TextField(constraints=[Check("\"news\" IN ('started', 'over', 'test')")])
    channel = TextField(constraints=[Check("\"channel\" IN ('webhook', 'email')")])
    target = TextField()
    payload = TextField()
    state = TextField(constraints=[Check("\"state\" IN ('pending', 'delivered', 'dead')")])
    attempts = IntegerField()
    last_error = TextField(null=True)
    created_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)

    class Meta:
        legacy_table_names = False


AlertMessage.add_index(
    AlertMessage.index(
        AlertMessage.available_at,
        where=AlertMessage.finished_at.is_null(),
        name="alert_message_due",
    )
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables."""
    with db.bind_ctx([Alert, AlertMessage]):
        db.create_tables([Alert, AlertMessage], safe=False)

"""Alerts of the installation, and the messages that tell of them."""

from __future__ import annotations

import peewee

from topcalls.core.alert_state import News
from topcalls.core.webhook_retry import DeliveryState
from topcalls.store.fields import InstantField, SpeechField
from topcalls.store.models.base import Table, Task, id_field, one_of

CHANNELS = ("webhook", "email")


class Alert(Table):
    """Something that is wrong now: the rule, since when, and when it was told; `words` as of the
    last look. The row goes when it is over."""

    name = peewee.TextField(primary_key=True)
    since = InstantField()
    fired_at = InstantField(null=True)
    words = SpeechField()


class AlertMessage(Task):
    """One message by one way, tried until it is taken. `target`: an address of the web or of
    e-mail; `payload`: the JSON that is told."""

    id = id_field(primary_key=True)
    alert = peewee.TextField()
    news = peewee.TextField(constraints=[one_of("news", News)])
    channel = peewee.TextField(constraints=[one_of("channel", CHANNELS)])
    target = SpeechField()
    payload = SpeechField()
    state = peewee.TextField(constraints=[one_of("state", DeliveryState)])
    attempts = peewee.IntegerField(default=0)
    last_error = SpeechField(null=True)
    created_at = InstantField()
    finished_at = InstantField(null=True)


AlertMessage.add_index(
    AlertMessage.index(
        AlertMessage.available_at,
        where=AlertMessage.finished_at.is_null(),
        name="alert_message_due",
    )
)

"""Deleting what is too old to keep, a bounded number of rows at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import fn

from topcalls.store.models import CallEvent, Command, TurnTiming, WebhookDelivery, WebhookEvent


def delete_call_events(before: datetime, limit: int) -> int:
    """The trail of calls."""
    return _delete(CallEvent, CallEvent.id, CallEvent.at < before, limit)


def delete_webhook_events(before: datetime, limit: int) -> int:
    """Webhook events that no delivery waits for, with their deliveries and attempts."""
    waiting = WebhookDelivery.select(WebhookDelivery.id).where(
        WebhookDelivery.event == WebhookEvent.id, WebhookDelivery.finished_at.is_null()
    )
    old = (WebhookEvent.created_at < before) & ~fn.EXISTS(waiting)
    return _delete(WebhookEvent, WebhookEvent.id, old, limit)


def delete_commands(before: datetime, limit: int) -> int:
    """Commands to calls that are carried out. They are few, as none stays for long: without an
    index of their own."""
    return _delete(Command, Command.id, Command.finished_at < before, limit)


def delete_timings(before: datetime, limit: int) -> int:
    """Measured answers, of up to `limit` calls."""
    old = TurnTiming.select(TurnTiming.call).where(TurnTiming.at < before).limit(limit)
    query = TurnTiming.delete().where(TurnTiming.at < before, TurnTiming.call.in_(old))
    count: int = query.execute()
    return count


def _delete(model: Any, key: Any, condition: Any, limit: int) -> int:
    rows = model.select(key).where(condition).limit(limit)
    count: int = model.delete().where(key.in_(rows)).execute()
    return count

"""Webhooks of what happened in an account, beside its calls. A part of the verb that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from topcalls.services import webhook_outbox
from topcalls.services.webhook_interests import WebhookInterests
from topcalls.services.webhook_outbox import Target


def announce(
    interests: WebhookInterests,
    account_id: str,
    event: str,
    content: Mapping[str, Any],
    now: datetime,
) -> None:
    """Record an event for those who subscribed to it by name, and for listeners; nothing where
    there are none."""
    known = interests.of(account_id, now)
    targets = [Target(one.url, None, one.id) for one in known if one.event == event]
    if not targets and all(one.event is not None for one in known):
        return
    payload = orjson.dumps({"event": event, "at": now, **content}, option=orjson.OPT_UTC_Z)
    found = webhook_outbox.distinct(targets)
    webhook_outbox.store_event(account_id, event, payload, found, now)

"""Which deliveries of webhooks are meant, to be listed or sent once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from topcalls.core.webhook_retry import DeliveryState


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries of an account; what is None does not matter. `created_from` is the first
    moment that counts, `created_to` the first that does not."""

    call_id: str | None = None
    subscription_id: str | None = None
    url: str | None = None
    status: DeliveryState | None = None
    event: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None

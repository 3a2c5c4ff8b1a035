"""What webhooks are told of leads. Every function is a part of the verb that tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from topcalls.services.account_webhooks import announce
from topcalls.services.webhook_interests import WebhookInterests

STATUS_CHANGED = "lead.status_changed"


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A lead's status changed. `cause`: `api`, `import`, `campaign` or `call` (in which
    somebody said that they want none), then with the campaign and the call that did it."""

    account_id: str
    lead_id: str
    phone_number: str
    previous_status: str
    status: str
    cause: str
    campaign_id: str | None = None
    call_id: str | None = None


LeadNews = Callable[[StatusChange, datetime], None]
"""Is told of changes; a part of the verb that makes them."""


def no_news(change: StatusChange, now: datetime) -> None:
    """Nobody is told."""


class LeadWebhooks:
    """Records that leads changed, where the account subscribed to that. `sandbox`: whether calls to
    them are real."""

    def __init__(self, interests: WebhookInterests, *, sandbox: bool) -> None:
        self._interests = interests
        self._sandbox = sandbox

    def status_changed(self, change: StatusChange, now: datetime) -> None:
        """Tell that a lead has another status; one that is the same is no news."""
        if change.status == change.previous_status:
            return
        told = {name: value for name, value in asdict(change).items() if name != "account_id"}
        content = {**told, "sandbox": self._sandbox}
        announce(self._interests, change.account_id, STATUS_CHANGED, content, now)

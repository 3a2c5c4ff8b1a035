"""What webhooks are told of the do-not-call list. Every function is a part of the verb that tells
it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from topcalls.services.account_webhooks import announce
from topcalls.services.webhook_interests import WebhookInterests

ADDED = "do_not_call.added"
BY_USERS = ("api", "csv", "erasure")
"""Sources of entries that the account made itself: it knows of them."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A number came onto the list. `scope`: account | purpose | campaign, with its `purpose` or
    `campaign_id`; `of_campaign_id` and `lead_id` are those of the call in which it was made."""

    account_id: str
    entry_id: str
    phone_number: str | None
    scope: str
    purpose: str | None
    campaign_id: str | None
    reason: str | None
    source: str
    expires_at: datetime | None
    call_id: str | None
    of_campaign_id: str | None
    lead_id: str | None


ListedNews = Callable[[NewEntry, datetime], None]
"""Is told of new entries; a part of the verb that makes them."""


def no_listed_news(entry: NewEntry, now: datetime) -> None:
    """Nobody is told."""


class DoNotCallWebhooks:
    """Records that calls put numbers on the list, where the account subscribed to that. `sandbox`:
    whether calls to them are real."""

    def __init__(self, interests: WebhookInterests, *, sandbox: bool) -> None:
        self._interests = interests
        self._sandbox = sandbox

    def added(self, entry: NewEntry, now: datetime) -> None:
        """Tell of an entry that a call made; one that the account made itself is no news."""
        if entry.source in BY_USERS:
            return
        told = {name: value for name, value in asdict(entry).items() if name != "account_id"}
        content = {**told, "sandbox": self._sandbox}
        announce(self._interests, entry.account_id, ADDED, content, now)

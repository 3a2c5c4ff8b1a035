"""Who of an account is to be asked about an event: known without a question for a moment.

Every event of every call asks, and almost always the answer is "nobody" or the same as before. A
question is a wait of its own, so what was read is good for a second: a subscription that another
process makes, changes or ends counts from then on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from topcalls.store import webhook_subscriptions
from topcalls.store.webhook_subscriptions import Interest

GOOD_FOR = timedelta(seconds=1)
_MOST_REMEMBERED = 10_000


class WebhookInterests:
    """The interests of accounts, as this process knows them. Parts of a verb."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, list[Interest]]] = {}

    def of(self, account_id: str, now: datetime) -> list[Interest]:
        """The account's subscriptions, and its listeners."""
        read_at, interests = self._known.get(account_id, (None, []))
        if read_at is None or not timedelta() <= now - read_at < GOOD_FOR:
            interests = webhook_subscriptions.interested(account_id, now)
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[account_id] = (now, interests)
        return interests

    def changed(self, account_id: str) -> None:
        """They are others by now."""
        self._known.pop(account_id, None)

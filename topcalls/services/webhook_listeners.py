"""Listeners: who has no address of their own fetches an account's webhooks, while they ask.

While somebody listens, every event of the account is stored, wanted by a URL or not. A listener
gets each as it would be sent, signed with a secret of its own, which it may show to a local server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import gevent

from topcalls.clock import Clock
from topcalls.errors import InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.accounts import new_webhook_secret
from topcalls.services.webhook_headers import signed_headers
from topcalls.services.webhook_interests import WebhookInterests
from topcalls.store import webhook_log, webhook_subscriptions
from topcalls.store.database import Database
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.models import WebhookEvent, WebhookListener

LIFETIME = timedelta(minutes=2)
MOST_WAIT = 25.0
MOST_AT_ONCE = 100
_LOOK_SECONDS = 0.5
_SETTLED = timedelta(seconds=1)
"""A transaction may end after one that began later: what is younger is not given out yet."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody listens until `expires_at`, and longer with every question. `cursor` is where to
    begin; `secret` signs what is given out."""

    id: str
    secret: str
    cursor: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook as it would be sent."""

    id: str
    event: str
    call_id: str | None
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Messages:
    """What came since. Ask again with `next_cursor`."""

    data: tuple[Message, ...]
    next_cursor: str


class WebhookListeners:
    """An account's listeners. `interests` is told of them; `sleep` waits, in seconds, and lets
    others run."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        interests: WebhookInterests,
        sleep: Callable[[float], object] = gevent.sleep,
    ) -> None:
        self._db = db
        self._clock = clock
        self._interests = interests
        self._sleep = sleep

    def open(self, account_id: str) -> Listener:
        """Begin to listen."""
        now = self._clock.now()
        listener = Listener(new_id(), new_webhook_secret(), _cursor(now), now + LIFETIME)
        self._db.run(
            lambda: webhook_subscriptions.insert_listener(
                id=listener.id,
                account=account_id,
                secret=listener.secret,
                created_at=now,
                expires_at=listener.expires_at,
            )
        )
        self._interests.changed(account_id)
        return listener

    def messages(self, account_id: str, listener_id: str, cursor: str, wait: float) -> Messages:
        """What came since `cursor`; waits up to `wait` seconds where there is nothing.

        Raises:
            NotFound: no such listener, or its time is over: open another.
            InvalidRequest: the cursor is none of ours.
        """
        after = _position(cursor)
        listener = self._db.run(self._touch, account_id, listener_id)
        ends_at = self._clock.monotonic() + min(wait, MOST_WAIT)
        while True:
            now = self._clock.now()
            rows = self._db.read(
                webhook_log.events_since, account_id, after, now - _SETTLED, MOST_AT_ONCE
            )
            if rows or self._clock.monotonic() >= ends_at:
                data = tuple(_message(row, listener.secret, now) for row in rows)
                return Messages(data, _cursor(rows[-1].created_at, rows[-1].id) if rows else cursor)
            self._sleep(_LOOK_SECONDS)

    def close(self, account_id: str, listener_id: str) -> None:
        """Stop listening. Raises NotFound."""
        if not self._db.run(webhook_subscriptions.delete_listener, account_id, listener_id):
            raise NotFound("No such listener.")
        self._interests.changed(account_id)

    def _touch(self, account_id: str, listener_id: str) -> WebhookListener:
        now = self._clock.now()
        listener = webhook_subscriptions.listener(account_id, listener_id, now)
        if listener is None:
            raise NotFound("No such listener, or nobody asked for two minutes: open another.")
        webhook_subscriptions.prolong_listener(listener_id, now + LIFETIME)
        return listener


def _message(row: WebhookEvent, secret: str, now: datetime) -> Message:
    headers = signed_headers(row.id, row.kind, [secret], row.payload.encode(), now)
    return Message(row.id, row.kind, row.call_id, headers, row.payload)


def _cursor(moment: datetime, event_id: str = "") -> str:
    return f"{to_microseconds(moment)}.{event_id}"


def _position(cursor: str) -> tuple[datetime, str]:
    microseconds, dot, event_id = cursor.partition(".")
    if not (dot and microseconds.isdecimal() and microseconds.isascii() and len(microseconds) < 19):
        raise InvalidRequest("The cursor is not one of ours.", field="cursor")
    return from_microseconds(int(microseconds)), event_id

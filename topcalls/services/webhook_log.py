"""What was sent: every delivery with its request and each answer, and sending it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from topcalls.clock import Clock
from topcalls.core.webhook_deliveries import Wanted
from topcalls.core.webhook_retry import DeliveryState
from topcalls.errors import InvalidRequest, NotFound
from topcalls.services.webhook_headers import unsigned_headers
from topcalls.services.webhook_outbox import store_delivery
from topcalls.store import webhook_log, webhook_receivers
from topcalls.store.database import Database
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.models import WebhookAttempt, WebhookDelivery

MOST_REPLAYED = 1000
MOST_EVENTS = 200
_TICK = timedelta(microseconds=1)
"""Between replays, so that they keep their order."""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One line of a delivery's log. `response`: the beginning of the answer's body."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int | None
    response: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery as it is listed; `next_attempt_at` is None once it is delivered or dead.

    `attempts` counts those made so far, `log` has them one by one. `sequence` is the number of the
    message among those of its call.
    """

    id: str
    message_id: str
    event: str
    call_id: str | None
    webhook_id: str | None
    sequence: int | None
    url: str
    status: DeliveryState
    attempts: int
    last_status: int | None
    last_error: str | None
    log: tuple[AttemptView, ...]
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class SentRequest:
    """What is sent for a delivery; of the headers those that are the same in every attempt."""

    url: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Deliveries, newest first, and where the next page begins."""

    data: tuple[DeliveryView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class EventView:
    """An event of a call: its number, and the exact body that receivers get."""

    sequence: int
    message_id: str
    event: str
    created_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many deliveries were made anew; `go_on_from`: the `from` with which to go on, if there
    are more."""

    replayed: int
    go_on_from: datetime | None


class WebhookLog:
    """An account's deliveries."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def deliveries(
        self,
        account_id: str,
        call_id: str | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
        wanted: Wanted | None = None,
    ) -> DeliveryPage:
        """An account's deliveries with their log, newest first.

        Raises:
            InvalidRequest: `cursor` is not the `next_cursor` of an earlier page.
        """
        after = _position(cursor) if cursor else None
        which = wanted or Wanted(call_id=call_id)

        def verb() -> DeliveryPage:
            rows = webhook_log.page(account_id, limit + 1, after, which)
            views = delivery_views(rows[:limit])
            return DeliveryPage(views, _cursor(rows[limit - 1]) if len(rows) > limit else None)

        return self._db.read(verb)

    def delivery(self, account_id: str, delivery_id: str) -> tuple[DeliveryView, SentRequest]:
        """One delivery, and what is sent for it. Raises NotFound."""

        def verb() -> tuple[DeliveryView, SentRequest]:
            row = webhook_log.of_account(account_id, delivery_id)
            if row is None:
                raise NotFound("No such delivery.")
            event, payload = row.name or row.event.kind, row.event.payload
            headers = unsigned_headers(row.event_id, event, row.event.sequence, row.follows)
            return delivery_views([row])[0], SentRequest(row.url, headers, payload)

        return self._db.read(verb)

    def events_of_call(
        self, account_id: str, call_id: str, after: int = 0, limit: int = MOST_EVENTS
    ) -> tuple[EventView, ...]:
        """A call's events with a number above `after`, in order: for who missed some."""
        rows = self._db.read(webhook_log.events_of_call, account_id, call_id, after, limit)
        return tuple(
            EventView(row.sequence or 0, row.id, row.kind, row.created_at, row.payload)
            for row in rows
        )

    def replay(self, account_id: str, delivery_id: str, now: datetime | None = None) -> str:
        """Send the event of a delivery once more, under the same message id; the new delivery's id.

        While one is still on its way nothing is added: its id is the answer. Raises NotFound.
        """
        moment = now or self._clock.now()

        def verb() -> str:
            old = webhook_log.of_account(account_id, delivery_id)
            if old is None:
                raise NotFound("No such delivery.")
            return _again(old, moment, moment)[0]

        return self._db.run(verb)

    def replay_range(self, account_id: str, wanted: Wanted) -> Replayed:
        """Send the events of these deliveries once more, oldest first, each once; up to
        `MOST_REPLAYED` deliveries are looked at. What is on its way is left alone."""
        now = self._clock.now()

        def verb() -> Replayed:
            rows = webhook_log.oldest(account_id, MOST_REPLAYED + 1, wanted)
            chosen = rows[:MOST_REPLAYED]
            first = now - len(chosen) * _TICK
            count = sum(_again(row, now, first + i * _TICK)[1] for i, row in enumerate(chosen))
            more = rows[MOST_REPLAYED].created_at if len(rows) > MOST_REPLAYED else None
            return Replayed(count, more)

        return self._db.run(verb)


def _again(old: WebhookDelivery, now: datetime, due_at: datetime) -> tuple[str, bool]:
    """The delivery that carries an event to its URL once more, and whether it was made for that."""
    waiting = webhook_log.pending_like(old)
    if waiting is not None:
        return str(waiting.id), False
    made = store_delivery(
        event=old.event_id,
        account=old.account_id,
        call_id=old.call_id,
        url=old.url,
        subscription_id=old.subscription_id,
        name=old.name,
        follows=old.follows,
        repeated=True,
        now=now,
        due_at=due_at,
        disabled=webhook_receivers.disabled(old.account_id, {old.url}),
    )
    return made, True


def _cursor(delivery: WebhookDelivery) -> str:
    return f"{to_microseconds(delivery.created_at)}.{delivery.id}"


def _position(cursor: str) -> tuple[datetime, str]:
    microseconds, _, delivery_id = cursor.partition(".")
    if not (microseconds.isdecimal() and len(microseconds) < 19 and delivery_id):
        raise InvalidRequest("The cursor is not one of ours.", field="cursor")
    return from_microseconds(int(microseconds)), delivery_id


def delivery_views(rows: Sequence[WebhookDelivery]) -> tuple[DeliveryView, ...]:
    """Deliveries, read with their events, and their log; part of a verb."""
    log = _log(webhook_log.attempts([row.id for row in rows]))
    return tuple(_view(row, log.get(row.id, ())) for row in rows)


def _log(attempts: list[WebhookAttempt]) -> dict[str, list[AttemptView]]:
    log: dict[str, list[AttemptView]] = {}
    for attempt in attempts:
        view = AttemptView(
            attempt.number,
            attempt.at,
            attempt.status,
            attempt.error,
            attempt.duration_ms,
            attempt.response,
        )
        log.setdefault(attempt.delivery_id, []).append(view)
    return log


def _view(delivery: WebhookDelivery, attempts: Sequence[AttemptView]) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        message_id=delivery.event_id,
        event=delivery.name or delivery.event.kind,
        call_id=delivery.call_id,
        webhook_id=delivery.subscription_id,
        sequence=delivery.event.sequence,
        url=delivery.url,
        status=DeliveryState(delivery.state),
        attempts=delivery.attempts,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
        log=tuple(attempts),
        next_attempt_at=None if delivery.finished_at else delivery.available_at,
        created_at=delivery.created_at,
        finished_at=delivery.finished_at,
    )

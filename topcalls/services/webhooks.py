"""The outbox: what happened is stored with the change, and delivered until it is accepted.

An event is recorded in the transaction of the change it tells of, together with one delivery per
URL that wants it. Sending is the work of `services.webhook_delivery`: it takes deliveries by `due`,
and tells by `record_attempt` how each attempt went.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from topcalls.clock import Clock
from topcalls.core.call_request import CALL_EVENTS
from topcalls.core.webhook_retry import DeliveryState, Outcome, Verdict, after_attempt
from topcalls.errors import InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.call_views import call_view
from topcalls.services.recordings import Recordings
from topcalls.services.webhook_payload import encoded
from topcalls.store import accounts, webhooks
from topcalls.store.database import Database
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.models import Call, TranscriptTurn, WebhookAttempt, WebhookDelivery

LEASE_SECONDS = 120.0
"""Longer than any attempt may take: a lease that is over means that the sender died."""

LANE_WIDTH = 4
"""How many deliveries may be under way to one endpoint, so that a slow one holds up no other."""

_CRASHES_ALLOWED = 100
_BATCH = 200
_ENDPOINTS_AT_ONCE = 5000
"""How many endpoints with something pending are looked through before others have their turn."""

_CLAIMED_TOGETHER = 20
"""Of how many endpoints deliveries are taken in one transaction: other writers wait for it."""


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """Everything needed to send: the exact `payload`, signed with `secret`, as `message_id`.

    `secret` is None where the stored one cannot be read: then nothing can be sent.
    `attempt` counts from 1 and has to be named again to `record_attempt`. `endpoint` is the lane.
    """

    id: str
    account_id: str
    message_id: str
    event: str
    url: str
    endpoint: str
    secret: str | None
    payload: bytes
    attempt: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One line of a delivery's log."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery as it is listed; `next_attempt_at` is None once it is delivered or dead.

    `attempts` counts those made so far, `log` has them one by one.
    """

    id: str
    message_id: str
    event: str
    call_id: str | None
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
class DeliveryPage:
    """Deliveries, newest first, and where the next page begins."""

    data: tuple[DeliveryView, ...]
    next_cursor: str | None


class Webhooks:
    """Record events, hand out deliveries, keep their log. `owner` is this process in leases."""

    def __init__(
        self, db: Database, clock: Clock, recordings: Recordings, owner: str | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._recordings = recordings
        self._owner = owner or new_id()
        self._next_endpoint = ""  # where the next look begins

    # --- recording, inside the verb of the change

    def announce(
        self, call: Call, event: str, now: datetime, turns: Sequence[TranscriptTurn] = ()
    ) -> None:
        """Record that `event` happened to a call, for the URL the call names, if it wants it."""
        url = call.request.get("webhook_url")
        if not url or event not in (call.request.get("webhook_events") or CALL_EVENTS):
            return
        view = call_view(call, self._recordings.url(call), turns)
        message_id = new_id()
        webhooks.insert_event(
            id=message_id,
            account=call.account_id,
            call_id=call.id,
            kind=event,
            payload=encoded(call, event, view),
            created_at=now,
        )
        webhooks.insert_delivery(
            id=new_id(),
            event=message_id,
            account=call.account_id,
            call_id=call.id,
            url=url,
            endpoint=endpoint_of(url),
            available_at=now,
            tries_left=_CRASHES_ALLOWED,
            created_at=now,
        )

    # --- sending

    def due(self, now: datetime, limit: int) -> list[DueDelivery]:
        """Take up to `limit` deliveries that are due, sharing the places between endpoints.

        Endpoints without anything due cost no lock, and where there are too many to be looked
        through at once, the next look goes on behind them.
        """
        lanes = self._due_endpoints(now, limit)
        share = max(1, limit // len(lanes)) if lanes else 0
        taken: list[str] = []
        for at in range(0, len(lanes), _CLAIMED_TOGETHER):
            batch = lanes[at : at + _CLAIMED_TOGETHER]
            taken += self._db.run(self._claim, batch, share, limit - len(taken), now)
        return self._db.read(_contents, taken) if taken else []

    def record_attempt(
        self, delivery_id: str, attempt: int, outcome: Outcome, now: datetime
    ) -> DeliveryState:
        """Note how attempt number `attempt` went; the state the delivery is in now.

        Noting the same attempt again changes nothing.
        """

        def verb() -> DeliveryState:
            delivery = webhooks.get(delivery_id)
            if delivery is None:
                raise NotFound("No such delivery.")
            if delivery.finished_at is not None or delivery.attempts >= attempt:
                return DeliveryState(delivery.state)
            verdict = after_attempt(attempt, outcome, now)
            webhooks.append_attempt(delivery_id, attempt, outcome, now)
            webhooks.settle(delivery, outcome, verdict, now)
            return verdict.state

        return self._db.run(verb)

    def bury_exhausted(self, now: datetime) -> int:
        """Give up deliveries whose sender died every time; how many there were."""

        def verb() -> int:
            outcome = Outcome(error="The process that sent this died each time.")
            found = webhooks.exhausted(now, _BATCH)
            for delivery in found:
                webhooks.append_attempt(delivery.id, delivery.attempts + 1, outcome, now)
                webhooks.settle(delivery, outcome, Verdict(DeliveryState.DEAD), now)
            return len(found)

        return self._db.run(verb)

    # --- looking

    def deliveries(
        self,
        account_id: str,
        call_id: str | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> DeliveryPage:
        """An account's deliveries with their log, newest first.

        Raises:
            InvalidRequest: `cursor` is not the `next_cursor` of an earlier page.
        """
        after = _position(cursor) if cursor else None

        def verb() -> DeliveryPage:
            rows = webhooks.page(account_id, limit + 1, after, call_id)
            log = _log(webhooks.attempts([row.id for row in rows[:limit]]))
            views = tuple(_view(row, row.event.kind, log.get(row.id, ())) for row in rows[:limit])
            return DeliveryPage(views, _cursor(rows[limit - 1]) if len(rows) > limit else None)

        return self._db.read(verb)

    def replay(self, account_id: str, delivery_id: str, now: datetime | None = None) -> str:
        """Send the event of a delivery once more, under the same message id; the new delivery's id.

        While one is still on its way nothing is added: its id is the answer. Raises NotFound.
        """
        moment = now or self._clock.now()

        def verb() -> str:
            old = webhooks.of_account(account_id, delivery_id)
            if old is None:
                raise NotFound("No such delivery.")
            waiting = webhooks.pending_like(old)
            if waiting is not None:
                return str(waiting.id)
            new = new_id()
            webhooks.insert_delivery(
                id=new,
                event=old.event_id,
                account=old.account_id,
                call_id=old.call_id,
                url=old.url,
                endpoint=old.endpoint,
                available_at=moment,
                tries_left=_CRASHES_ALLOWED,
                created_at=moment,
            )
            return new

        return self._db.run(verb)

    def _due_endpoints(self, now: datetime, limit: int) -> list[webhooks.Lane]:
        """Up to `limit` endpoints with something due and a place free, from where the last look
        ended on."""
        began_at = self._next_endpoint
        look = self._db.read(
            webhooks.due_lanes, began_at, now, LANE_WIDTH, limit, _ENDPOINTS_AT_ONCE
        )
        self._next_endpoint = look.go_on_at
        lanes = look.lanes
        if began_at and not look.go_on_at and len(lanes) < limit:
            rest = self._db.read(
                webhooks.due_lanes, "", now, LANE_WIDTH, limit - len(lanes), _ENDPOINTS_AT_ONCE
            )
            lanes += [lane for lane in rest.lanes if lane not in lanes]
            self._next_endpoint = rest.go_on_at
        return lanes

    def _claim(
        self, lanes: Sequence[webhooks.Lane], share: int, room: int, now: datetime
    ) -> list[str]:
        taken: list[str] = []
        for lane in lanes:
            places = min(LANE_WIDTH - lane.under_way, share, room - len(taken))
            if places > 0:
                won = webhooks.claim(lane.endpoint, self._owner, now, LEASE_SECONDS, places)
                taken += [delivery.id for delivery in won]
        return taken


def _cursor(delivery: WebhookDelivery) -> str:
    return f"{to_microseconds(delivery.created_at)}.{delivery.id}"


def _position(cursor: str) -> tuple[datetime, str]:
    microseconds, _, delivery_id = cursor.partition(".")
    if not (microseconds.isdecimal() and len(microseconds) < 19 and delivery_id):
        raise InvalidRequest("The cursor is not one of ours.", field="cursor")
    return from_microseconds(int(microseconds)), delivery_id


def endpoint_of(url: str) -> str:
    """Scheme, host and port of a URL: what is slow or down as one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def _contents(delivery_ids: list[str]) -> list[DueDelivery]:
    return [due for _, due in due_deliveries(delivery_ids)]


def due_deliveries(delivery_ids: list[str]) -> list[tuple[WebhookDelivery, DueDelivery]]:
    """Rows, and what is to be sent next for them; runs inside a verb."""
    rows = webhooks.contents(delivery_ids)
    secrets = accounts.webhook_secrets({row.account_id for row in rows})
    return [(row, _due(row, secrets.get(row.account_id))) for row in rows]


def _due(delivery: WebhookDelivery, secret: str | None) -> DueDelivery:
    return DueDelivery(
        id=delivery.id,
        account_id=delivery.account_id,
        message_id=delivery.event_id,
        event=delivery.event.kind,
        url=delivery.url,
        endpoint=delivery.endpoint,
        secret=secret,
        payload=delivery.event.payload.encode(),
        attempt=delivery.attempts + 1,
        created_at=delivery.event.created_at,
    )


def _log(attempts: list[WebhookAttempt]) -> dict[str, list[AttemptView]]:
    log: dict[str, list[AttemptView]] = {}
    for attempt in attempts:
        view = AttemptView(
            attempt.number, attempt.at, attempt.status, attempt.error, attempt.duration_ms
        )
        log.setdefault(attempt.delivery_id, []).append(view)
    return log


def _view(delivery: WebhookDelivery, event: str, attempts: Sequence[AttemptView]) -> DeliveryView:
    return DeliveryView(
        id=delivery.id,
        message_id=delivery.event_id,
        event=event,
        call_id=delivery.call_id,
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

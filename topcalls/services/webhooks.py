"""The outbox: what happened is stored with the change, and delivered until it is accepted.

An event is recorded in the transaction of the change it tells of, together with one delivery per
URL that wants it. Sending is the work of `services.webhook_delivery`: it takes deliveries by `due`,
and tells by `record_attempt` how each attempt went.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from topcalls.clock import Clock
from topcalls.core.call_request import CALL_EVENTS
from topcalls.core.webhook_retry import DeliveryState, Outcome, Verdict, after_attempt
from topcalls.errors import InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.call_views import CallView, call_view
from topcalls.services.recordings import Recordings
from topcalls.store import transfers, webhooks
from topcalls.store.database import Database
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.models import Call, TranscriptTurn, WebhookAttempt, WebhookDelivery

LEASE_SECONDS = 120.0
"""Longer than any attempt may take: a lease that is over means that the sender died."""

LANE_WIDTH = 4
"""How many deliveries may be under way to one endpoint, so that a slow one holds up no other."""

TRANSFERRED = "call.transferred"
_HANDED_OVER = ("transferred", "referred")
_CRASHES_ALLOWED = 100
_BATCH = 200


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """Everything needed to send: the exact `payload`, signed with `secret`, as `message_id`.

    `attempt` counts from 1 and has to be named again to `record_attempt`. `endpoint` is the lane.
    """

    id: str
    account_id: str
    message_id: str
    event: str
    url: str
    endpoint: str
    secret: str
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
            payload=_encoded(call_payload(event, view) | _transfer(call, event)),
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
        """Take up to `limit` deliveries that are due, sharing the places between endpoints."""
        return self._db.run(self._take, now, limit)

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

    def _take(self, now: datetime, limit: int) -> list[DueDelivery]:
        lanes = webhooks.due_endpoints(now)
        random.shuffle(lanes)  # when there are more lanes than places, none is always last
        share = max(1, limit // len(lanes)) if lanes else 0
        taken: list[str] = []
        for endpoint, under_way in lanes:
            places = min(LANE_WIDTH - under_way, share, limit - len(taken))
            if places > 0:
                won = webhooks.claim(endpoint, self._owner, now, LEASE_SECONDS, places)
                taken += [delivery.id for delivery in won]
        return [due_delivery(delivery) for delivery in webhooks.contents(taken)] if taken else []


def call_payload(event: str, view: CallView) -> dict[str, Any]:
    """The body of a call's webhook."""
    return {
        "event": event,
        "call_id": view.id,
        "direction": view.direction,
        "phone_number": view.phone_number,
        "from_phone_number": view.from_phone_number,
        "status": view.status,
        "call_status": view.call_status,
        "duration": view.duration,
        "transcript": [
            {
                "id": item.id,
                "user": item.user,
                "text": item.text,
                "created_at": item.created_at,
            }
            for item in view.transcript
        ],
        "recording_url": view.recording_url,
        "call_summary": view.call_summary,
        "answered_by": view.answered_by,
        "agent_id": view.agent_id,
        "agent_version": view.agent_version,
        "campaign_id": view.campaign_id,
        "lead_id": view.lead_id,
        "created_at": view.created_at,
        "started_at": view.started_at,
        "end_at": view.end_at,
        "end_reason": view.end_reason,
        "ended_by": view.ended_by,
        "hangup": None if view.hangup is None else asdict(view.hangup),
        "error_message": view.error_message,
        "disposition": view.disposition,
        "analysis": view.analysis,
        "metadata": dict(view.metadata),
        "sandbox": view.sandbox,
    }


def _transfer(call: Call, event: str) -> dict[str, Any]:
    """To whom it was handed over, for that event alone."""
    if event != TRANSFERRED:
        return {}
    done = [row for row in transfers.of_call(call.id) if row.outcome in _HANDED_OVER]
    if not done:
        return {}
    names = ("destination", "phone_number", "kind", "method", "asked_by", "summary")
    last = done[-1]
    told = {name: getattr(last, name) for name in names}
    return {"transfer": told | {"connected_at": last.connected_at or last.ended_at}}


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


def _encoded(payload: dict[str, Any]) -> str:
    return orjson.dumps(payload, option=orjson.OPT_UTC_Z).decode()


def due_delivery(delivery: WebhookDelivery) -> DueDelivery:
    """A row as what is to be sent next for it."""
    return DueDelivery(
        id=delivery.id,
        account_id=delivery.account_id,
        message_id=delivery.event_id,
        event=delivery.event.kind,
        url=delivery.url,
        endpoint=delivery.endpoint,
        secret=delivery.account.webhook_secret,
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

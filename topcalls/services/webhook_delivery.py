"""Sends webhooks: one attempt at one delivery, signed as Standard Webhooks says.

An attempt is made of three pieces: read what to send, send it, note how it went. No database
connection is held while the receiver takes its time. Whatever dies in between is made good by the
lease that `Webhooks.due` put on the delivery: when it is over the delivery is due again, under the
same message id, so a receiver may get a message twice and never not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from http.client import responses
from typing import Protocol

from topcalls import metrics, tracing
from topcalls.clock import Clock
from topcalls.core.webhook_retry import DeliveryState, Outcome
from topcalls.log import get_logger
from topcalls.net.http import LOOP, HttpError, HttpResponse
from topcalls.services.webhook_headers import signed_headers
from topcalls.services.webhooks import DueDelivery, Webhooks, due_deliveries
from topcalls.store import leases, webhooks
from topcalls.store.database import Database
from topcalls.store.models import WebhookDelivery
from topcalls.tracing import Span, Value

MOST_KEPT = 1000
"""Characters of an answer that are kept for the customer to see."""

log = get_logger("webhook_delivery")

SECRET_UNREADABLE = (
    "The account's webhook secret cannot be read with this installation's secret key, so nothing "
    "was sent. Restore TOPCALLS_SECRET_KEY, or have the operator make a new secret: topcalls "
    "accounts webhook-secret --rotate."
)
OWN_ADDRESS = (
    "The webhook URL leads to TopCalls itself, which would call itself. Give the address of your "
    "receiver."
)
_NO_ANSWER = {
    "invalid_url": "Correct the webhook URL: {detail}.",
    "invalid_request": "Correct the webhook URL: {detail}.",
    "forbidden_address": "The webhook URL leads to a private or loopback address. Use a public "
    "one, or set allow_private_webhooks on your own network.",
    "own_address": OWN_ADDRESS,
    "dns": "The host name of the webhook URL cannot be resolved. Check its spelling and DNS.",
    "connect": "No connection to the receiver. Check that it runs and that its firewall lets "
    "TopCalls in.",
    "tls": "No secure connection: {detail}. Check the receiver's certificate and its chain.",
    "timeout": "The receiver: {detail}. Answer 2xx first and do the work afterwards.",
    "too_large": "The receiver: {detail}. Answer 2xx with a short or empty body.",
    "protocol": "The receiver: {detail}. Check that the URL's port is its HTTP port.",
}
_BY_STATUS = {
    400: "It did not understand the message: compare its schema with the payload in our documents.",
    401: "It wants credentials: let the signature identify the sender instead.",
    403: "It forbids the request: let TopCalls through its firewall or access rules.",
    404: "There is nothing at this path: correct the webhook URL.",
    405: "It does not take POST at this path: correct the webhook URL.",
    410: "It says that this address is gone for good: correct the webhook URL.",
    413: "The message is too large for it: raise its limit on request bodies.",
    429: "It gets more messages than it allows: raise its limit.",
    LOOP: OWN_ADDRESS,
}
_BY_CLASS = {
    1: "It did not finish its answer with a final status.",
    3: "Redirects are not followed: put the final address into the webhook URL.",
    4: "It refused the message: look at its log.",
    5: "It failed: look at its log.",
}


class HttpPoster(Protocol):
    """What is needed of `net.http.HttpClient`."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """Raises `HttpError` when there is no answer."""
        ...


class WebhookSender:
    """Makes attempts at deliveries that `Webhooks.due` took."""

    def __init__(
        self,
        db: Database,
        outbox: Webhooks,
        http: HttpPoster,
        clock: Clock,
    ) -> None:
        self._db = db
        self._outbox = outbox
        self._http = http
        self._clock = clock

    def load(self, delivery_id: str) -> DueDelivery | None:
        """What to send, or None: it is done with, unknown, or no longer taken by anybody."""
        return self._db.read(_load, delivery_id, self._clock.now())

    def send(self, delivery: DueDelivery) -> DeliveryState:
        """Make one attempt and note it; the state the delivery is in now."""
        began = self._clock.now()
        outcome, result = self._attempt(delivery)
        ended = self._clock.now()
        state = self._outbox.record_attempt(delivery.id, delivery.attempt, outcome, ended)
        tracing.tell(_spans(delivery, began, ended, outcome, result))
        metrics.webhook_attempts.labels(outcome=result).inc()
        log.info(
            "Webhook attempt made",
            delivery_id=delivery.id,
            webhook_event=delivery.event,
            attempt=delivery.attempt,
            result=result,
            status=outcome.status,
            state=state,
        )
        return state

    def deliver(self, delivery_id: str) -> DeliveryState | None:
        """`load` and `send`; None when there was nothing to do."""
        delivery = self.load(delivery_id)
        return self.send(delivery) if delivery else None

    def give_back(self, delivery_id: str) -> None:
        """Let a delivery that was taken and not tried be taken again at once."""
        self._db.run(_give_back, delivery_id, self._clock.now())

    def _attempt(self, delivery: DueDelivery) -> tuple[Outcome, str]:
        if not delivery.secrets:
            log.error("Webhook secret cannot be read", account_id=delivery.account_id)
            return Outcome(error=SECRET_UNREADABLE), "no_secret"
        headers = headers_of(delivery, self._clock.now())
        started = self._clock.monotonic()
        try:
            response = self._http.post(delivery.url, delivery.payload, headers)
        except HttpError as error:
            elapsed = round((self._clock.monotonic() - started) * 1000)
            return Outcome(error=words_for_error(error), duration_ms=elapsed), error.kind
        words = words_for_status(response.status)
        answer = response.body[: 4 * MOST_KEPT].decode("utf-8", "replace")[:MOST_KEPT] or None
        outcome = Outcome(response.status, words, response.elapsed_ms, answer)
        return outcome, "accepted" if outcome.succeeded else f"{response.status // 100}xx"


def headers_of(delivery: DueDelivery, now: datetime) -> dict[str, str]:
    """Headers of one attempt. Only the message id is the same in every attempt."""
    traced = tracing.headers_for(delivery.trace_context, "webhook", delivery.id, delivery.attempt)
    return traced | signed_headers(
        delivery.message_id,
        delivery.event,
        delivery.secrets,
        delivery.payload,
        now,
        delivery.attempt,
        delivery.sequence,
        delivery.follows,
    )


def words_for_status(status: int) -> str | None:
    """What the customer reads, and can do, about an answer; None for a success."""
    if 200 <= status < 300:
        return None
    advice = _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, "That is no HTTP status.")
    return f"The receiver answered {status} {responses.get(status, '')}".rstrip() + f". {advice}"


def words_for_error(error: HttpError) -> str:
    """What the customer reads, and can do, when no answer came."""
    return _NO_ANSWER.get(error.kind, "{detail}").format(detail=error.message)


def _load(delivery_id: str, now: datetime) -> DueDelivery | None:
    for row, due in due_deliveries([delivery_id], now):
        held = row.lease_until is not None and row.lease_until > now
        if row.finished_at is None and held:
            return due
    return None


def _give_back(delivery_id: str, now: datetime) -> None:
    row = webhooks.get(delivery_id)
    if row is not None and row.finished_at is None and row.lease_owner is not None:
        leases.give_back(WebhookDelivery, delivery_id, row.lease_owner, now)


def _spans(
    delivery: DueDelivery, began: datetime, ended: datetime, outcome: Outcome, result: str
) -> Iterator[Span]:
    """That of an attempt; none where the call has no trace."""
    found = tracing.call_context(delivery.trace_context)
    if found is None:
        return
    about: dict[str, Value | None] = {
        "topcalls.event": delivery.event,
        "topcalls.message_id": delivery.message_id,
        "topcalls.attempt": delivery.attempt,
        "http.response.status_code": outcome.status,
    }
    context = found[0].child("webhook", delivery.id, delivery.attempt)
    failed = None if outcome.succeeded else result
    yield Span("webhook", context, found[0], began, ended, about, "client", failed)

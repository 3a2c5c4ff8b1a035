"""Carries out purchases and releases of numbers, one look at a time.

A purchase asks the carrier once. The row says `sent` before the request goes out, and a `sent` row
is only ever looked up: so a worker that dies between request and answer, or an answer that is lost,
costs a look and never a second number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from topcalls import metrics
from topcalls.core.number_orders import GRACE, OPEN, Kind, State, delay, plain, price_fault
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.providers.telephony.base import CarrierApiError, NumberCarrier, Order, OrderState
from topcalls.store import carriers, number_orders
from topcalls.store.database import Database
from topcalls.store.models import NumberOrder

NumberCarriers = Mapping[str, Callable[[], NumberCarrier]]
"""The carriers whose key is configured, by name; calling one gives its API."""

LEASE_SECONDS = 180.0
"""Longer than all requests of one look together."""

_BATCH = 50
_LOOK_IN_CONSOLE = {
    Kind.PURCHASE: "It is not known whether the number was bought. Look in the carrier's console: "
    "if it is there, delete this entry and add the number, else buy it again.",
    Kind.RELEASE: "The carrier did not take the number back. Release it in the carrier's console, "
    "and delete this entry.",
}
_NEVER_ARRIVED = "The carrier knows of no such purchase: the request did not reach it. Buy again."
_OWNED = (
    "The account at the carrier has this number already. Add it by POST /v1/phone-numbers instead."
)
log = get_logger("number_orders")


@dataclass(frozen=True, slots=True)
class _Next:
    """What an order has come to. `wait`: until it is looked at again."""

    state: State
    error: str | None = None
    provider_id: str | None = None
    wait: timedelta | None = None


class NumberOrders:
    """Takes orders that are due and does what can be done. `owner` as of `Webhooks`."""

    def __init__(
        self, db: Database, number_carriers: NumberCarriers, owner: str | None = None
    ) -> None:
        self._db = db
        self._carriers = number_carriers
        self._owner = owner or new_id()

    def due(self, now: datetime, limit: int = _BATCH) -> list[str]:
        """Take the orders that have something to do; their ids, for `run`."""

        def verb() -> list[str]:
            for row in number_orders.exhausted(now, limit):
                self._write(row, _given_up(row), now)
            rows = number_orders.claim(self._owner, now, LEASE_SECONDS, limit)
            return [row.id for row in rows]

        return self._db.run(verb)

    def run(self, order_id: str, now: datetime) -> None:
        """Do what can be done now for an order taken by `due`. May run twice."""
        row = self._db.read(number_orders.get, order_id)
        if row is None or row.finished_at is not None or row.lease_owner != self._owner:
            return
        begun = State(row.state)
        following = self._look(row, now)
        if following is not None:
            self._db.run(self._store, row, begun, following, now)

    # --- the carrier

    def _look(self, row: NumberOrder, now: datetime) -> _Next | None:
        make = self._carriers.get(row.provider)
        if make is None:
            words = "The carrier's API key is not configured any more."
            return _Next(State(row.state), words)
        carrier = make()
        if row.kind == Kind.RELEASE:
            return self._release(carrier, row)
        if row.state == State.WAITING:
            return self._buy(carrier, row, now)
        return self._look_up(carrier, row, now)

    def _buy(self, carrier: NumberCarrier, row: NumberOrder, now: datetime) -> _Next | None:
        """None when another worker sends it."""
        try:
            fault, price = self._quote(carrier, row)
        except CarrierApiError as error:
            return _refused(State.WAITING, error)
        if fault:
            return _Next(State.FAILED, fault)
        if not self._db.run(number_orders.send, row.id, self._owner, price, now):
            return None
        row.state, row.sent_at = State.SENT, now
        try:
            assert row.trunk_id is not None
            order = carrier.buy(row.number, row.trunk_id, row.id)
        except CarrierApiError as error:
            if error.may_have_happened:
                return _Next(State.SENT, str(error))
            return _refused(State.WAITING, error)
        return self._progress(carrier, row, order)

    def _quote(self, carrier: NumberCarrier, row: NumberOrder) -> tuple[str | None, str | None]:
        """(why not to buy, the price a month)."""
        if carrier.owned(row.number) is not None:
            return _OWNED, None
        offer = carrier.quote(row.number)
        if offer is None:
            return "The carrier does not offer this number any more. Search for another one.", None
        fault = price_fault(
            offer.monthly_price,
            offer.upfront_price,
            offer.currency,
            Decimal(row.max_price or "0"),
            row.currency or "USD",
        )
        return fault, None if offer.monthly_price is None else plain(offer.monthly_price)

    def _look_up(self, carrier: NumberCarrier, row: NumberOrder, now: datetime) -> _Next:
        state = State(row.state)
        try:
            order = carrier.find(row.number, row.id)
        except CarrierApiError as error:
            return _Next(state, str(error), wait=_asked_to_wait(error))
        if order is not None:
            return self._progress(carrier, row, order)
        if state is State.SENT and row.sent_at is not None and now - row.sent_at > GRACE:
            return _Next(State.FAILED, _NEVER_ARRIVED)
        return _Next(state, row.error)

    def _progress(self, carrier: NumberCarrier, row: NumberOrder, order: Order) -> _Next:
        if order.state is OrderState.FAILED:
            return _Next(State.FAILED, order.why)
        if order.state is OrderState.PENDING:
            return _Next(State.PLACED, order.why)
        assert order.provider_id is not None
        if order.trunk_id != row.trunk_id and row.trunk_id is not None:
            try:
                carrier.assign(order.provider_id, row.trunk_id)
            except CarrierApiError as error:
                words = f"Bought, but not bound to the trunk yet. {error}"
                return _Next(State.PLACED, words, wait=_asked_to_wait(error))
        return _Next(State.DONE, provider_id=order.provider_id)

    def _release(self, carrier: NumberCarrier, row: NumberOrder) -> _Next:
        try:
            assert row.provider_id is not None
            carrier.release(row.provider_id)
        except CarrierApiError as error:
            return _refused(State.WAITING, error)
        return _Next(State.DONE)

    # --- rows

    def _store(self, row: NumberOrder, begun: State, following: _Next, now: datetime) -> None:
        """Inside a verb: only the worker that moves the row on moves the number."""
        stored = number_orders.get(row.id)
        before = State.SENT if row.state == State.SENT else begun
        if stored is not None and stored.state == before:
            self._write(stored, following, now)

    def _write(self, row: NumberOrder, following: _Next, now: datetime) -> None:
        is_open = following.state in OPEN
        if is_open and row.tries_left <= 0:
            following, is_open = _given_up(row), False
        if not number_orders.change(
            row.id,
            row.state,
            state=following.state,
            error=following.error,
            provider_id=following.provider_id or row.provider_id,
            available_at=now + (following.wait or delay(row.tries_left)),
            updated_at=now,
            finished_at=None if is_open else now,
        ):
            return
        _tell_number(row, following, now)
        if not is_open:
            metrics.number_orders.labels(row.provider, row.kind, following.state).inc()
            log.info("Order of a number ended", order_id=row.id, kind=row.kind, how=following.state)


def _tell_number(row: NumberOrder, following: _Next, now: datetime) -> None:
    """Write an order's outcome to its number."""
    state = following.state
    if row.kind == Kind.RELEASE:
        number = carriers.number_of_account(row.account_id, row.number_id)
        if state is State.DONE:
            if number is not None:
                carriers.number_gone(number, "released", now)
        else:
            carriers.update_number(row.number_id, error_message=following.error, updated_at=now)
        return
    status = {State.DONE: "active", State.FAILED: "failed", State.UNKNOWN: "failed"}.get(state)
    changes = {} if status is None else {"status": status}
    if following.provider_id:
        changes["provider_id"] = following.provider_id
    carriers.update_number(row.number_id, error_message=following.error, updated_at=now, **changes)


def _given_up(row: NumberOrder) -> _Next:
    return _Next(State.UNKNOWN, _LOOK_IN_CONSOLE[Kind(row.kind)])


def _refused(state: State, error: CarrierApiError) -> _Next:
    """Nothing happened: again later where that may help, else the end."""
    if error.retryable:
        return _Next(state, str(error), wait=_asked_to_wait(error))
    return _Next(State.FAILED, str(error))


def _asked_to_wait(error: CarrierApiError) -> timedelta | None:
    return None if error.retry_after is None else timedelta(seconds=error.retry_after)

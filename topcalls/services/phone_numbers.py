"""Numbers of an account: which carrier they belong to, and who takes calls to them.

A number is unique in the installation: an inbound call names nothing but the number it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core import phone_numbers
from topcalls.core.number_orders import OPEN, Kind, State
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.store import campaign_holds, carriers, number_orders
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import NumberOrder, PhoneNumber

MAX_LABEL = 100
FIELDS = ("number", "voip_carrier_sid", "label", "agent_id")
CHANGEABLE = ("voip_carrier_sid", "label", "agent_id", "status")
STATUSES = ("active", "inactive")
SOURCES = ("topcalls", "byoc", "manual", "import", "twilio", "telnyx")


_STATES = {
    (Kind.PURCHASE, State.DONE): "bought",
    (Kind.PURCHASE, State.SENT): "confirming",
    (Kind.RELEASE, State.DONE): "released",
}
_OPEN = {Kind.PURCHASE: "buying", Kind.RELEASE: "releasing"}
PROVISIONING_STATES = (
    "buying",
    "confirming",
    "bought",
    "releasing",
    "released",
    "failed",
    "unknown",
)


@dataclass(frozen=True, slots=True)
class ProvisioningView:
    """The last purchase or release of a number. `state`: one of `PROVISIONING_STATES`; prices are
    decimal text."""

    kind: str
    state: str
    provider: str
    monthly_price: str | None
    max_monthly_price: str | None
    currency: str | None
    requested_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class PhoneNumberView:
    """A number as its owner sees it. Without `voip_carrier_sid` it belongs to the installation's
    own trunk."""

    id: str
    account_id: str
    number: str
    voip_carrier_sid: str | None
    carrier_name: str | None
    agent_id: str | None
    source: str
    phone_number_sid: str
    status: str
    label: str | None
    error_message: str | None
    provisioning: ProvisioningView | None
    created_by_user_id: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """What an inbound call to a number needs."""

    account_id: str
    number_id: str
    agent_id: str | None


class PhoneNumbers:
    """`agent_exists(account_id, agent_id)` tells whether an agent may take calls."""

    def __init__(
        self, db: Database, clock: Clock, agent_exists: Callable[[str, str], bool]
    ) -> None:
        self._db = db
        self._clock = clock
        self._agent_exists = agent_exists

    def add(
        self,
        account_id: str,
        body: Mapping[str, Any],
        *,
        source: str | None = None,
        provider_id: str | None = None,
    ) -> PhoneNumberView:
        """Add a number, bound to the carrier named or to the account's first.

        Raises:
            Conflict: the number is in this installation already.
            InvalidRequest: names every field at fault.
        """
        now = self._clock.now()

        def verb() -> PhoneNumberView:
            lock_account(account_id)
            faults = _unknown(body, FIELDS) + _number_faults(body)
            self._refuse(account_id, body, faults)
            self._refuse_twice(account_id, body["number"])
            carrier_id = body.get("voip_carrier_sid") or _first_carrier(account_id)
            row = carriers.insert_number(
                id=new_id(),
                account=account_id,
                number=body["number"],
                carrier=carrier_id,
                agent_id=body.get("agent_id"),
                label=body.get("label"),
                source=source or ("byoc" if carrier_id else "topcalls"),
                status="active",
                provider_id=provider_id,
                created_at=now,
                updated_at=now,
            )
            campaign_holds.recheck_account(account_id)
            return _view(row)

        return self._db.run(verb)

    def check_new(
        self, account_id: str, body: Mapping[str, Any], faults: Sequence[FieldError]
    ) -> str:
        """Inside a verb: the number that `body` names, when it may be had; `faults` were found
        before. A purchase of it that failed makes way.

        Raises:
            Conflict: the number is in this installation already.
            InvalidRequest: names every field at fault.
        """
        self._refuse(account_id, body, [*faults, *_number_faults(body)])
        number: str = body["number"]
        row = carriers.number_named(number)
        if row is not None and row.status == "failed" and row.provider_id is None:
            carriers.delete_number(row.id)
        else:
            self._refuse_twice(account_id, number)
        return number

    def settled(self, account_id: str, number_id: str) -> PhoneNumber:
        """Inside a verb: the row of a number.

        Raises:
            Conflict: it is being bought or given back.
            NotFound: no such number in this account.
        """
        row = _found(account_id, number_id)
        _refuse_open_order(row)
        return row

    def list(self, account_id: str) -> Sequence[PhoneNumberView]:
        """An account's numbers, oldest first."""

        def verb() -> Sequence[PhoneNumberView]:
            rows = carriers.numbers_of(account_id)
            orders = number_orders.latest([row.id for row in rows])
            return [_view(row, orders.get(row.id)) for row in rows]

        return self._db.read(verb)

    def get(self, account_id: str, number_id: str) -> PhoneNumberView:
        """Raises NotFound."""

        def verb() -> PhoneNumberView:
            row = _found(account_id, number_id)
            return _view(row, _last_order(number_id))

        return self._db.read(verb)

    def update(
        self, account_id: str, number_id: str, changes: Mapping[str, Any]
    ) -> PhoneNumberView:
        """Change what `changes` names; null unbinds.

        Raises:
            InvalidRequest: names every field at fault.
            Conflict: its status, while it is being bought or given back or was not got.
            NotFound: no such number in this account.
        """
        now = self._clock.now()

        def verb() -> PhoneNumberView:
            lock_account(account_id)
            row = _found(account_id, number_id)
            if "status" in changes:
                _refuse_under_way(row)
            faults = _unknown(changes, CHANGEABLE)
            if changes.get("status", "active") not in STATUSES:
                words = f"Must be one of {', '.join(STATUSES)}."
                faults.append(FieldError("status", words, "choice"))
            self._refuse(account_id, changes, faults)
            names = {"voip_carrier_sid": "carrier"}
            columns = {names.get(name, name): value for name, value in changes.items()}
            carriers.update_number(number_id, **columns, updated_at=now)
            if "status" in changes:
                campaign_holds.recheck_account(account_id)
            return _view(_found(account_id, number_id), _last_order(number_id))

        return self._db.run(verb)

    def delete(self, account_id: str, number_id: str) -> None:
        """Forget a number: calls to it are refused, and no call of the account shows it any more.

        Raises:
            Conflict: it is being bought or given back.
            NotFound: no such number in this account.
        """
        now = self._clock.now()

        def verb() -> None:
            lock_account(account_id)
            row = _found(account_id, number_id)
            _refuse_open_order(row)
            carriers.number_gone(row, "deleted", now)

        self._db.run(verb)

    def called(self, number: str) -> CalledNumber | None:
        """Whose number this is, for a call to it; None for a number that takes none."""

        def verb() -> CalledNumber | None:
            row = carriers.number_named(number)
            if row is None or row.status != "active":
                return None
            return CalledNumber(row.account_id, row.id, row.agent_id)

        return self._db.read(verb)

    def _refuse(
        self, account_id: str, body: Mapping[str, Any], faults: Sequence[FieldError]
    ) -> None:
        faults = [*faults, *_label_faults(body), *self._reference_faults(account_id, body)]
        if faults:
            raise InvalidRequest("The number is not right: see 'errors'.", faults)

    def _refuse_twice(self, account_id: str, number: str) -> None:
        """Whose it is, is told to its owner only."""
        row = carriers.number_named(number)
        if row is None:
            return
        mine = row.account_id == account_id
        raise Conflict(
            "This number is in your account already."
            if mine
            else "This number belongs to another account of this installation.",
            remedy=f"It is {row.id}: change that one." if mine else "Ask its operator.",
        )

    def _reference_faults(self, account_id: str, body: Mapping[str, Any]) -> Sequence[FieldError]:
        faults = []
        for name, known, where in (
            ("voip_carrier_sid", _has_carrier, "GET /v1/phone-numbers/carriers"),
            ("agent_id", self._agent_exists, "GET /v1/agents"),
        ):
            value = body.get(name)
            if value is None:
                continue
            if not isinstance(value, str):
                faults.append(FieldError(name, "Must be text.", "invalid_type"))
            elif not known(account_id, value):
                message = f"There is none with this id in your account; {where} lists them."
                faults.append(FieldError(name, message, "unknown_id"))
        return faults


def numbers_of_agent(account_id: str, agent_id: str) -> list[str]:
    """The numbers whose calls an agent takes, in words; runs inside a verb."""
    return [f"the number {number}" for number in carriers.numbers_of_agent(account_id, agent_id)]


def _has_carrier(account_id: str, carrier_id: str) -> bool:
    row = carriers.get(carrier_id)
    return row is not None and row.account_id == account_id


def _first_carrier(account_id: str) -> str | None:
    rows = carriers.of_account(account_id)
    return rows[0].id if rows else None


def _unknown(body: Mapping[str, Any], known: tuple[str, ...]) -> list[FieldError]:
    return [
        FieldError(name, f"Cannot be given here.{did_you_mean(name, known)}", "unknown")
        for name in body
        if name not in known
    ]


def _number_faults(body: Mapping[str, Any]) -> list[FieldError]:
    if body.get("number") is None:
        return [FieldError("number", "Give the number, as in +12025550123.", "required")]
    wrong = phone_numbers.fault(body["number"], "number")
    return [wrong] if wrong else []


def _label_faults(body: Mapping[str, Any]) -> list[FieldError]:
    label = body.get("label")
    if label is None:
        return []
    if not isinstance(label, str):
        return [FieldError("label", "Must be text.", "invalid_type")]
    if len(label) > MAX_LABEL:
        return [FieldError("label", f"Must be at most {MAX_LABEL} characters.", "length")]
    return []


def _found(account_id: str, number_id: str) -> PhoneNumber:
    row = carriers.number_of_account(account_id, number_id)
    if row is None:
        raise NotFound("No such number.")
    return row


def _last_order(number_id: str) -> NumberOrder | None:
    return number_orders.latest([number_id]).get(number_id)


def _refuse_open_order(row: PhoneNumber) -> None:
    order = _last_order(row.id)
    if order is not None and order.state in OPEN:
        doing = "bought" if order.kind == Kind.PURCHASE else "given back"
        raise Conflict(
            f"The number is being {doing}.", remedy="Wait until it is done: see 'provisioning'."
        )


def _refuse_under_way(row: PhoneNumber) -> None:
    _refuse_open_order(row)
    if row.status not in STATUSES:
        raise Conflict(
            "The number was not got, so it cannot be switched on or off.",
            remedy="Delete it, and buy another one.",
        )


def _provisioning(order: NumberOrder) -> ProvisioningView:
    kind, state = Kind(order.kind), State(order.state)
    ended = state if state not in OPEN else _OPEN[kind]
    return ProvisioningView(
        kind=kind,
        state=_STATES.get((kind, state), ended),
        provider=order.provider,
        monthly_price=order.price,
        max_monthly_price=order.max_price,
        currency=order.currency,
        requested_at=order.created_at,
        finished_at=order.finished_at,
    )


def _view(row: PhoneNumber, order: NumberOrder | None = None) -> PhoneNumberView:
    carrier = carriers.get(row.carrier_id) if row.carrier_id else None
    return PhoneNumberView(
        id=row.id,
        account_id=row.account_id,
        number=row.number,
        voip_carrier_sid=row.carrier_id,
        carrier_name=carrier.name if carrier else None,
        agent_id=row.agent_id,
        source=row.source,
        phone_number_sid=row.id,
        status=row.status,
        label=row.label,
        error_message=row.error_message,
        provisioning=None if order is None else _provisioning(order),
        created_by_user_id=None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )

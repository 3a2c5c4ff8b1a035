"""Queries on carriers, what nodes say of them, and phone numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import peewee

from topcalls.store import secrets
from topcalls.store.fields import open_fields
from topcalls.store.models import Call, Carrier, CarrierStatus, GoneNumber, PhoneNumber
from topcalls.store.models.base import tuples
from topcalls.store.models.calls import IS_LIVE, IS_PENDING, IS_QUEUED

_OPEN_FIELDS = open_fields(Carrier)

# --- carriers; all but `insert` give them without their passwords


def insert(**columns: Any) -> Carrier:
    """Store a new carrier."""
    carrier: Carrier = Carrier.create(**columns)
    return carrier


def get(carrier_id: str) -> Carrier | None:
    """One carrier."""
    query = Carrier.select(*_OPEN_FIELDS).where(Carrier.id == carrier_id)
    return query.first()  # type: ignore[no-any-return]


def of_account(account_id: str) -> list[Carrier]:
    """An account's carriers, in the order in which they are tried."""
    query = Carrier.select(*_OPEN_FIELDS).where(Carrier.account == account_id)
    return list(query.order_by(Carrier.priority, Carrier.created_at, Carrier.id))


def every() -> list[Carrier]:
    """All carriers of the installation."""
    return list(Carrier.select(*_OPEN_FIELDS).order_by(Carrier.id))


class Passwords(NamedTuple):
    """Ours at a carrier, and the carrier's at us."""

    login: str | None
    inbound: str | None


def passwords(carrier_ids: Collection[str]) -> dict[str, Passwords | None]:
    """The passwords of carriers; None where they cannot be read with the keys that there are."""
    found = secrets.of_rows(Carrier, carrier_ids, "password", "inbound_password")
    return {
        carrier_id: Passwords(*opened) if opened else None for carrier_id, opened in found.items()
    }


def versions() -> dict[str, int]:
    """The version of every carrier."""
    return dict(tuples(Carrier.select(Carrier.id, Carrier.version)))


def update(carrier_id: str, **changes: Any) -> None:
    """Change a carrier; its version grows."""
    query = Carrier.update(**changes, version=Carrier.version + 1)
    query.where(Carrier.id == carrier_id).execute()


def delete(carrier_id: str) -> None:
    """Forget a carrier and what nodes said of it."""
    CarrierStatus.delete().where(CarrierStatus.carrier == carrier_id).execute()
    Carrier.delete().where(Carrier.id == carrier_id).execute()


class Outbound(NamedTuple):
    """A carrier as a call needs it; `trunk` is as `Carrier.trunk`."""

    id: str
    name: str
    version: int
    trunk: dict[str, Any]


def outbound_of(account_id: str) -> list[Outbound]:
    """An account's carriers for calls out, in the order in which they are tried."""
    query = Carrier.select(Carrier.id, Carrier.name, Carrier.version, Carrier.trunk)
    query = query.where(Carrier.account == account_id)
    ordered = query.order_by(Carrier.priority, Carrier.created_at, Carrier.id)
    return [Outbound(*row) for row in tuples(ordered) if row[3].get("outbound", True)]


def names(account_id: str) -> dict[str, str]:
    """What an account calls its carriers, by their ids."""
    query = Carrier.select(Carrier.id, Carrier.name).where(Carrier.account == account_id)
    return dict(tuples(query))


def calls_that_name(carrier_id: str, account_id: str) -> int:
    """Calls of an account that wait or are live, and asked for this carrier."""
    named = Call.request.cast("TEXT").contains(f'"carrier_id":"{carrier_id}"')
    query = Call.select().where(Call.account == account_id, IS_PENDING | IS_QUEUED | IS_LIVE, named)
    return int(query.count())


# --- what nodes say


def put_status(carrier_id: str, node: str, **columns: Any) -> None:
    """Store what a node says of a carrier."""
    CarrierStatus.insert(carrier=carrier_id, node=node, **columns).on_conflict(
        conflict_target=[CarrierStatus.carrier, CarrierStatus.node], update=columns
    ).execute()


def statuses(carrier_ids: Collection[str]) -> dict[str, list[CarrierStatus]]:
    """What nodes say of carriers, by carrier."""
    found: dict[str, list[CarrierStatus]] = defaultdict(list)
    if carrier_ids:
        query = CarrierStatus.select().where(CarrierStatus.carrier.in_(list(carrier_ids)))
        for status in query.order_by(CarrierStatus.carrier, CarrierStatus.node):
            found[status.carrier_id].append(status)
    return found


def senders() -> list[tuple[str, str, dict[str, Any]]]:
    """Id, account and `Carrier.trunk` of every carrier."""
    return list(tuples(Carrier.select(Carrier.id, Carrier.account, Carrier.trunk)))


# --- numbers


def insert_number(**columns: Any) -> PhoneNumber:
    """Store a new number; raises `peewee.IntegrityError` for one that is there."""
    row: PhoneNumber = PhoneNumber.create(**columns)
    own = (GoneNumber.account == row.account_id) & (GoneNumber.number == row.number)
    GoneNumber.delete().where(own).execute()
    return row


def number_of_account(account_id: str, number_id: str) -> PhoneNumber | None:
    """One number of one account."""
    return PhoneNumber.get_or_none(PhoneNumber.id == number_id, PhoneNumber.account == account_id)


def number_named(number: str) -> PhoneNumber | None:
    """The number as it is dialled, whoever has it."""
    return PhoneNumber.get_or_none(PhoneNumber.number == number)


def numbers_ending(digits: str, carrier_ids: Collection[str], limit: int) -> list[PhoneNumber]:
    """Numbers that end so, of these carriers; of no carrier at all where none is named."""
    ending = PhoneNumber.number.endswith(digits)
    if carrier_ids:
        whose = PhoneNumber.carrier.in_(list(carrier_ids))
    else:
        whose = PhoneNumber.carrier.is_null()
    return list(PhoneNumber.select().where(ending, whose).limit(limit))


def numbers_of(account_id: str) -> list[PhoneNumber]:
    """An account's numbers, oldest first."""
    query = PhoneNumber.select().where(PhoneNumber.account == account_id)
    return list(query.order_by(PhoneNumber.created_at, PhoneNumber.id))


def numbers_on(carrier_id: str) -> list[str]:
    """The numbers bound to a carrier."""
    query = PhoneNumber.select(PhoneNumber.number).where(PhoneNumber.carrier == carrier_id)
    return [number for (number,) in tuples(query.order_by(PhoneNumber.number))]


def numbers_of_agent(account_id: str, agent_id: str) -> list[str]:
    """The numbers whose calls an agent takes."""
    query = PhoneNumber.select(PhoneNumber.number).where(
        PhoneNumber.account == account_id, PhoneNumber.agent_id == agent_id
    )
    return [number for (number,) in tuples(query.order_by(PhoneNumber.number))]


def update_number(number_id: str, **changes: Any) -> None:
    """Change a number."""
    PhoneNumber.update(**changes).where(PhoneNumber.id == number_id).execute()


def delete_number(number_id: str) -> None:
    """Take out a number that the account never had."""
    PhoneNumber.delete().where(PhoneNumber.id == number_id).execute()


def number_gone(row: PhoneNumber, why: str, now: datetime) -> None:
    """Take out a number that the account has no more, one of `models.carriers.GONE`: nothing of the
    account shows it from now on."""
    delete_number(row.id)
    GoneNumber.insert(account=row.account_id, number=row.number, why=why, gone_at=now).on_conflict(
        conflict_target=[GoneNumber.account, GoneNumber.number],
        update={GoneNumber.why: why, GoneNumber.gone_at: now},
    ).execute()


def is_duplicate(error: Exception) -> bool:
    """A row could not be stored because there is one like it."""
    return isinstance(error, peewee.IntegrityError)

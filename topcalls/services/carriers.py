"""Carriers: the trunks of an account, and how they are on every node.

Customers' verbs name the account. Controllers ask what there should be (`desired`) and tell what
there is (`report`); a node has one controller at a time that does so (`hold`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from topcalls.clock import Clock
from topcalls.core import trunk_rules
from topcalls.core.carrier_status import Health, Judgement
from topcalls.core.trunks import Trunk, from_stored, to_stored
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.carrier_views import CarrierView, Failure, NodeStatus, carrier_view
from topcalls.services.nodes import SILENT_AFTER
from topcalls.store import carriers, leases, nodes, routing, softphones
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Carrier, CarrierStatus

LEASE_SECONDS = 20.0
"""How long a controller may be silent about a node's gateways before another looks after them."""

STALE_AFTER = timedelta(seconds=60)
"""What a node said longer ago than this is not known to be so any more."""

MAX_CARRIERS = 50
"""Of one account."""

CALLEES_OWN = frozenset({480, 486, 487, 600, 603, 604, 607, 608})
"""Refusals that say nothing about the carrier."""

PASSWORD_UNREADABLE = (
    "The carrier's stored password cannot be read with this installation's secret key. Give the "
    "carrier its password again, or have the operator restore TOPCALLS_SECRET_KEY."
)
_SECTIONS = ("sip_gateway", "registration", "inbound_auth", "outbound_auth")


@dataclass(frozen=True, slots=True)
class Desired:
    """A trunk as the switch of every node should have it.

    `problem`: why it is not known whole; what a switch has of it stays as it is then.
    """

    trunk: Trunk
    version: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """How a node's switch has a carrier. `problem`: why it does not have it, in words."""

    carrier_id: str
    version: int
    judgement: Judgement
    sip_status: int | None = None
    phrase: str | None = None
    problem: str | None = None


class Carriers:
    """See the module's text. `sandbox`: this machine's own addresses are allowed too."""

    def __init__(self, db: Database, clock: Clock, *, sandbox: bool) -> None:
        self._db = db
        self._clock = clock
        self._sandbox = sandbox

    # --- customers

    def create(self, account_id: str, body: Mapping[str, Any]) -> CarrierView:
        """Store a carrier; controllers tell their switches within seconds.

        Raises:
            Conflict: the account has as many carriers as it may have.
            InvalidRequest: names every field at fault.
        """
        self._check(body)
        now = self._clock.now()

        def verb() -> CarrierView:
            lock_account(account_id)
            if len(carriers.of_account(account_id)) >= MAX_CARRIERS:
                raise Conflict(f"An account has at most {MAX_CARRIERS} carriers.")
            carrier_id = new_id()
            columns = self._columns(carrier_id, body)
            row = carriers.insert(
                id=carrier_id, account=account_id, created_at=now, updated_at=now, **columns
            )
            return self._view(row)

        return self._db.run(verb)

    def list(self, account_id: str) -> Sequence[CarrierView]:
        """An account's carriers, in the order in which they are tried."""
        return self._db.read(lambda: self._views(carriers.of_account(account_id)))

    def get(self, account_id: str, carrier_id: str) -> CarrierView:
        """Raises NotFound."""
        return self._db.read(lambda: self._view(_found(account_id, carrier_id)))

    def everywhere(self, name: str) -> Sequence[tuple[CarrierView, int]]:
        """For operators: carriers of this id or name in any account, with how many numbers each
        has."""

        def verb() -> Sequence[tuple[CarrierView, int]]:
            rows = [row for row in carriers.every() if name in (row.id, row.name)]
            return [(view, len(carriers.numbers_on(view.id))) for view in self._views(rows)]

        return self._db.read(verb)

    def names(self) -> Sequence[str]:
        """For operators: every carrier's name."""
        return self._db.read(lambda: sorted({row.name for row in carriers.every()}))

    def update(self, account_id: str, carrier_id: str, changes: Mapping[str, Any]) -> CarrierView:
        """Change what `changes` names; sections are changed part by part, and passwords that are
        left out stay.

        Raises:
            InvalidRequest: names every field at fault.
            NotFound: no such carrier in this account.
        """
        now = self._clock.now()

        def verb() -> CarrierView:
            lock_account(account_id)
            row = _found(account_id, carrier_id)
            body = merged(_body_of(row), changes)
            self._check(body)
            carriers.update(carrier_id, **self._columns(carrier_id, body), updated_at=now)
            return self._view(_found(account_id, carrier_id))

        return self._db.run(verb)

    def delete(self, account_id: str, carrier_id: str) -> None:
        """Forget a carrier; controllers take it off their switches.

        Raises:
            Conflict: numbers are bound to it, or calls that are not over ask for it.
            NotFound: no such carrier in this account.
        """

        def verb() -> None:
            lock_account(account_id)
            _found(account_id, carrier_id)
            numbers = carriers.numbers_on(carrier_id)
            waiting = carriers.calls_that_name(carrier_id, account_id)
            if numbers or waiting:
                raise _in_use(numbers, waiting)
            carriers.delete(carrier_id)

        self._db.run(verb)

    # --- controllers

    def hold(self, node: str, owner: str, now: datetime) -> bool:
        """Be, or stay, the one controller that looks after the gateways of a node."""
        return self._db.run(leases.hold, f"gateways:{node}", owner, now, LEASE_SECONDS)

    def release(self, node: str, owner: str) -> None:
        """Let go of a node's gateways."""
        self._db.run(leases.release, f"gateways:{node}", owner)

    def versions(self) -> dict[str, int]:
        """The version of every carrier: whether anything has changed."""
        return self._db.read(carriers.versions)

    def desired(self) -> Sequence[Desired]:
        """Every trunk, with its passwords."""

        def verb() -> list[Desired]:
            rows = carriers.every()
            passwords = carriers.passwords([row.id for row in rows])
            return [_desired(row, passwords.get(row.id)) for row in rows]

        return self._db.read(verb)

    def report(self, node: str, reports: Iterable[Report], now: datetime) -> None:
        """Store how a node's switch has carriers. One that is gone meanwhile is left out."""
        told = list(reports)

        def verb() -> None:
            known = carriers.versions()
            before = carriers.statuses([item.carrier_id for item in told])
            for item in told:
                if item.carrier_id in known:
                    old = next((s for s in before[item.carrier_id] if s.node == node), None)
                    _put(item, node, old, now)

        self._db.run(verb)

    # --- parts

    def _check(self, body: Mapping[str, Any]) -> None:
        faults = trunk_rules.violations(body, sandbox=self._sandbox)
        if faults:
            raise InvalidRequest("The carrier is not right: see 'errors'.", faults)

    def _columns(self, carrier_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        trunk = trunk_rules.trunk_of(carrier_id, body)
        self._check_inbound_name(trunk)
        return {
            "name": body["carrier_name"].strip(),
            "preset": body.get("preset"),
            "priority": trunk_rules.priority_of(body),
            "provider_trunk_id": body.get("provider_trunk_id"),
            "trunk": to_stored(trunk),
            "rate": body.get("rate"),
            "password": trunk.login.password if trunk.login else None,
            "inbound_password": trunk.inbound_login.password if trunk.inbound_login else None,
        }

    def _check_inbound_name(self, trunk: Trunk) -> None:
        """The name by which a carrier proves itself names it, so nobody else may have it."""
        if trunk.inbound_login is None:
            return
        for other in carriers.every():
            taken = (other.trunk.get("inbound_login") or {}).get("username")
            if other.id != trunk.carrier_id and taken == trunk.inbound_login.username:
                raise InvalidRequest(
                    "Another carrier has this username. Choose one nobody else has.",
                    field="inbound_auth.username",
                )
        if softphones.with_username(trunk.inbound_login.username) is not None:
            raise InvalidRequest(
                "A softphone has this username. Choose one nobody else has.",
                field="inbound_auth.username",
            )

    def _view(self, row: Carrier) -> CarrierView:
        return self._views([row])[0]

    def _views(self, rows: Sequence[Carrier]) -> Sequence[CarrierView]:
        now = self._clock.now()
        alive = {row.node for row in nodes.alive(now - SILENT_AFTER)}
        told = carriers.statuses([row.id for row in rows])
        return [
            carrier_view(
                row,
                trunk_of(row),
                [_node_status(row, status, now) for status in told[row.id]],
                alive,
                _last_failure(row.id),
            )
            for row in rows
        ]


def _desired(row: Carrier, passwords: carriers.Passwords | None) -> Desired:
    if passwords is None:
        return Desired(trunk_of(row), row.version, PASSWORD_UNREADABLE)
    return Desired(from_stored(row.id, row.trunk, *passwords), row.version)


def trunk_of(row: Carrier) -> Trunk:
    """The stored trunk, without its passwords."""
    return from_stored(row.id, row.trunk, None, None)


def merged(body: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A body with changes; a section that is named is changed part by part, null takes it away."""
    result = dict(body)
    for name, value in changes.items():
        old = result.get(name)
        if name in _SECTIONS and isinstance(value, Mapping) and isinstance(old, Mapping):
            value = {**old, **value}
        result[name] = value
    if changes.get("trunk_type", body.get("trunk_type")) != body.get("trunk_type"):
        for section in ("registration", "inbound_auth", "outbound_auth"):
            if section not in changes:
                result.pop(section, None)
    return result


def _body_of(row: Carrier) -> dict[str, Any]:
    """The body that would make this carrier anew; passwords that cannot be read are left out."""
    passwords = carriers.passwords([row.id])[row.id]
    view = carrier_view(row, trunk_of(row), [], set(), None)
    body: dict[str, Any] = {
        name: getattr(view, name) for name in trunk_rules.FIELDS if name != "preset"
    }
    body["preset"] = row.preset
    for name in _SECTIONS[1:]:
        if body[name] is not None:
            body[name] = {key: item for key, item in body[name].items() if item}
            if passwords is not None:
                is_inbound = name == "inbound_auth"
                body[name]["password"] = passwords.inbound if is_inbound else passwords.login
    return body


def _found(account_id: str, carrier_id: str) -> Carrier:
    row = carriers.get(carrier_id)
    if row is None or row.account_id != account_id:
        raise NotFound("No such carrier.")
    return row


def _in_use(numbers: list[str], waiting: int) -> Conflict:
    """Numbers are the account's own, so they may be named; answers are not logged."""
    users = []
    if numbers:
        users.append(f"the number{'s' if len(numbers) > 1 else ''} {', '.join(numbers[:10])}")
    if len(numbers) > 10:
        users.append(f"{len(numbers) - 10} more numbers")
    if waiting:
        users.append(f"{waiting} call{'s' if waiting > 1 else ''} that asked for it")
    return Conflict(
        f"The carrier is in use by {' and '.join(users)}.",
        remedy="Bind the numbers to another carrier or delete them, and let the calls end.",
    )


def _put(item: Report, node: str, old: CarrierStatus | None, now: datetime) -> None:
    judgement = item.judgement
    same = old is not None and old.health == judgement.health
    carriers.put_status(
        item.carrier_id,
        node,
        version=item.version,
        health=judgement.health,
        registered=judgement.registered,
        reachable=judgement.reachable,
        sip_status=item.sip_status,
        phrase=item.phrase,
        problem=item.problem,
        since=old.since if same and old else now,
        checked_at=now,
    )


def _node_status(row: Carrier, status: CarrierStatus, now: datetime) -> NodeStatus:
    is_known = status.version == row.version and now - status.checked_at <= STALE_AFTER
    return NodeStatus(
        node=status.node,
        health=Health(status.health) if is_known else Health.PENDING,
        registered=status.registered if is_known else None,
        reachable=status.reachable if is_known else None,
        sip_status=status.sip_status if is_known else None,
        phrase=status.phrase,
        problem=status.problem if is_known else None,
        since=status.since,
        checked_at=status.checked_at,
    )


def _last_failure(carrier_id: str) -> Failure | None:
    attempt = routing.last_failure(carrier_id, CALLEES_OWN)
    if attempt is None or attempt.sip_status is None:
        return None
    return Failure(attempt.dialled_at, attempt.sip_status)

"""Softphones of an account: made and forgotten by its users, written for every switch by the
controllers, and known again when they call.

Users' verbs name the account. A node has one controller at a time that looks after its softphones
(`hold`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from topcalls.clock import Clock
from topcalls.core import softphones as rules
from topcalls.core.softphones import Login
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.store import leases, softphones
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Softphone

LEASE_SECONDS = 20.0
"""How long a controller may be silent about a node's softphones before another looks after them."""

STALE_AFTER = timedelta(seconds=60)
"""What a node said longer ago than this is not known to be so any more."""

MAX_SOFTPHONES = 200
"""Of one account."""

FIELDS = ("extension", "name", "may_supervise")


@dataclass(frozen=True, slots=True)
class SoftphoneView:
    """A softphone as its owner sees it. `password` is set only in the answer to its creation.
    `registered_at`: the nodes at whose switches it is registered."""

    id: str
    account_id: str
    extension: str
    name: str | None
    username: str
    may_supervise: bool
    registered_at: tuple[str, ...]
    created_at: datetime
    password: str | None = None


class Softphones:
    """See the module's text."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    # --- users

    def create(self, account_id: str, body: Mapping[str, Any]) -> SoftphoneView:
        """A new softphone; its `password` is shown here and never again. Switches know it within
        seconds.

        Raises:
            Conflict: the extension is taken, or the account has as many softphones as it may have.
            InvalidRequest: names every field at fault.
        """
        faults = _faults(body)
        if faults:
            raise InvalidRequest("The softphone is not right: see 'errors'.", faults)
        password, now = rules.new_password(), self._clock.now()

        def verb() -> SoftphoneView:
            lock_account(account_id)
            if softphones.with_extension(account_id, body["extension"]) is not None:
                raise Conflict("Another softphone of your account has this extension.")
            if len(softphones.of_account(account_id)) >= MAX_SOFTPHONES:
                raise Conflict(f"An account has at most {MAX_SOFTPHONES} softphones.")
            row = softphones.insert(
                id=new_id(),
                account=account_id,
                extension=body["extension"],
                name=body.get("name"),
                username=rules.new_username(body["extension"]),
                password=password,
                may_supervise=body.get("may_supervise", True),
                created_at=now,
            )
            return _view(row, (), password)

        return self._db.run(verb)

    def list(self, account_id: str) -> Sequence[SoftphoneView]:
        """An account's softphones, by their extensions."""
        return self._db.read(lambda: self._views(softphones.of_account(account_id)))

    def get(self, account_id: str, softphone_id: str) -> SoftphoneView:
        """Raises NotFound."""
        return self._db.read(lambda: self._views([_found(account_id, softphone_id)])[0])

    def delete(self, account_id: str, softphone_id: str) -> None:
        """Forget a softphone: switches refuse it within seconds. Raises NotFound."""

        def verb() -> None:
            lock_account(account_id)
            softphones.delete(_found(account_id, softphone_id).id)

        self._db.run(verb)

    # --- controllers

    def hold(self, node: str, owner: str, now: datetime) -> bool:
        """Be, or stay, the one controller that looks after the softphones of a node."""
        return self._db.run(leases.hold, _lease(node), owner, now, LEASE_SECONDS)

    def release(self, node: str, owner: str) -> None:
        """Let go of a node's softphones."""
        self._db.run(leases.release, _lease(node), owner)

    def ids(self) -> set[str]:
        """Every softphone there is. A softphone never changes: it comes and goes."""
        return self._db.read(softphones.ids)

    def logins(self) -> Sequence[Login]:
        """Every softphone, with its password."""
        return self._db.read(
            lambda: [Login(row.id, row.username, row.password) for row in softphones.every()]
        )

    def report(self, node: str, usernames: Collection[str], now: datetime) -> None:
        """Store which users are registered at a node's switch. Those who are no softphones, or none
        any more, are left out."""

        def verb() -> None:
            rows = [softphones.with_username(username) for username in usernames]
            softphones.put_registrations(node, {row.id for row in rows if row is not None}, now)

        self._db.run(verb)

    # --- parts

    def _views(self, rows: Sequence[Softphone]) -> Sequence[SoftphoneView]:
        since = self._clock.now() - STALE_AFTER
        told = softphones.registrations([row.id for row in rows], since)
        return [_view(row, tuple(told[row.id])) for row in rows]


def _lease(node: str) -> str:
    return f"softphones:{node}"


def _found(account_id: str, softphone_id: str) -> Softphone:
    row = softphones.get(account_id, softphone_id)
    if row is None:
        raise NotFound("No such softphone.")
    return row


def _faults(body: Mapping[str, Any]) -> list[FieldError]:
    faults = [
        FieldError(name, f"Cannot be given here.{did_you_mean(name, FIELDS)}", "unknown")
        for name in body
        if name not in FIELDS
    ]
    extension, name = body.get("extension"), body.get("name")
    if extension is None:
        faults.append(FieldError("extension", "Give two to five digits, as in 201.", "required"))
    elif not rules.is_extension(extension):
        faults.append(FieldError("extension", "Must be two to five digits, as in 201.", "pattern"))
    if name is not None and not (isinstance(name, str) and len(name) <= rules.MAX_NAME):
        words = f"Must be text of at most {rules.MAX_NAME} characters."
        faults.append(FieldError("name", words, "length"))
    if not isinstance(body.get("may_supervise", True), bool):
        faults.append(FieldError("may_supervise", "Must be true or false.", "invalid_type"))
    return faults


def _view(row: Softphone, nodes: tuple[str, ...], password: str | None = None) -> SoftphoneView:
    return SoftphoneView(
        id=row.id,
        account_id=row.account_id,
        extension=row.extension,
        name=row.name,
        username=row.username,
        may_supervise=row.may_supervise,
        registered_at=nodes,
        created_at=row.created_at,
        password=password,
    )

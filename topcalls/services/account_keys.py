"""Keys that a key makes and revokes: no key hands on more than it has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from topcalls.clock import Clock
from topcalls.core.audit import AuditAction
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.services import audit
from topcalls.services.keys import Keys, KeyView, Principal, issue, limits_of
from topcalls.store import accounts
from topcalls.store.database import Database
from topcalls.store.models import ApiKey


class AccountKeys:
    """The keys of an account, for those of its own keys that may see to them."""

    def __init__(self, db: Database, clock: Clock, keys: Keys) -> None:
        self._db = db
        self._clock = clock
        self._keys = keys

    def list(self, account_id: str) -> list[KeyView]:
        """The account's keys, revoked ones too, oldest first; never a token."""
        return self._keys.list(account_id)

    def create(
        self,
        who: Principal,
        name: str,
        scopes: Sequence[str],
        expires_at: datetime | None = None,
    ) -> KeyView:
        """A key whose `token` is shown here and never again. It has the limits of `who`.

        Raises:
            InvalidRequest: it would have a scope that `who` lacks, or last longer; its end is over.
        """
        now = self._clock.now()

        def verb() -> KeyView:
            mine = accounts.get_key(who.key_id)
            if mine is None:
                raise NotFound("No such key.")
            faults = [*_beyond(who, scopes), *_outlasting(mine, expires_at, now)]
            if faults:
                raise InvalidRequest("Such a key cannot be made by this one.", faults)
            made = issue(
                who.account_id,
                self._keys.kind,
                name=name,
                scopes=scopes,
                expires_at=expires_at,
                now=now,
                limits=limits_of(mine),
            )
            audit.record(who, AuditAction.KEY_CREATED, made.id, now)
            return made

        return self._db.run(verb)

    def revoke(self, who: Principal, key_id: str) -> None:
        """Make a key of the account useless, at once; one that is revoked stays as it is.

        Raises:
            Conflict: it is the key that asks.
            NotFound: the account has no such key.
        """
        now = self._clock.now()

        def verb() -> None:
            key = accounts.get_key(key_id)
            if key is None or key.account_id != who.account_id:
                raise NotFound("No such key.")
            if key_id == who.key_id:
                raise Conflict(
                    "This is the key that asks. It cannot revoke itself.",
                    remedy="Revoke it with another key that has the scope 'admin', or by "
                    "'topcalls keys revoke'.",
                )
            if key.revoked_at is None:
                accounts.revoke_key(key_id, now)
                audit.record(who, AuditAction.KEY_REVOKED, key_id, now)

        self._db.run(verb)


def _beyond(who: Principal, scopes: Sequence[str]) -> list[FieldError]:
    return [
        FieldError(f"scopes.{place}", f"This key lacks '{scope}' and cannot grant it.", "not_held")
        for place, scope in enumerate(scopes)
        if scope not in who.scopes
    ]


def _outlasting(mine: ApiKey, until: datetime | None, now: datetime) -> list[FieldError]:
    if until is not None and until <= now:
        return [FieldError("expires_at", "Must be in the future.", "past")]
    if mine.expires_at is not None and (until is None or until > mine.expires_at):
        last = f"{mine.expires_at:%Y-%m-%dT%H:%M:%SZ}"
        words = f"The key that asks ends at {last}; one that it makes can last no longer."
        return [FieldError("expires_at", words, "outlasts")]
    return []

"""API keys: made once, stored as a hash, found by their first characters.

A token is `tc_live_` or `tc_test_` and 32 random bytes. With that much entropy a plain SHA-256 is
the right hash: there is nothing to guess, and a slow hash would only slow every request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

import orjson

from topcalls.clock import Clock
from topcalls.errors import FieldError, InsufficientScope, InvalidRequest, NotFound, Unauthorized
from topcalls.ids import new_id
from topcalls.store import accounts
from topcalls.store.accounts import KeyProof
from topcalls.store.database import Database
from topcalls.store.fields import from_microseconds
from topcalls.store.models import ApiKey

Kind = Literal["live", "test"]
SCOPES = (
    "agents:read",
    "agents:write",
    "budgets:write",
    "calls:read",
    "calls:write",
    "calls:transfer",
    "calls:supervise",
    "campaigns:read",
    "campaigns:write",
    "knowledge:read",
    "knowledge:write",
    "leads:read",
    "leads:write",
    "phone_numbers:read",
    "phone_numbers:write",
    "softphones:read",
    "softphones:write",
    "voices:write",
    "webhooks:read",
    "webhooks:write",
    "admin",
)
_PREFIX_LENGTH = len("tc_live_") + 8
_TOKEN = re.compile(r"tc_(live|test)_[A-Za-z0-9_-]{43}")
_KEEP_LAST_USE_FOR = timedelta(hours=1)
_MAKE_ONE = "'topcalls keys create' makes a key."


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """Limits of one key, beside those of its account. None: none of its own."""

    max_concurrent_calls: int | None = None
    max_new_calls_per_minute: int | None = None
    max_requests_per_second: int | None = None


NO_LIMITS = KeyLimits()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request, proved by a key. `limits` are the key's, `account_requests_per_second`
    are those of all keys of the account together."""

    account_id: str
    account_name: str
    key_id: str
    scopes: frozenset[str]
    kind: Kind
    limits: KeyLimits = NO_LIMITS
    account_requests_per_second: int | None = None

    def require(self, scope: str) -> None:
        """Raises InsufficientScope unless the key has `scope`."""
        if scope not in self.scopes:
            raise InsufficientScope(f"This key lacks the scope '{scope}'.", scope=scope)


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as it is listed. `token` is set only in the answer to its creation."""

    id: str
    account_id: str
    name: str
    kind: Kind
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    token: str | None = None
    limits: KeyLimits = NO_LIMITS


class Keys:
    """Make, check, list and revoke keys. `kind` is the kind of this install."""

    def __init__(self, db: Database, clock: Clock, kind: Kind) -> None:
        self._db = db
        self._clock = clock
        self.kind = kind

    def create(
        self,
        account_id: str,
        *,
        name: str,
        scopes: Iterable[str],
        days: float | None = None,
        now: datetime | None = None,
    ) -> KeyView:
        """A new key; its `token` is shown here and never again. `days`: until it expires.

        Raises:
            InvalidRequest: a scope is unknown.
            NotFound: there is no such account.
        """
        moment = now or self._clock.now()
        until = moment + timedelta(days=days) if days else None
        return self._db.run(
            issue, account_id, self.kind, name=name, scopes=scopes, expires_at=until, now=moment
        )

    def authenticate(self, token: str, now: datetime | None = None) -> Principal:
        """Whose token this is.

        Raises:
            Unauthorized: of the other kind, unknown, expired or revoked.
        """
        moment = now or self._clock.now()
        self._refuse_other_kind(token)
        key = self._db.read(_find, token) if _TOKEN.fullmatch(token) else None
        return self._principal(key, moment)

    def recognise(self, key_id: str, now: datetime | None = None) -> Principal:
        """Whose key this is, of somebody who showed it before.

        Raises:
            Unauthorized: unknown, expired or revoked.
        """
        return self._principal(self._db.read(accounts.key_proof, key_id), now or self._clock.now())

    def _principal(self, key: KeyProof | None, moment: datetime) -> Principal:
        if key is None:
            raise Unauthorized("This key is not known.", remedy=_MAKE_ONE)
        if key.revoked_at is not None:
            raise Unauthorized("This key was revoked.", remedy=_MAKE_ONE)
        if key.expires_at is not None and from_microseconds(key.expires_at) <= moment:
            raise Unauthorized("This key has expired.", remedy=_MAKE_ONE)
        if key.last_used_at is None or _is_old(from_microseconds(key.last_used_at), moment):
            self._db.run(accounts.touch_key, key.key_id, moment)
        scopes = frozenset(orjson.loads(key.scopes))
        return Principal(
            key.account_id,
            key.account_name,
            key.key_id,
            scopes,
            self.kind,
            limits_of(key),
            key.account_requests_per_second,
        )

    def list(self, account_id: str) -> list[KeyView]:
        """An account's keys, revoked ones too, oldest first."""
        return self._db.read(lambda: [_view(key) for key in accounts.keys_of(account_id)])

    def limits(self, key_id: str) -> KeyLimits:
        """Limits of a key beside those of its account. Raises NotFound."""
        key = self._db.read(accounts.get_key, key_id)
        if key is None:
            raise NotFound("No such key.")
        return limits_of(key)

    def set_limits(self, key_id: str, limits: KeyLimits) -> None:
        """Replace the limits of a key, for what is asked for from now on. Raises NotFound."""
        if not self._db.run(accounts.set_key_limits, key_id, **asdict(limits)):
            raise NotFound("No such key.")

    def revoke(self, key_id: str, now: datetime | None = None) -> None:
        """Make a key useless, at once. Raises NotFound."""
        if not self._db.run(accounts.revoke_key, key_id, now or self._clock.now()):
            raise NotFound("No such key.")

    def _refuse_other_kind(self, token: str) -> None:
        if token.startswith(f"tc_{self.kind}_"):
            return
        if self.kind == "test" and token.startswith("tc_live_"):
            raise Unauthorized(
                "This is a live key, and this install is a sandbox.",
                remedy="Use a tc_test_ key made here, or the address of your live install.",
            )
        if self.kind == "live" and token.startswith("tc_test_"):
            raise Unauthorized(
                "This is a test key, and this install makes real calls.",
                remedy="Use a tc_live_ key made here, or the address of your sandbox.",
            )
        raise Unauthorized(
            f"This is no TopCalls key: keys of this install start with tc_{self.kind}_.",
            remedy=_MAKE_ONE,
        )


def issue(
    account_id: str,
    kind: Kind,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None,
    now: datetime,
    limits: KeyLimits = NO_LIMITS,
) -> KeyView:
    """Store a new key, which has its `token`; part of a verb. `expires_at` None: never.

    Raises:
        InvalidRequest: a scope is unknown.
        NotFound: there is no such account.
    """
    wanted = tuple(dict.fromkeys(scopes))
    _check_scopes(wanted)
    if accounts.get(account_id) is None:
        raise NotFound("No such account.")
    token = f"tc_{kind}_{secrets.token_urlsafe(32)}"
    key = accounts.insert_key(
        id=new_id(),
        account=account_id,
        name=name,
        kind=kind,
        prefix=token[:_PREFIX_LENGTH],
        digest=_digest(token),
        scopes=wanted,
        created_at=now,
        expires_at=expires_at,
        **asdict(limits),
    )
    return _view(key, token)


def _find(token: str) -> KeyProof | None:
    digest = _digest(token)
    found = None
    for key in accounts.keys_by_prefix(token[:_PREFIX_LENGTH]):
        if hmac.compare_digest(key.digest, digest):
            found = key
    return found


def _is_old(last_use: datetime, now: datetime) -> bool:
    return now - last_use >= _KEEP_LAST_USE_FOR


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _check_scopes(scopes: Iterable[str]) -> None:
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise InvalidRequest(
            f"No such scope: {', '.join(unknown)}.",
            [FieldError("scopes", f"'{scope}' is no scope.", "unknown") for scope in unknown],
            remedy=f"Scopes are {', '.join(SCOPES)}.",
        )


def _view(key: ApiKey, token: str | None = None) -> KeyView:
    return KeyView(
        key.id,
        key.account_id,
        key.name,
        cast(Kind, key.kind),
        key.prefix,
        tuple(key.scopes),
        key.created_at,
        key.expires_at,
        key.revoked_at,
        key.last_used_at,
        token,
        limits_of(key),
    )


def limits_of(key: ApiKey | KeyProof) -> KeyLimits:
    """What limits a stored key beside its account."""
    return KeyLimits(
        key.max_concurrent_calls, key.max_new_calls_per_minute, key.max_requests_per_second
    )

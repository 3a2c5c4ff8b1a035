"""Queries on accounts and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from topcalls.store import rows
from topcalls.store.fields import SecretField
from topcalls.store.models import Account, ApiKey

_FIELDS = Account._meta.sorted_fields
_OPEN_COLUMNS = [field for field in _FIELDS if not isinstance(field, SecretField)]


def insert(**columns: Any) -> Account:
    """Store a new account."""
    account: Account = Account.create(**columns)
    return account


def get(account_id: str) -> Account | None:
    """One account."""
    return Account.get_or_none(Account.id == account_id)


def every() -> list[Account]:
    """All accounts, oldest first, without their secrets: these are read one at a time."""
    return list(Account.select(*_OPEN_COLUMNS).order_by(Account.created_at, Account.id))


def update(account_id: str, **changes: Any) -> bool:
    """Change columns; False if there is no such account."""
    return bool(Account.update(**changes).where(Account.id == account_id).execute())


def insert_key(**columns: Any) -> ApiKey:
    """Store a new key."""
    key: ApiKey = ApiKey.create(**columns)
    return key


class KeyProof(NamedTuple):
    """What is needed to check a token. Times are microseconds since 1970, as stored."""

    key_id: str
    digest: str
    scopes: str
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None
    account_id: str
    account_name: str


_PROOF = """
SELECT k.id, k.digest, k.scopes, k.expires_at, k.revoked_at, k.last_used_at, a.id, a.name
FROM api_key k JOIN account a ON a.id = k.account_id WHERE k.prefix = ?
"""


def keys_by_prefix(prefix: str) -> list[KeyProof]:
    """The keys, almost always one, that start like a token."""
    return [KeyProof(*row) for row in rows.select(_PROOF, prefix)]


def keys_of(account_id: str) -> list[ApiKey]:
    """An account's keys, oldest first."""
    query = ApiKey.select().where(ApiKey.account == account_id)
    return list(query.order_by(ApiKey.created_at, ApiKey.id))


def revoke_key(key_id: str, now: datetime) -> bool:
    """Revoke a key; False if there is none. The first revocation's time stays."""
    open_key = (ApiKey.id == key_id) & ApiKey.revoked_at.is_null()
    if ApiKey.update(revoked_at=now).where(open_key).execute():
        return True
    return bool(ApiKey.select().where(ApiKey.id == key_id).exists())


def touch_key(key_id: str, now: datetime) -> None:
    """Note that a key was used."""
    ApiKey.update(last_used_at=now).where(ApiKey.id == key_id).execute()

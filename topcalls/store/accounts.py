"""Queries on accounts and keys."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from topcalls.store import rows, secrets
from topcalls.store.fields import open_fields, to_microseconds
from topcalls.store.models import Account, ApiKey

_OPEN_FIELDS = open_fields(Account)


def insert(**columns: Any) -> Account:
    """Store a new account."""
    account: Account = Account.create(**columns)
    return account


def get(account_id: str) -> Account | None:
    """One account, without its secret."""
    query = Account.select(*_OPEN_FIELDS).where(Account.id == account_id)
    return query.first()  # type: ignore[no-any-return]


def every() -> list[Account]:
    """All accounts, oldest first, without their secrets."""
    return list(Account.select(*_OPEN_FIELDS).order_by(Account.created_at, Account.id))


def webhook_secret(account_id: str) -> str | None:
    """The secret of one account; None where there is none, or no such account.

    Raises:
        ConfigError: it was encrypted with a key that is not configured.
    """
    query = Account.select(Account.webhook_secret).where(Account.id == account_id)
    return next((account.webhook_secret for account in query), None)


def with_terms() -> list[tuple[str, dict[str, Any]]]:
    """Accounts that have terms of compliance, and these."""
    query = Account.select(Account.id, Account.compliance).where(Account.compliance.is_null(False))
    return [(account.id, account.compliance) for account in query]


def person_key(account_id: str) -> str | None:
    """By which the account's people are known again; None where there is none, or no account."""
    query = Account.select(Account.person_key).where(Account.id == account_id)
    return next((account.person_key for account in query), None)


def keep_person_key(account_id: str, key: str) -> bool:
    """Give an account that has none its key; False if it has one, or is none."""
    fresh = (Account.id == account_id) & Account.person_key.is_null()
    return bool(Account.update(person_key=key).where(fresh).execute())


_OVERLAPS = "SELECT id FROM account WHERE previous_signs_until > ? AND id IN ({marks})"


def signing_secrets(account_ids: Collection[str], now: datetime) -> dict[str, tuple[str, ...]]:
    """The secrets that sign for several accounts, the newest first; none where one cannot be read,
    or there is no such account."""
    opened = secrets.of_rows(Account, account_ids, "webhook_secret")
    text = _OVERLAPS.format(marks=", ".join("?" * len(account_ids)))
    overlap = rows.select(text, to_microseconds(now), *account_ids) if account_ids else []
    before = secrets.of_rows(Account, [row[0] for row in overlap], "previous_webhook_secret")
    own = {account_id: _given(opened.get(account_id)) for account_id in account_ids}
    return {
        account_id: newest and newest + _given(before.get(account_id))
        for account_id, newest in own.items()
    }


def _given(opened: Collection[str | None] | None) -> tuple[str, ...]:
    return tuple(secret for secret in opened or () if secret)


def speech(account_id: str) -> dict[str, Any] | None:
    """The dictionary of an account; None: no such account."""
    query = Account.select(Account.speech).where(Account.id == account_id)
    row = next(iter(query), None)
    return None if row is None else (row.speech or {})


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
    max_concurrent_calls: int | None
    max_new_calls_per_minute: int | None
    max_requests_per_second: int | None
    account_id: str
    account_name: str
    account_requests_per_second: int | None


_PROOF = """
SELECT k.id, k.digest, k.scopes, k.expires_at, k.revoked_at, k.last_used_at,
  k.max_concurrent_calls, k.max_new_calls_per_minute, k.max_requests_per_second,
  a.id, a.name, a.max_requests_per_second
FROM api_key k JOIN account a ON a.id = k.account_id WHERE k.{column} = ?
"""


def keys_by_prefix(prefix: str) -> list[KeyProof]:
    """The keys, almost always one, that start like a token."""
    return [KeyProof(*row) for row in rows.select(_PROOF.format(column="prefix"), prefix)]


def key_proof(key_id: str) -> KeyProof | None:
    """What is needed to let the holder of a key go on, who showed it before."""
    found = [KeyProof(*row) for row in rows.select(_PROOF.format(column="id"), key_id)]
    return found[0] if found else None


def keys_of(account_id: str) -> list[ApiKey]:
    """An account's keys, oldest first."""
    query = ApiKey.select().where(ApiKey.account == account_id)
    return list(query.order_by(ApiKey.created_at, ApiKey.id))


def get_key(key_id: str) -> ApiKey | None:
    """One key."""
    key: ApiKey | None = ApiKey.get_or_none(ApiKey.id == key_id)
    return key


def revoke_key(key_id: str, now: datetime) -> bool:
    """Revoke a key; False if there is none. The first revocation's time stays."""
    open_key = (ApiKey.id == key_id) & ApiKey.revoked_at.is_null()
    if ApiKey.update(revoked_at=now).where(open_key).execute():
        return True
    return bool(ApiKey.select().where(ApiKey.id == key_id).exists())


def touch_key(key_id: str, now: datetime) -> None:
    """Note that a key was used."""
    ApiKey.update(last_used_at=now).where(ApiKey.id == key_id).execute()


def set_key_limits(key_id: str, **columns: int | None) -> bool:
    """Change the limits of a key; False if there is none."""
    return bool(ApiKey.update(**columns).where(ApiKey.id == key_id).execute())

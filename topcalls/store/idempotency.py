"""Queries on idempotency records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from topcalls.store import rows
from topcalls.store.locking import locked
from topcalls.store.models import IdempotencyRecord


def insert(**columns: Any) -> bool:
    """Open the record of a key; False if there is one already.

    Where another verb has opened it and is not over yet, this waits for its end.
    """
    return rows.insert_new(IdempotencyRecord, **columns)


def find(account_id: str, key: str) -> IdempotencyRecord:
    """The record of a key, kept from other writers."""
    query = IdempotencyRecord.select().where(
        IdempotencyRecord.account == account_id, IdempotencyRecord.key == key
    )
    return locked(query).get()  # type: ignore[no-any-return]


def peek(account_id: str, key: str) -> IdempotencyRecord | None:
    """The record of a key, to be read only."""
    return IdempotencyRecord.get_or_none(
        IdempotencyRecord.account == account_id, IdempotencyRecord.key == key
    )


def complete(record_id: str, status: int, headers: Mapping[str, str], body: str) -> None:
    """Keep the answer for whoever asks again."""
    changes = {"status": status, "headers": dict(headers), "body": body}
    rows.set_columns(IdempotencyRecord, record_id, **changes)


def update(record_id: str, **changes: Any) -> None:
    """Change a record."""
    rows.set_columns(IdempotencyRecord, record_id, **changes)


def delete_expired(now: datetime, limit: int) -> int:
    """Forget records whose day is over."""
    expired = (
        IdempotencyRecord.select(IdempotencyRecord.id)
        .where(IdempotencyRecord.expires_at <= now)
        .limit(limit)
    )
    count: int = IdempotencyRecord.delete().where(IdempotencyRecord.id.in_(expired)).execute()
    return count

"""Queries on idempotency records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from topcalls.store.locking import locked
from topcalls.store.models import IdempotencyRecord


def insert(**columns: Any) -> bool:
    """Store the first request under a key; False if there is one already."""
    query = IdempotencyRecord.insert(**columns).on_conflict_ignore()
    return bool(query.as_rowcount().execute() == 1)


def find(account_id: str, key: str) -> IdempotencyRecord | None:
    """The record of a key, kept from other writers."""
    query = IdempotencyRecord.select().where(
        IdempotencyRecord.account == account_id, IdempotencyRecord.key == key
    )
    return locked(query).first()  # type: ignore[no-any-return]


def get(record_id: str) -> IdempotencyRecord | None:
    """One record, kept from other writers."""
    query = IdempotencyRecord.select().where(IdempotencyRecord.id == record_id)
    return locked(query).first()  # type: ignore[no-any-return]


def update(record_id: str, **changes: Any) -> bool:
    """Change a record; False if it is gone."""
    query = IdempotencyRecord.update(**changes).where(IdempotencyRecord.id == record_id)
    return bool(query.execute() == 1)


def delete(record_id: str) -> None:
    """Forget a record that holds no answer and made nothing."""
    record = IdempotencyRecord
    unused = (record.id == record_id) & record.status.is_null() & record.resource_id.is_null()
    record.delete().where(unused).execute()


def delete_expired(now: datetime, limit: int) -> int:
    """Forget records whose day is over."""
    expired = (
        IdempotencyRecord.select(IdempotencyRecord.id)
        .where(IdempotencyRecord.expires_at <= now)
        .limit(limit)
    )
    count: int = IdempotencyRecord.delete().where(IdempotencyRecord.id.in_(expired)).execute()
    return count

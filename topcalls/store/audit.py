"""Queries on what keys did."""

from __future__ import annotations

from typing import Any

from topcalls.store.models import ApiKey, AuditEntry


def insert(**columns: Any) -> None:
    """Store an entry."""
    AuditEntry.insert(**columns).execute()


def page(account_id: str, limit: int, before: str | None) -> list[tuple[AuditEntry, str | None]]:
    """Up to `limit` entries made before the one of id `before`, newest first, each with the name of
    the key that did it."""
    query = AuditEntry.select().where(AuditEntry.account == account_id)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    entries = list(query.order_by(AuditEntry.id.desc()).limit(limit))
    ids = {entry.key_id for entry in entries}
    named = ApiKey.select(ApiKey.id, ApiKey.name).where(ApiKey.id.in_(ids)) if ids else ()
    names = {key.id: key.name for key in named}
    return [(entry, names.get(entry.key_id)) for entry in entries]

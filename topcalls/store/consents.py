"""Queries on what people have agreed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import chunked

from topcalls.store.models import Consent

_MOST_VALUES = 500


def insert(consents: Sequence[Mapping[str, Any]]) -> None:
    """Store consents; each has every column."""
    for some in chunked(consents, _MOST_VALUES):
        Consent.insert_many(some).execute()


def get(account_id: str, consent_id: str) -> Consent | None:
    """One consent of an account."""
    return Consent.get_or_none(Consent.account == account_id, Consent.id == consent_id)


def page(
    account_id: str, limit: int, before: str | None, chosen: Mapping[str, str]
) -> list[Consent]:
    """Up to `limit` consents made before the one of id `before`, newest first. `chosen`: columns
    and what they are; `phone_number` may be two names of the same person."""
    query = Consent.select().where(Consent.account == account_id)
    for name, value in chosen.items():
        column = getattr(Consent, name)
        query = query.where(column.in_(value) if isinstance(value, tuple) else column == value)
    if before is not None:
        query = query.where(Consent.id < before)
    return list(query.order_by(Consent.id.desc()).limit(limit))


def revoke(account_id: str, consent_id: str, at: datetime, by: str) -> None:
    """Note that somebody took a consent back; what was noted before stays."""
    mine = (Consent.account == account_id) & (Consent.id == consent_id)
    mine &= Consent.revoked_at.is_null()
    Consent.update(revoked_at=at, revoked_by=by).where(mine).execute()

"""Queries on what registers said of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from peewee import chunked

from topcalls.store.models import NumberCheck

_MOST_VALUES = 500


def insert(checks: Sequence[Mapping[str, Any]]) -> None:
    """Store answers; each has every column."""
    for some in chunked(checks, _MOST_VALUES):
        NumberCheck.insert_many(some).execute()


def page(
    account_id: str, limit: int, before: str | None, chosen: Mapping[str, str]
) -> list[NumberCheck]:
    """Up to `limit` answers stored before the one of id `before`, newest first. `chosen`: columns
    and what they are."""
    query = NumberCheck.select().where(NumberCheck.account == account_id)
    for name, value in chosen.items():
        query = query.where(getattr(NumberCheck, name) == value)
    if before is not None:
        query = query.where(NumberCheck.id < before)
    return list(query.order_by(NumberCheck.id.desc()).limit(limit))

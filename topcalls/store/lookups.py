"""Queries on what was looked up in calls."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from topcalls.store import rows
from topcalls.store.models import CallLookup


def count(call_id: str) -> int:
    """How often something was looked up in a call."""
    return int(CallLookup.select().where(CallLookup.call == call_id).count())


def note(call_id: str, number: int, **columns: Any) -> bool:
    """Store what was looked up in a call; False if it has one of this number."""
    return rows.insert_new(CallLookup, call=call_id, number=number, **columns)


def of_calls(call_ids: Collection[str]) -> list[CallLookup]:
    """What was looked up in these calls, in order."""
    query = CallLookup.select().where(CallLookup.call.in_(list(call_ids)))
    return list(query.order_by(CallLookup.call, CallLookup.number))

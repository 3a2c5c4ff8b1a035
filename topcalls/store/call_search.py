"""Queries for what was said in calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from topcalls.core.call_state import State
from topcalls.store.calls import listed
from topcalls.store.models import Call, TranscriptTurn
from topcalls.store.models.base import tuples

Looked = tuple[str, datetime, str | None]
"""A call that is looked at: its id, when it was created, its summary."""


def newest(
    account_id: str,
    limit: int,
    before: datetime | None,
    states: Iterable[State] | None,
    campaign_id: str | None,
) -> list[Looked]:
    """Up to `limit` calls, as `store.calls.page` lists them."""
    columns = (Call.id, Call.created_at, Call.call_summary)
    query = listed(Call.select(*columns), account_id, before, states, campaign_id)
    return list(tuples(query.limit(limit)))


def texts(call_ids: Collection[str]) -> dict[str, list[str]]:
    """What was said in each of these calls."""
    query = TranscriptTurn.select(TranscriptTurn.call, TranscriptTurn.text)
    found: dict[str, list[str]] = defaultdict(list)
    for call_id, text in tuples(query.where(TranscriptTurn.call.in_(list(call_ids)))):
        found[call_id].append(text)
    return found


def rows(call_ids: Collection[str]) -> list[Call]:
    """These calls, newest first."""
    query = Call.select().where(Call.id.in_(list(call_ids)))
    return list(query.order_by(Call.created_at.desc()))

"""Queries on what callers are saying just now: rows that are gone when a turn is written."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from topcalls.core.call_state import LIVE_STATES
from topcalls.store import rows
from topcalls.store.models import Call, Command, PartialWords
from topcalls.store.models.base import tuples


def put(call_id: str, **columns: Any) -> None:
    """Store what the caller of a call has said so far."""
    rows.put(PartialWords, {"call": call_id}, **columns)


def clear(call_id: str) -> None:
    """Nothing is being said, or it is written."""
    rows.delete(PartialWords, call=call_id)


def of_calls(call_ids: Collection[str]) -> dict[str, PartialWords]:
    """What is being said in these calls, by their ids."""
    if not call_ids:
        return {}
    query = PartialWords.select().where(PartialWords.call.in_(list(call_ids)))
    return {row.call_id: row for row in query}


def unasked(call_ids: Collection[str], kind: str, since: datetime) -> list[str]:
    """Those of these calls that are talked and got no command of this kind since then."""
    asked = Command.select(Command.call).where(
        Command.call.in_(list(call_ids)), Command.kind == kind, Command.created_at > since
    )
    query = Call.select(Call.id).where(
        Call.id.in_(list(call_ids)),
        Call.state.in_(list(LIVE_STATES)),
        Call.answered_at.is_null(False),
        Call.id.not_in(asked),
    )
    return [str(call_id) for (call_id,) in tuples(query)]

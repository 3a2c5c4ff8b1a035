"""Queries on the transfers of calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from topcalls.store.models import CallTransfer

HANDED_OVER = ("transferred", "referred")
"""Outcomes of a transfer that succeeded."""


def insert(call_id: str, number: int, **columns: Any) -> None:
    """Store a transfer that is about to be tried."""
    CallTransfer.insert(call=call_id, number=number, **columns).execute()


def change(call_id: str, number: int, **columns: Any) -> None:
    """Store what is learnt of a transfer."""
    mine = (CallTransfer.call == call_id) & (CallTransfer.number == number)
    CallTransfer.update(**columns).where(mine).execute()


def of_call(call_id: str) -> list[CallTransfer]:
    """The transfers of a call, in order."""
    query = CallTransfer.select().where(CallTransfer.call == call_id)
    return list(query.order_by(CallTransfer.number))


def handed_over(call_ids: list[str]) -> set[str]:
    """Those of the calls that were handed over to somebody."""
    query = CallTransfer.select(CallTransfer.call).where(
        CallTransfer.call.in_(call_ids), CallTransfer.outcome.in_(HANDED_OVER)
    )
    return {row.call_id for row in query}


def end_open(call_id: str, now: datetime) -> None:
    """The call is over, and so are its transfers."""
    mine = (CallTransfer.call == call_id) & CallTransfer.ended_at.is_null()
    CallTransfer.update(ended_at=now).where(mine).execute()

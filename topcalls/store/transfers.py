"""Queries on the transfers of calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from topcalls.store import rows
from topcalls.store.models import CallTransfer

HANDED_OVER = ("transferred", "referred")
"""Outcomes of a transfer that succeeded."""


def insert(call_id: str, number: int, **columns: Any) -> None:
    """Store a transfer that is about to be tried."""
    CallTransfer.insert(call=call_id, number=number, **columns).execute()


def change(call_id: str, number: int, **columns: Any) -> None:
    """Store what is learnt of a transfer."""
    rows.update(CallTransfer, {"call": call_id, "number": number}, **columns)


def of_call(call_id: str) -> list[CallTransfer]:
    """The transfers of a call, in order."""
    return rows.ordered(CallTransfer, "number", call=call_id)


def handed_over(call_ids: list[str]) -> set[str]:
    """Those of the calls that were handed over to somebody."""
    query = CallTransfer.select(CallTransfer.call).where(
        CallTransfer.call.in_(call_ids), CallTransfer.outcome.in_(HANDED_OVER)
    )
    return {row.call_id for row in query}


def end_open(call_id: str, now: datetime) -> None:
    """The call is over, and so are its transfers."""
    rows.update(CallTransfer, {"call": call_id, "ended_at": None}, ended_at=now)

"""Queries on what answered calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from topcalls.store.models import CallAnswer


def put(call_id: str, **columns: Any) -> None:
    """Store a verdict; the first one of a call stays its `first_kind`."""
    changed = CallAnswer.update(**columns).where(CallAnswer.call == call_id).execute()
    if not changed:
        CallAnswer.insert(call=call_id, first_kind=columns["kind"], **columns).execute()


def of_call(call_id: str) -> CallAnswer | None:
    """The verdict of a call."""
    found: CallAnswer | None = CallAnswer.get_or_none(CallAnswer.call == call_id)
    return found


def correct(call_id: str, kind: str, now: datetime) -> None:
    """Store what a user says it was."""
    mine = CallAnswer.call == call_id
    CallAnswer.update(corrected=kind, corrected_at=now).where(mine).execute()

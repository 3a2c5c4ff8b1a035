"""Queries on recordings that are on their way to where they are kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from topcalls.store import leases, rows
from topcalls.store.models import Call, CallRecording
from topcalls.store.models.base import tuples

_KEPT = ("stored", "lost")


def begin(call_id: str, node: str, now: datetime, state: str = "recording") -> None:
    """The switch writes this call's sound in the spool of `node`. A second time changes nothing."""
    CallRecording.insert(
        call=call_id, node=node, state=state, available_at=now
    ).on_conflict_ignore().execute()


def get(call_id: str) -> CallRecording | None:
    """The recording of a call."""
    return CallRecording.get_or_none(CallRecording.call == call_id)


def change(call_id: str, **columns: Any) -> None:
    """Write columns of a recording."""
    rows.update(CallRecording, {"call": call_id}, **columns)


def calls_of(names: Collection[str]) -> list[Call]:
    """The calls of these ids, those that there are."""
    return list(Call.select().where(Call.id.in_(list(names))))


def claim(call_id: str, owner: str, now: datetime, seconds: float) -> bool:
    """Take a recording that is to be stored; True for the one winner."""
    return leases.claim(
        CallRecording,
        call_id,
        owner,
        now,
        seconds,
        CallRecording.available_at <= now,
        CallRecording.state.not_in(_KEPT),
        state="waiting",
    )


def extend(call_ids: Collection[str], owner: str, until: datetime) -> set[str]:
    """Hold recordings until then; those that are no longer the owner's."""
    return leases.extend(CallRecording, call_ids, owner, until)


def let_go(call_id: str, owner: str, **columns: Any) -> bool:
    """Write what came of it; False if it was no longer the owner's."""
    return leases.complete(CallRecording, call_id, owner, **columns)


def overdue(node: str, before: datetime, limit: int) -> list[str]:
    """Recordings of calls that ended before then, and that are neither stored nor lost."""
    query = (
        CallRecording.select(CallRecording.call)
        .join(Call)
        .where(
            CallRecording.node == node,
            CallRecording.state.not_in(_KEPT),
            Call.ended_at <= before,
        )
        .limit(limit)
    )
    return [call_id for (call_id,) in tuples(query)]


def waiting() -> tuple[int, str | None]:
    """How many are complete and could not be stored so far, and why the last of them was not."""
    stuck = (CallRecording.state == "waiting") & (CallRecording.failures > 0)
    count: int = CallRecording.select().where(stuck).count()
    last = (
        CallRecording.select(CallRecording.problem)
        .where(stuck)
        .order_by(CallRecording.available_at.desc())
        .first()
    )
    return count, last.problem if last is not None else None


def expired(now: datetime, limit: int) -> list[tuple[str, str | None]]:
    """Calls whose recording was kept for long enough, and its name in the store."""
    query = (
        CallRecording.select(CallRecording.call, Call.recording_file)
        .join(Call)
        .where(CallRecording.expires_at.is_null(False), CallRecording.expires_at <= now)
        .order_by(CallRecording.expires_at)
        .limit(limit)
    )
    return [(call_id, name) for call_id, name in tuples(query)]

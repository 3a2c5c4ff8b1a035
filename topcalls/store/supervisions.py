"""Queries on supervisors of calls, and on the codes of live calls."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from topcalls.core.call_state import State
from topcalls.store import rows
from topcalls.store.models import Call, CallSupervision, LiveCode
from topcalls.store.models.base import tuples
from topcalls.store.models.calls import IS_LIVE

# --- stays


def insert(call_id: str, number: int, **columns: Any) -> None:
    """Store a stay that is about to begin."""
    CallSupervision.insert(call=call_id, number=number, **columns).execute()


def change(call_id: str, number: int, **columns: Any) -> None:
    """Store what is learnt of a stay."""
    rows.update(CallSupervision, {"call": call_id, "number": number}, **columns)


def of_call(call_id: str) -> list[CallSupervision]:
    """The stays on a call, in order."""
    return rows.ordered(CallSupervision, "number", call=call_id)


def is_known(channel_id: str) -> bool:
    """A stay began on this leg."""
    return bool(CallSupervision.select().where(CallSupervision.channel_id == channel_id).exists())


def end_open(call_id: str, outcome: str, now: datetime) -> None:
    """Whoever is on a call is there no more."""
    is_open = {"call": call_id, "ended_at": None}
    rows.update(CallSupervision, is_open, ended_at=now, outcome=outcome)


# --- live calls


def give_code(account_id: str, call_id: str, candidates: Iterable[str]) -> None:
    """Let a call be named by the first of these codes that no other live call has."""
    for code in candidates:
        made = LiveCode.insert(account=account_id, code=code, call=call_id)
        made.on_conflict_ignore().execute()
        if code_of(call_id) is not None:
            return


def free_code(call_id: str) -> None:
    """The call is over: another one may have its code."""
    rows.delete(LiveCode, call=call_id)


def code_of(call_id: str) -> str | None:
    """The code of a live call."""
    row = LiveCode.get_or_none(LiveCode.call == call_id)
    return None if row is None else str(row.code)


def live_of(account_id: str, limit: int) -> list[tuple[Any, ...]]:
    """An account's live calls, the last answered first: id, code, direction, state, both numbers,
    agent, node, owner, when each was created and answered."""
    query = (
        Call.select(
            Call.id,
            LiveCode.code,
            Call.direction,
            Call.state,
            Call.phone_number,
            Call.from_number,
            Call.agent_id,
            Call.node,
            Call.lease_owner,
            Call.created_at,
            Call.answered_at,
        )
        .left_outer_join(LiveCode, on=(LiveCode.call == Call.id))
        .where(Call.account == account_id, IS_LIVE, Call.state != State.ENDING)
        .order_by(Call.answered_at.desc(nulls="LAST"), Call.created_at.desc())
        .limit(limit)
    )
    return list(tuples(query))


def count_live(account_id: str) -> int:
    """How many they are."""
    query = Call.select().where(Call.account == account_id, IS_LIVE, Call.state != State.ENDING)
    return int(query.count())


def present(call_ids: Collection[str]) -> list[CallSupervision]:
    """Who is on these calls now, or about to be."""
    if not call_ids:
        return []
    query = CallSupervision.select().where(
        CallSupervision.call.in_(list(call_ids)), CallSupervision.ended_at.is_null()
    )
    return list(query.order_by(CallSupervision.call, CallSupervision.number))

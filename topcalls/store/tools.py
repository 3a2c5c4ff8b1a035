"""Queries on calls of tools, and on the secrets of tools."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from topcalls.core.tools import ToolStatus
from topcalls.store import rows
from topcalls.store.locking import locked
from topcalls.store.models import CallTool, ToolSecret

_OPEN = (ToolStatus.RUNNING, ToolStatus.PENDING)


def locked_use(use_id: str) -> CallTool | None:
    """One call of a tool, kept from other writers until the end of the verb."""
    found: list[CallTool] = list(locked(CallTool.select().where(CallTool.id == use_id)))
    return found[0] if found else None


def insert(use_id: str, call_id: str, **columns: Any) -> None:
    """Store a call of a tool, unless it is stored."""
    rows.insert_new(CallTool, id=use_id, call=call_id, change=_next(call_id), **columns)


def change(call_id: str, use_id: str, **columns: Any) -> None:
    """Store what is learnt of a call of a tool."""
    CallTool.update(change=_next(call_id), **columns).where(CallTool.id == use_id).execute()


def of_calls(call_ids: Collection[str]) -> list[CallTool]:
    """The calls of tools in these calls, in the order in which they were made."""
    if not call_ids:
        return []
    query = CallTool.select().where(CallTool.call.in_(list(call_ids)))
    return list(query.order_by(CallTool.called_at, CallTool.id))


def interrupt(call_id: str, now: datetime) -> None:
    """The call is over: what was running is not waited for any more."""
    running = {"call": call_id, "status": ToolStatus.RUNNING}
    learnt = {"status": ToolStatus.INTERRUPTED, "finished_at": now, "change": _next(call_id)}
    rows.update(CallTool, running, **learnt)


def _next(call_id: str) -> int:
    """The number of the next change; the call is locked."""
    ((last,),) = rows.select("SELECT MAX(change) FROM call_tool WHERE call_id = ?", call_id)
    return int(last or 0) + 1


def secret(account_id: str, secret_id: str) -> ToolSecret | None:
    """The header values of this id, if they are this account's."""
    mine = (ToolSecret.id == secret_id) & (ToolSecret.account == account_id)
    return ToolSecret.get_or_none(mine)


def secret_like(account_id: str, digest: str) -> str | None:
    """The id of the same header values."""
    query = ToolSecret.select(ToolSecret.id).where(
        ToolSecret.account == account_id, ToolSecret.digest == digest
    )
    return next((str(row.id) for row in query), None)


def insert_secret(**columns: Any) -> bool:
    """Store header values, unless the same are there already."""
    return rows.insert_new(ToolSecret, **columns)

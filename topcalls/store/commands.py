"""Queries on commands to live calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from topcalls.ids import new_id
from topcalls.store import leases, rows
from topcalls.store.fields import to_microseconds
from topcalls.store.models import Call, Command

STOP = "stop"


def insert(call_id: str, kind: str, payload: dict[str, Any], tries: int, now: datetime) -> str:
    """Store a command; its id."""
    command = Command.create(
        id=new_id(),
        call=call_id,
        kind=kind,
        payload=payload,
        tries_left=tries,
        available_at=now,
        created_at=now,
    )
    return str(command.id)


def open_like(call_id: str, kind: str, payload: dict[str, Any]) -> str | None:
    """A command that asks for the same and is not carried out yet."""
    query = Command.select().where(
        Command.call == call_id, Command.kind == kind, Command.finished_at.is_null()
    )
    return next((str(command.id) for command in query if command.payload == payload), None)


def open_stop(call_id: str) -> Command | None:
    """What was asked of a call by `stop`, and is not done yet."""
    return Command.get_or_none(
        Command.call == call_id, Command.kind == STOP, Command.finished_at.is_null()
    )


_ANYTHING_FOR = """
SELECT 1 FROM command JOIN call ON call.id = command.call_id
WHERE command.finished_at IS NULL AND call.lease_owner = ? AND command.tries_left > 0
AND (command.lease_until IS NULL OR command.lease_until <= ?) LIMIT 1
"""


def anything_for(owner: str, now: datetime) -> bool:
    """A command waits for a call of this owner: a look that needs no lock."""
    return bool(rows.select(_ANYTHING_FOR, owner, to_microseconds(now)))


def claim(owner: str, now: datetime, seconds: float, limit: int) -> list[Command]:
    """Take the open commands for calls that `owner` holds."""
    mine = Call.select(Call.id).where(Call.lease_owner == owner)
    return leases.claim_due(
        Command, owner, now, seconds, limit, Command.finished_at.is_null(), Command.call.in_(mine)
    )


def put_off(command_id: str, owner: str) -> None:
    """Let go of a command, whose place in the order it keeps."""
    leases.complete(Command, command_id, owner, tries_left=Command.tries_left + 1)


def finish(command_id: str, result: Any, now: datetime) -> bool:
    """Store what came of a command; False if that was known already.

    What was asked is forgotten: it may have been somebody's secret.
    """
    return _finish({"id": command_id}, result, now) == 1


def finish_all(call_id: str, result: Any, now: datetime, kind: str | None = None) -> None:
    """Answer every open command of a call, or those of one kind."""
    _finish({"call": call_id} | ({} if kind is None else {"kind": kind}), result, now)


def _finish(which: dict[str, Any], result: Any, now: datetime) -> int:
    """How many were open."""
    answered = {"finished_at": now, "result": result, "payload": {}}
    is_open = {**which, "finished_at": None}
    return rows.update(Command, is_open, **answered, lease_owner=None, lease_until=None)


def get(command_id: str) -> Command | None:
    """One command."""
    return Command.get_or_none(Command.id == command_id)

"""The calls of tools: kept by controllers, shown to users."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from topcalls import metrics
from topcalls.core.personal_data import Rules
from topcalls.core.tool_cassette import recording
from topcalls.core.tools import ToolRecord, ToolStatus
from topcalls.errors import NotFound
from topcalls.services.redacted_calls import (
    json_without,
    rules_for_readers,
    rules_for_writers,
    text_without,
)
from topcalls.store import calls, tools
from topcalls.store.database import Database
from topcalls.store.locking import lock_call
from topcalls.store.models import CallTool

CUSTOM = "custom"
"""The name by which all customers' tools are counted: theirs are too many for a metric."""


@dataclass(frozen=True, slots=True)
class ToolView:
    """One call of a tool, as the call's owner sees it. `arguments` and `result` are JSON values, or
    the text where it is none."""

    id: str
    name: str
    is_builtin: bool
    arguments: Any
    result: Any
    status: ToolStatus
    error: str | None
    http_status: int | None
    attempts: int
    called_ms: int
    duration_ms: int | None
    called_at: datetime
    finished_at: datetime | None


class Tools:
    """Writes for controllers, reads for users."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # --- controllers

    def note(self, call_id: str, record: ToolRecord, at: datetime) -> None:
        """Store how it stands with a call of a tool. Noting the same again changes nothing, and
        what is over stays as it is."""
        if self._db.run(_note, call_id, record, at):
            tool = record.name if record.is_builtin else CUSTOM
            metrics.tool_calls.labels(tool, record.status.value).inc()
            if record.duration_ms is not None:
                metrics.tool_seconds.labels(tool).observe(record.duration_ms / 1000)

    # --- users

    def of_call(self, account_id: str, call_id: str) -> list[ToolView]:
        """The calls of tools in a call of this account, in order; none for any other call."""

        def verb() -> list[ToolView]:
            call = calls.of_account(account_id, call_id)
            if call is None:
                return []
            rules = rules_for_readers(call)
            return [tool_view(row, rules) for row in tools.of_calls([call_id])]

        return self._db.read(verb)

    def cassette(self, account_id: str, call_id: str) -> dict[str, Any]:
        """What the tools of a call answered, for `tool_cassette` of others. Raises NotFound."""

        def verb() -> dict[str, Any]:
            call = calls.of_account(account_id, call_id)
            if call is None:
                raise NotFound("No such call.")
            rules = rules_for_readers(call)
            return recording(call_id, [_record(row, rules) for row in tools.of_calls([call_id])])

        return self._db.read(verb)


def records_of(call_ids: Collection[str]) -> dict[str, tuple[ToolRecord, ...]]:
    """What is kept of the tools called in these calls; part of a verb."""
    found: dict[str, tuple[ToolRecord, ...]] = dict.fromkeys(call_ids, ())
    for row in tools.of_calls(call_ids):
        found[row.call_id] = (*found[row.call_id], _record(row))
    return found


def tool_view(row: CallTool, rules: Rules | None = None) -> ToolView:
    """A row for its owner, without what `rules` take out."""
    output = json_without(row.output, rules)
    return ToolView(
        id=row.id,
        name=row.name,
        is_builtin=row.is_builtin,
        arguments=_value(json_without(row.arguments, rules) or ""),
        result=None if output is None else _value(output),
        status=ToolStatus(row.status),
        error=text_without(row.error, rules),
        http_status=row.http_status,
        attempts=row.attempts,
        called_ms=row.called_ms,
        duration_ms=row.duration_ms,
        called_at=row.called_at,
        finished_at=row.finished_at,
    )


def _note(call_id: str, record: ToolRecord, at: datetime) -> bool:
    """Whether it is over by this."""
    began = at - timedelta(milliseconds=record.duration_ms or 0)
    lock_call(call_id)
    call = calls.get(call_id)
    rules = None if call is None else rules_for_writers(call)
    learnt = {
        "status": record.status,
        "output": json_without(record.output, rules),
        "error": text_without(record.error, rules),
        "http_status": record.http_status,
        "attempts": record.attempts,
        "duration_ms": record.duration_ms,
        "finished_at": at if record.status.is_final else None,
    }
    row = tools.locked_use(record.id)
    if row is None:
        tools.insert(
            record.id,
            call_id,
            name=record.name,
            is_builtin=record.is_builtin,
            arguments=json_without(record.arguments, rules),
            called_ms=record.called_ms,
            called_at=began,
            **learnt,
        )
    elif _goes_back(ToolStatus(row.status), record.status):
        return False
    else:
        tools.change(call_id, record.id, **learnt)
    return record.status.is_final


def _goes_back(before: ToolStatus, after: ToolStatus) -> bool:
    order = (ToolStatus.RUNNING, ToolStatus.PENDING)
    return before.is_final or (after in order and order.index(after) <= order.index(before))


def _record(row: CallTool, rules: Rules | None = None) -> ToolRecord:
    return ToolRecord(
        row.id,
        row.name,
        row.is_builtin,
        json_without(row.arguments, rules) or "",
        row.called_ms,
        ToolStatus(row.status),
        json_without(row.output, rules),
        text_without(row.error, rules),
        row.http_status,
        row.attempts,
        row.duration_ms,
    )


def _value(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text

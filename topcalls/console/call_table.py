"""Calls as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from topcalls.console.wording import hidden_number, without_numbers
from topcalls.core.csv_cells import plain_cell

_COLUMNS: Final = (
    "id",
    "created_at",
    "started_at",
    "end_at",
    "direction",
    "phone_number",
    "from_phone_number",
    "call_status",
    "end_reason",
    "answered_by",
    "duration",
    "actual_duration_billed",
    "disposition",
    "sentiment",
    "success",
    "campaign_id",
    "lead_id",
    "agent_id",
    "agent_version",
    "call_summary",
    "error_message",
)
_NUMBERS: Final = ("phone_number", "from_phone_number")
_TEXTS: Final = ("call_summary", "error_message")


def lines(calls: Iterable[Mapping[str, Any]], *, with_numbers: bool) -> Iterator[str]:
    """The table, line by line: headings, then a line for each call of the API's lists."""
    yield _line(_COLUMNS)
    for call in calls:
        shown = {name: call.get(name) for name in _COLUMNS}
        if not with_numbers:
            shown |= _masked(call)
        yield _line(map(plain_cell, shown.values()))


def _masked(call: Mapping[str, Any]) -> dict[str, str]:
    numbers = [call.get(name) for name in _NUMBERS]
    texts = {name: without_numbers(call.get(name) or "", *numbers) for name in _TEXTS}
    return {name: hidden_number(call.get(name)) for name in _NUMBERS} | texts


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()

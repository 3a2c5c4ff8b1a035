"""Calls counted, as a table of comma-separated values: a row for each group."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from topcalls.api.schemas.statistics import shown
from topcalls.core.call_statistics import OUTCOMES
from topcalls.core.csv_cells import plain_cell
from topcalls.core.latency import SHARES
from topcalls.services.statistics import Report

_PLAIN = (
    "group",
    "name",
    "calls",
    "dialled",
    "answered",
    "completed",
    "answer_rate",
    "completion_rate",
    "minutes",
    "average_seconds",
    "input_tokens",
    "output_tokens",
    "cost",
    "calls_of_unknown_cost",
)
_PERCENTILES = ("p50", "p95", "p99")


def table(report: Report) -> str:
    """The table, with a line of headings. Outcomes have a column for each word that there is."""
    rows = [shown(group) for group in report.groups]
    found = {(kind, word) for row in rows for kind, had in row["outcomes"].items() for word in had}
    kinds = sorted(found, key=lambda one: (OUTCOMES.index(one[0]), one[1]))
    spreads = [(share, which) for share in SHARES for which in _PERCENTILES]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            *_PLAIN,
            *(f"latency.{share}.{which}" for share, which in spreads),
            *(f"{kind}.{word}" for kind, word in kinds),
        ]
    )
    for row in rows:
        writer.writerow(map(plain_cell, _cells(row, spreads, kinds)))
    return out.getvalue()


def _cells(
    row: dict[str, Any], spreads: list[tuple[str, str]], kinds: list[tuple[str, str]]
) -> Iterable[Any]:
    yield from (row[name] for name in _PLAIN)
    for share, which in spreads:
        spread = row["latency"][share]
        yield None if spread is None else getattr(spread, which)
    for kind, word in kinds:
        yield row["outcomes"].get(kind, {}).get(word, 0)

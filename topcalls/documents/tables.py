"""Rows of data: CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from topcalls.core.knowledge import MOST_DOCUMENT_PASSAGES, Failure, Row
from topcalls.documents.plain import decoded
from topcalls.documents.reading import DocumentFault, Reading

MOST_FIELDS = 50
LONGEST_NAME = 100
_DELIMITERS = ",;\t|"


def read_csv(data: bytes) -> Reading:
    """CSV with a line of names above; the delimiter is found out."""
    text = decoded(data)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:64_000], _DELIMITERS)
    except csv.Error:
        dialect = csv.excel  # a single column has no delimiter
    csv.field_size_limit(1_000_000)
    try:
        lines = csv.reader(io.StringIO(text), dialect)
        names = [name.strip()[:LONGEST_NAME] for name in next(lines, [])][:MOST_FIELDS]
        rows = [
            Row(number, {name: value.strip() for name, value in zip(names, line, strict=False)})
            for number, line in enumerate(lines, 1)
            if any(value.strip() for value in line)
        ]
    except csv.Error as error:
        raise DocumentFault(Failure.BROKEN, str(error)) from None
    return _reading(rows)


def read_json(data: bytes) -> Reading:
    """A JSON list of objects, or an object that holds one."""
    try:
        value = json.loads(decoded(data))
    except (ValueError, RecursionError) as error:
        raise DocumentFault(Failure.BROKEN, str(error)[:200]) from None
    return read_rows(value)


def read_rows(value: Any) -> Reading:
    """Rows as they were sent. Objects inside a row are fields with dots in their names."""
    if isinstance(value, Mapping):
        lists = [item for item in value.values() if isinstance(item, list)]
        value = lists[0] if len(lists) == 1 else [value]
    if not isinstance(value, list):
        raise DocumentFault(Failure.NO_ROWS)
    rows = [
        Row(number, dict(list(_flat(item, ""))[:MOST_FIELDS]))
        for number, item in enumerate(value, 1)
        if isinstance(item, Mapping) and item
    ]
    return _reading(rows)


def _reading(rows: list[Row]) -> Reading:
    if not any(value for row in rows for value in row.fields.values()):
        raise DocumentFault(Failure.NO_ROWS)
    if len(rows) > MOST_DOCUMENT_PASSAGES:
        most = f"It has {len(rows)} rows; {MOST_DOCUMENT_PASSAGES} can be taken in."
        raise DocumentFault(Failure.TOO_LARGE, most)
    return Reading(rows=tuple(rows))


def _flat(item: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in item.items():
        name = f"{prefix}{key}"[:LONGEST_NAME]
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        elif value is not None and value != "":
            yield name, _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(str(item) for item in value)
    return json.dumps(value, ensure_ascii=False)

"""Every stored secret, wherever it is: found by the kind of its column, written again under the
first key.

Values are read and written as they are stored: the text of a secret never leaves the cipher.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from topcalls.errors import ConfigError
from topcalls.store import rows
from topcalls.store.current import current
from topcalls.store.fields import SecretField
from topcalls.store.models import TABLES
from topcalls.store.models.base import Table


class Column(NamedTuple):
    """An encrypted column, the names as SQL has them. `key` is the table's primary key."""

    table: str
    key: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


class Batch(NamedTuple):
    """Rows looked at and written again; `last` is the key to go on behind, None at the end."""

    seen: int
    rewritten: int
    last: Any


def columns() -> tuple[Column, ...]:
    """Every encrypted column of the schema."""
    return tuple(
        Column(meta.table_name, meta.primary_key.column_name, field.column_name)
        for meta in map(_meta, TABLES)
        for field in meta.sorted_fields
        if isinstance(field, SecretField)
    )


def rotate(column: Column, after: Any, limit: int) -> Batch:
    """Write the secrets of up to `limit` rows again, in the order of the primary key.

    A row that was changed since it was read is left as it is: whoever wrote it used the first key.

    Raises:
        ConfigError: a secret was encrypted with a key that is not configured; names the row.
    """
    found = _rows(column, after, limit)
    rewritten = 0
    for key, stored in found:
        fresh = _rotated(column, key, stored)
        if fresh is not None:
            rewritten += _replace(column, key, stored, fresh)
    return Batch(len(found), rewritten, found[-1][0] if len(found) == limit else None)


def of_rows(
    model: type[Table], keys: Collection[str], *names: str
) -> dict[str, tuple[str | None, ...] | None]:
    """The secrets of several rows, by primary key; None for a row with one that was encrypted with
    a key that is not configured."""
    if not keys:
        return {}
    meta, wanted = _meta(model), list(keys)
    selected = ", ".join(f'"{meta.fields[name].column_name}"' for name in names)
    key = meta.primary_key.column_name
    text = (
        f'SELECT "{key}", {selected} FROM "{meta.table_name}" '
        f'WHERE "{key}" IN ({", ".join("?" * len(wanted))})'
    )
    return {found: _opened(stored) for found, *stored in rows.select(text, *wanted)}


def _opened(stored: Collection[str | None]) -> tuple[str | None, ...] | None:
    cipher = current().cipher
    try:
        return tuple(None if text is None else cipher.decrypt(text) for text in stored)
    except ConfigError:
        return None


def open_all(limit: int) -> int:
    """Decrypt up to `limit` secrets of each column; how many there were.

    Raises:
        ConfigError: one of them does not open.
    """
    cipher, count = current().cipher, 0
    for column in columns():
        for _, stored in _rows(column, None, limit):
            cipher.decrypt(stored)
            count += 1
    return count


def _rotated(column: Column, key: Any, stored: str) -> str | None:
    try:
        return current().cipher.rotate(stored)
    except ConfigError as error:
        raise ConfigError(
            f"The secret in {column} of {key} was encrypted with a key that is not configured.",
            field=error.field,
            remedy=error.remedy,
        ) from error


def _rows(column: Column, after: Any, limit: int) -> list[tuple[Any, ...]]:
    behind = "" if after is None else f'AND "{column.key}" > ? '
    text = (
        f'SELECT "{column.key}", "{column.name}" FROM "{column.table}" '
        f'WHERE "{column.name}" IS NOT NULL {behind}ORDER BY "{column.key}" LIMIT ?'
    )
    return rows.select(text, *(() if after is None else (after,)), limit)


def _replace(column: Column, key: Any, stored: str, fresh: str) -> int:
    text = (
        f'UPDATE "{column.table}" SET "{column.name}" = ? '
        f'WHERE "{column.key}" = ? AND "{column.name}" = ?'
    )
    return rows.change(text, fresh, key, stored)


def _meta(table: Any) -> Any:
    return table._meta

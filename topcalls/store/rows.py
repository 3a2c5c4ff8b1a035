"""The few statements that every request and every event make, without building them each time.

peewee takes longer to write a statement than SQLite to run it. Here the text is made once per table
and set of columns and kept; values still pass through the fields, so they are stored alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, TypeVar

from topcalls.store.current import current
from topcalls.store.models.base import Table

Row = TypeVar("Row", bound=Table)
_Condition = tuple[tuple[str, bool], ...]  # columns, and whether they are to be null
_LOCK: Final = " FOR NO KEY UPDATE"


def insert(model: type[Table], **columns: Any) -> None:
    """Store one row; columns that are left out get their default.

    On PostgreSQL it leaves with what is waited for next, which raises its error.
    """
    meta: Any = model._meta
    values = {**meta.get_default_dict(), **columns}
    _post(_insert_text(model, tuple(values)), _stored(model, values))


def insert_new(model: type[Table], **columns: Any) -> bool:
    """Store one row unless a unique index has its like already; whether it was stored."""
    meta: Any = model._meta
    values = {**meta.get_default_dict(), **columns}
    text = _insert_text(model, tuple(values)) + " ON CONFLICT DO NOTHING"
    cursor = _execute(text, _stored(model, values))
    return bool(cursor.rowcount)


def put(model: type[Table], key: dict[str, Any], **columns: Any) -> None:
    """Store the row with this unique key, or change it; columns left out get their default, or
    stay as they are. Like `insert`, it is not waited for on PostgreSQL."""
    meta: Any = model._meta
    values = {**meta.get_default_dict(), **key, **columns}
    text = _insert_text(model, tuple(values)) + _otherwise_update(model, tuple(key), tuple(columns))
    _post(text, _stored(model, values))


def put_counted(
    model: type[Table], key: dict[str, Any], scope: str, counter: str, **columns: Any
) -> None:
    """Like `put`, and `counter` becomes one more than that of any row with the same `scope`, which
    is a part of the key."""
    meta: Any = model._meta
    values = {**meta.get_default_dict(), **key, **columns}
    values.pop(counter)
    text = _counted_text(model, tuple(values), tuple(key), tuple(columns), scope, counter)
    fields = model._meta.fields
    _post(text, [*_stored(model, values), fields[scope].db_value(key[scope])])


def update(model: type[Table], where: dict[str, Any], **columns: Any) -> int:
    """Change the rows whose columns equal those of `where` (None: are null); how many it were."""
    text = _update_text(model, tuple(columns), _condition(where))
    cursor = _execute(text, _stored(model, columns) + _wanted(model, where))
    count: int = cursor.rowcount
    return count


def set_columns(model: type[Table], key: Any, **columns: Any) -> None:
    """Change the row with this primary key; like `insert`, it is not waited for on PostgreSQL."""
    meta: Any = model._meta
    name = meta.primary_key.name
    _post(
        _update_text(model, tuple(columns), ((name, False),)),
        [*_stored(model, columns), *_stored(model, {name: key})],
    )


def lock(model: type[Table], key: Any) -> None:
    """Keep the row with this primary key from other writers, before anything else is read.

    On PostgreSQL it leaves with the next statement, before it.
    """
    meta: Any = model._meta
    name = meta.primary_key.column_name
    _post(f'SELECT 1 FROM {_table(model)} WHERE "{name}" = ?{_LOCK}', [key])


def get(model: type[Row], key: Any) -> Row | None:
    """The row with this primary key."""
    meta: Any = model._meta
    return one(model, **{meta.primary_key.name: key})


def one(model: type[Row], *, lock: bool = False, **where: Any) -> Row | None:
    """A row whose columns equal those of `where`. `lock`: it is kept from other writers until the
    end of the verb."""
    text = _select_text(model, _condition(where))
    if lock and current().peewee.for_update:
        text += _LOCK
    return next(iter(_rows(model, text, where)), None)


def ordered(model: type[Row], by: str, **where: Any) -> list[Row]:
    """The rows whose columns equal those of `where` (None: are null), by one column, rising."""
    text = f"{_select_text(model, _condition(where))} ORDER BY {_column(model, by)}"
    return list(_rows(model, text, where))


def delete(model: type[Table], **where: Any) -> int:
    """Delete the rows whose columns equal those of `where` (None: are null); how many it were."""
    text = f"DELETE FROM {_table(model)} WHERE {_equal(model, _condition(where))}"
    count: int = _execute(text, _wanted(model, where)).rowcount
    return count


def select(text: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a SELECT written by hand, with `?` for each value, as they are stored."""
    return list(_execute(text, list(values)).fetchall())


def change(text: str, *values: Any) -> int:
    """Carry out an UPDATE written by hand, values as they are stored; how many rows it changed."""
    count: int = _execute(text, list(values)).rowcount
    return count


def _execute(text: str, values: list[Any]) -> Any:
    database: Any = current().peewee
    return database.execute_sql(_styled(text), values)


def _post(text: str, values: list[Any]) -> None:
    database: Any = current().peewee
    post = getattr(database, "post_sql", database.execute_sql)
    post(_styled(text), values)


def _styled(text: str) -> str:
    return text.replace("?", current().peewee.param)


def _rows(model: type[Row], text: str, where: dict[str, Any]) -> Iterable[Row]:
    query: Any = model.raw(_styled(text), *_wanted(model, where))
    return query  # type: ignore[no-any-return]


def _condition(where: dict[str, Any]) -> _Condition:
    return tuple((name, value is None) for name, value in where.items())


def _wanted(model: type[Table], where: dict[str, Any]) -> list[Any]:
    return _stored(model, {name: value for name, value in where.items() if value is not None})


def _stored(model: type[Table], values: dict[str, Any]) -> list[Any]:
    fields = model._meta.fields
    return [fields[name].db_value(value) for name, value in values.items()]


@cache
def _insert_text(model: type[Table], names: tuple[str, ...]) -> str:
    columns = ", ".join(_column(model, name) for name in names)
    return f"INSERT INTO {_table(model)} ({columns}) VALUES ({', '.join('?' * len(names))})"


@cache
def _otherwise_update(model: type[Table], key: tuple[str, ...], names: tuple[str, ...]) -> str:
    target = ", ".join(_column(model, name) for name in key)
    changes = ", ".join(
        f"{_column(model, name)} = EXCLUDED.{_column(model, name)}" for name in names
    )
    return f" ON CONFLICT ({target}) DO UPDATE SET {changes}"


@cache
def _counted_text(
    model: type[Table],
    names: tuple[str, ...],
    key: tuple[str, ...],
    changed: tuple[str, ...],
    scope: str,
    counter: str,
) -> str:
    columns = ", ".join(_column(model, name) for name in (*names, counter))
    last = f"SELECT COALESCE(MAX({_column(model, counter)}), 0) + 1 FROM {_table(model)}"
    number = f"({last} WHERE {_column(model, scope)} = ?)"
    values = ", ".join(("?",) * len(names))
    insert = f"INSERT INTO {_table(model)} ({columns}) VALUES ({values}, {number})"
    return insert + _otherwise_update(model, key, (*changed, counter))


@cache
def _update_text(model: type[Table], names: tuple[str, ...], where: _Condition) -> str:
    changes = ", ".join(f"{_column(model, name)} = ?" for name in names)
    return f"UPDATE {_table(model)} SET {changes} WHERE {_equal(model, where)}"


@cache
def _select_text(model: type[Table], where: _Condition) -> str:
    meta: Any = model._meta
    columns = ", ".join(f'"{field.column_name}"' for field in meta.sorted_fields)
    return f"SELECT {columns} FROM {_table(model)} WHERE {_equal(model, where)}"


def _equal(model: type[Table], where: _Condition) -> str:
    return " AND ".join(
        f"{_column(model, name)} {'IS NULL' if is_null else '= ?'}" for name, is_null in where
    )


def _table(model: type[Table]) -> str:
    return f'"{model._meta.table_name}"'


def _column(model: type[Table], name: str) -> str:
    return f'"{model._meta.fields[name].column_name}"'

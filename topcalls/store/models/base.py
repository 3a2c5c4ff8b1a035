"""What all tables share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import peewee

from topcalls.store.current import proxy
from topcalls.store.fields import InstantField


class Table(peewee.Model):
    """A table of whichever database the running verb works on."""

    class Meta:
        database = proxy
        legacy_table_names = False


class Leased(Table):
    """Rows that one worker at a time may hold, until `lease_until`. See `store.leases`."""

    lease_owner = peewee.TextField(null=True)
    lease_until = InstantField(null=True)


class Task(Leased):
    """A leased row of work that is due at `available_at` and may be tried a number of times."""

    available_at = InstantField()
    tries_left = peewee.IntegerField()


def id_field(**options: Any) -> peewee.CharField:
    """An identifier made by `topcalls.ids`."""
    return peewee.CharField(max_length=36, **options)


def counted() -> peewee.IntegerField:
    """The number of the last change to a row, among those of its call."""
    return peewee.IntegerField(default=1, constraints=[peewee.SQL("DEFAULT 1")])


def literals(values: Iterable[str]) -> peewee.SQL:
    """`('a', 'b')` as literal SQL: a partial index is found by literals only.

    Values are enum members of ours, never input.
    """
    quoted = ", ".join("'" + str(value).replace("'", "''") + "'" for value in values)
    return peewee.SQL(f"({quoted})")


def one_of(column: str, values: Iterable[str]) -> peewee.Node:
    """A check constraint that allows the members of an enum only."""
    return peewee.Check(f'"{column}" IN {literals(values).sql}')


def tuples(query: Any) -> list[tuple[Any, ...]]:
    """The rows of a query as plain tuples of its columns."""
    return list(query.tuples())

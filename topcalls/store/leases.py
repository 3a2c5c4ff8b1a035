"""Work is a row with a lease: the one way in which processes share work.

A row is claimed by a single conditional UPDATE; its row count tells who won, on every database and
between any number of processes. A lease that is not extended in time is free again, so the work of
a process that died is done by another. `complete` and `give_back` succeed for the holder only: who
was too slow learns it from the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import peewee

from topcalls.store.locking import locked
from topcalls.store.models.base import Leased, Task, tuples
from topcalls.store.models.processes import NamedLease

Row = TypeVar("Row", bound=Task)


def is_free(model: type[Leased], now: datetime) -> peewee.Expression:
    """The row is held by nobody, or by somebody whose time is over."""
    free: peewee.Expression = model.lease_until.is_null() | (model.lease_until <= now)
    return free


def claim(
    model: type[Leased],
    key: str,
    owner: str,
    now: datetime,
    seconds: float,
    *conditions: Any,
    **changes: Any,
) -> bool:
    """Take one row for `seconds`, if it is free and meets `conditions`; True for the one winner."""
    if issubclass(model, Task):
        conditions += (model.tries_left > 0, model.available_at <= now)
        changes.setdefault("tries_left", model.tries_left - 1)
    changes |= {"lease_owner": owner, "lease_until": now + timedelta(seconds=seconds)}
    query = model.update(**changes).where(_key(model) == key, is_free(model, now), *conditions)
    return bool(query.execute() == 1)


def claim_due(
    model: type[Row], owner: str, now: datetime, seconds: float, limit: int, *conditions: Any
) -> list[Row]:
    """Take up to `limit` rows that are due, longest due first."""
    due = (
        model.select(_key(model))
        .where(
            model.available_at <= now,
            model.tries_left > 0,
            is_free(model, now),
            *conditions,
        )
        .order_by(model.available_at)
        .limit(limit)
    )
    keys = [key for (key,) in tuples(locked(due, skip_locked=True))]
    won = [key for key in keys if claim(model, key, owner, now, seconds, *conditions)]
    if not won:
        return []
    return list(model.select().where(_key(model).in_(won)).order_by(model.available_at))


def extend(model: type[Leased], keys: Iterable[str], owner: str, until: datetime) -> set[str]:
    """Hold rows until `until`; returns those that are no longer the owner's."""
    wanted = set(keys)
    if not wanted:
        return set()
    mine = (_key(model).in_(list(wanted))) & (model.lease_owner == owner)
    if model.update(lease_until=until).where(mine).execute() == len(wanted):
        return set()
    return wanted - {key for (key,) in tuples(model.select(_key(model)).where(mine))}


def complete(model: type[Leased], key: str, owner: str, **changes: Any) -> bool:
    """Let go of a finished row; False if it was no longer the owner's."""
    query = model.update(lease_owner=None, lease_until=None, **changes)
    return bool(query.where(_key(model) == key, model.lease_owner == owner).execute() == 1)


def give_back(
    model: type[Task], key: str, owner: str, available_at: datetime, *, spent: bool = False
) -> bool:
    """Let go of an unfinished row until `available_at`. `spent`: the try counts."""
    tries = {} if spent else {"tries_left": model.tries_left + 1}
    return complete(model, key, owner, available_at=available_at, **tries)


def hold(name: str, owner: str, now: datetime, seconds: float) -> bool:
    """Be, or stay, the one process that runs the loop `name`."""
    NamedLease.insert(name=name).on_conflict_ignore().execute()
    until = now + timedelta(seconds=seconds)
    ours = (NamedLease.lease_owner == owner) | is_free(NamedLease, now)
    query = NamedLease.update(lease_owner=owner, lease_until=until)
    return bool(query.where(NamedLease.name == name, ours).execute() == 1)


def expire(model: type[Leased], owner: str, now: datetime, *conditions: Any) -> int:
    """End the leases of an owner that has died; how many there were."""
    held = (model.lease_owner == owner) & (model.lease_until > now)
    count: int = model.update(lease_until=now).where(held, *conditions).execute()
    return count


def vacate(name: str) -> None:
    """End the lease of the loop `name`, whose holder has died."""
    NamedLease.update(lease_owner=None, lease_until=None).where(NamedLease.name == name).execute()


def release(name: str, owner: str) -> None:
    """Let another process run the loop `name` at once."""
    complete(NamedLease, name, owner)


def _key(model: type[Leased]) -> Any:
    return model._meta.primary_key

"""Which database the running verb works on.

Models are bound to `proxy`, which stands for the database of the verb that is running in this
greenlet or thread. So several databases can be open in one process, and a query outside a verb
fails instead of finding some database by accident.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import peewee

from topcalls.store.cipher import Cipher


@dataclass(frozen=True, slots=True)
class Running:
    """A verb at work: whose (`owner` is the `Database`), on what, and whether it may write."""

    owner: object
    peewee: peewee.Database
    cipher: Cipher
    writing: bool


running: ContextVar[Running | None] = ContextVar("topcalls_store_running", default=None)


def current() -> Running:
    """The verb that is running here.

    Raises:
        RuntimeError: a query was made outside `Database.run` and `Database.read`.
    """
    verb = running.get()
    if verb is None:
        raise RuntimeError("Database work happens inside Database.run or Database.read only.")
    return verb


class _CurrentDatabase(peewee.DatabaseProxy):
    """A proxy that looks its target up on every use."""

    @property
    def obj(self) -> peewee.Database | None:
        verb = running.get()
        return verb.peewee if verb else None

    @obj.setter
    def obj(self, value: Any) -> None:
        """Ignored: peewee initialises every proxy with None."""


proxy = _CurrentDatabase()

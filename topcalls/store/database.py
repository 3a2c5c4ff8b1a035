"""Open the database and run verbs on it.

A *verb* is a function that does one whole piece of database work. `Database.run` executes it in
one transaction: it happens entirely or not at all, and may be executed again when the database
says that nothing was committed (a lock, a deadlock), so a verb touches nothing but the database.
On SQLite verbs run one after another on one database thread, on PostgreSQL in the calling greenlet
on a pooled connection; either way the caller waits and the event loop goes on, and no connection
is held while nothing runs.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import peewee

from topcalls.errors import ConfigError, StoreUnavailable
from topcalls.store.cipher import Cipher
from topcalls.store.current import Running, current, running
from topcalls.store.postgres import PostgresEngine
from topcalls.store.sqlite import SqliteEngine

T = TypeVar("T")
DEFAULT_LOCK_LIMIT = 5.0
DEFAULT_POOL_SIZE = 10
_PAUSE = 0.005


class Engine(Protocol):
    """What differs between the databases."""

    kind: str
    peewee: Any

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` where this database's work runs, and wait for it."""
        ...

    def transaction(self, writing: bool) -> AbstractContextManager[Any]:
        """A connection with a transaction open on it."""
        ...

    def alteration(self) -> AbstractContextManager[Any]:
        """Like a writing transaction, for one process at a time and without foreign keys."""
        ...

    def may_repeat(self, error: Exception, writing: bool) -> bool:
        """Nothing was committed, and the same verb may succeed if run again."""
        ...

    def unavailable(self, error: Exception) -> StoreUnavailable | None:
        """The error in the product's words, or None for a mistake of ours."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait before a verb is run again."""
        ...

    def close(self) -> None: ...


class Database:
    """An open database. See the module's text for what a verb is."""

    def __init__(self, engine: Engine, cipher: Cipher, lock_limit: float = DEFAULT_LOCK_LIMIT):
        self._engine = engine
        self._cipher = cipher
        self._lock_limit = lock_limit

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.kind

    def run(self, verb: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run a verb that may write. Inside a verb it joins that verb's transaction.

        Raises:
            StoreUnavailable: the database is locked for longer than the limit, full or gone.
        """
        return self._enter(lambda: verb(*args, **kwargs), writing=True)

    def read(self, verb: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run a verb that only reads: it never waits for a writer on SQLite."""
        return self._enter(lambda: verb(*args, **kwargs), writing=False)

    def alter(self, verb: Callable[..., T], /, *args: Any) -> T:
        """Run a verb that changes the schema, while no other process does."""
        work = self._engine.alteration
        return self._engine.call(lambda: self._attempts(lambda: verb(*args), work, True, 60.0))

    def atomic(self) -> AbstractContextManager[Any]:
        """Inside a verb: a part that can be rolled back alone by raising out of it."""
        return current().peewee.atomic()

    def close(self) -> None:
        """Close every connection. Further verbs fail."""
        self._engine.close()

    def _enter(self, verb: Callable[[], T], writing: bool) -> T:
        outer = running.get()
        if outer is not None and outer.owner is self:
            if writing and not outer.writing:
                raise RuntimeError("A writing verb was called inside a reading one.")
            return verb()
        work = functools.partial(self._engine.transaction, writing)
        return self._engine.call(lambda: self._attempts(verb, work, writing, self._lock_limit))

    def _attempts(
        self,
        verb: Callable[[], T],
        transaction: Callable[[], AbstractContextManager[Any]],
        writing: bool,
        limit: float,
    ) -> T:
        """Run `verb`, again as long as nothing of it was committed because of a lock."""
        token = running.set(Running(self, self._engine.peewee, self._cipher, writing))
        deadline = time.monotonic() + limit
        try:
            while True:
                try:
                    with transaction():
                        return verb()
                except peewee.PeeweeException as error:
                    if self._engine.may_repeat(error, writing) and time.monotonic() < deadline:
                        self._engine.pause(_PAUSE)
                        continue
                    unavailable = self._engine.unavailable(error)
                    if unavailable is None:
                        raise
                    raise unavailable from error
        finally:
            running.reset(token)


def open_database(
    url: str,
    *,
    encryption_key: str | None = None,
    lock_limit: float = DEFAULT_LOCK_LIMIT,
    pool_size: int = DEFAULT_POOL_SIZE,
) -> Database:
    """Open `sqlite:///path` (`sqlite:////absolute/path`) or `postgresql://...`.

    Nothing is created but an empty SQLite file; `store.migrations.migrate` makes the tables.
    `encryption_key` is one Fernet key or several, see `Cipher`; without it no secret can be stored.
    `lock_limit` is how many seconds a verb may wait for a lock or, on PostgreSQL, for one of the
    `pool_size` connections.

    Raises:
        ConfigError: the URL or the key is wrong.
    """
    cipher = Cipher(encryption_key)
    scheme, separator, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return Database(SqliteEngine(rest[1:], lock_limit), cipher, lock_limit)
    if scheme in ("postgresql", "postgres") and separator:
        engine = PostgresEngine(f"postgresql://{rest}", pool_size, lock_limit)
        return Database(engine, cipher, lock_limit)
    raise ConfigError(
        "The database URL is not understood.",
        field="database_url",
        remedy="Use sqlite:///topcalls.db or postgresql://user:password@host/database.",
    )

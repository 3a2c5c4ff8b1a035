"""PostgreSQL: verbs run in the calling greenlet, on a connection of a bounded pool.

psycopg 3 connects cooperatively once gevent has patched the standard library, which the process
entry point does; `postgres_driver` does the rest. The pool is ours because peewee's holds a lock
while it connects and probes, so that one slow connection would stop every greenlet.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import gevent
import peewee
from gevent import monkey
from gevent.lock import BoundedSemaphore

from topcalls.errors import ConfigError, StoreUnavailable

try:
    import psycopg
    from psycopg.pq import TransactionStatus

    from topcalls.store.postgres_driver import PostgresDatabase, in_peewee_terms
except ImportError:  # the extra is not installed
    psycopg = None  # type: ignore[assignment]

T = TypeVar("T")
_CONNECT_LIMIT = 5
_STATEMENT_LIMIT_MS = 30_000
_IDLE_IN_TRANSACTION_LIMIT_MS = 60_000
_MIGRATION_LOCK = 0x746F7063616C6C73  # "topcalls"
_SERIALIZATION_FAILURE = "40001"
_DEADLOCK = "40P01"
_LOCK_NOT_AVAILABLE = "55P03"
_REMEDIES = {
    "42P01": "Run `topcalls migrate` first.",
    "42703": "Run `topcalls migrate` first.",
    "53100": "Free space on the disk of the database server.",
    "53300": "Raise max_connections of the server, or lower the pool size of each process.",
    "57014": "The server ended a statement that took too long: look at its load.",
    _LOCK_NOT_AVAILABLE: "Look in pg_stat_activity for a transaction that was left open.",
    "25006": "The server is read-only: point TopCalls at the primary.",
}
_REACH = "See that the PostgreSQL server runs, and that the database URL names it."


if psycopg is not None:
    _OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)


class PostgresEngine:
    """A pool of at most `pool_size` connections, each waited for at most `lock_limit` seconds."""

    kind = "postgresql"

    def __init__(self, url: str, pool_size: int, lock_limit: float) -> None:
        if psycopg is None:
            raise ConfigError(
                "PostgreSQL needs the psycopg package.",
                field="database_url",
                remedy="pip install 'topcalls[postgres]'",
            )
        if not monkey.is_module_patched("threading"):
            raise ConfigError(
                "PostgreSQL needs the standard library patched by gevent, or it would block the "
                "event loop.",
                field="database_url",
                remedy="Call gevent.monkey.patch_all() first in the process.",
            )
        self._limit = lock_limit
        self._slots = BoundedSemaphore(pool_size)
        self._size = pool_size
        self._idle: list[Any] = []
        self._closed = False
        self.peewee: Any = PostgresDatabase(
            url,
            prefer_psycopg3=True,
            autoconnect=False,
            connect_timeout=_CONNECT_LIMIT,
            application_name="topcalls",
            options=f"-c statement_timeout={_STATEMENT_LIMIT_MS} "
            f"-c lock_timeout={int(lock_limit * 1000)} "
            f"-c idle_in_transaction_session_timeout={_IDLE_IN_TRANSACTION_LIMIT_MS}",
        )

    @property
    def in_use(self) -> int:
        """How many connections verbs hold at this moment."""
        return self._size - int(self._slots.counter)

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` here: waiting for PostgreSQL lets other greenlets run."""
        return work()

    @contextmanager
    def transaction(self, writing: bool) -> Iterator[None]:
        if not self._slots.acquire(timeout=self._limit):
            raise StoreUnavailable(
                "All database connections are in use.",
                remedy="Raise the pool size, or look for slow statements on the server.",
            )
        try:
            with self._writing() if writing else self._reading():
                yield
        finally:
            self._slots.release()

    @contextmanager
    def alteration(self) -> Iterator[None]:
        with self.transaction(True):
            self.peewee.execute_sql("SET LOCAL statement_timeout = 0")
            self.peewee.execute_sql("SET LOCAL lock_timeout = '60s'")
            self.peewee.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
            yield

    def may_repeat(self, error: Exception, writing: bool) -> bool:
        """After a deadlock the server has rolled back, and a read may always be repeated.

        A write whose connection died may have been committed: it is not repeated.
        """
        if _sqlstate(error) in (_SERIALIZATION_FAILURE, _DEADLOCK):
            return True
        return not writing and _lost_connection(error)

    def unavailable(self, error: Exception) -> StoreUnavailable | None:
        state = _sqlstate(error)
        lost = isinstance(error, peewee.OperationalError | peewee.InterfaceError)
        if not lost and state not in _REMEDIES:
            return None
        remedy = _REMEDIES.get(state or "", _REACH if state is None else None)
        return StoreUnavailable(f"The database cannot be used: {_first_line(error)}", remedy=remedy)

    def pause(self, seconds: float) -> None:
        gevent.sleep(seconds)

    def close(self) -> None:
        """Close the idle connections; those in use are closed when their verb ends."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A connection with a transaction open; committed at the end, or rolled back."""
        connection = self._begun()
        try:
            yield
            self.peewee.commit()
        except BaseException:
            self._roll_back(connection)
            raise
        finally:
            self._take_back(connection)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A connection without transaction: each statement sees what is committed by then."""
        connection = self._idle.pop() if self._idle else self._connect()
        self.peewee._state.set_connection(connection)
        try:
            yield
        finally:
            self._take_back(connection)

    def _begun(self) -> Any:
        """An idle connection may have died unnoticed: the next is tried, at last a new one."""
        while self._idle:
            connection = self._idle.pop()
            try:
                self._begin(connection)
                return connection
            except peewee.PeeweeException:
                continue
        connection = self._connect()
        self._begin(connection)
        return connection

    def _begin(self, connection: Any) -> None:
        """Make `connection` this greenlet's, with a transaction open; close it on any failure.

        BEGIN is sent along with the first statement, so what tells that the server has closed the
        connection is its farewell, which is there to be read.
        """
        self.peewee._state.set_connection(connection)
        try:
            with in_peewee_terms:
                connection.pgconn.consume_input()
            self.peewee.begin()
        except BaseException:
            self.peewee._state.reset()
            connection.close()
            raise
        # Tells `Database.atomic` that it is inside a transaction, hence a savepoint.
        self.peewee.push_transaction(self)

    def _take_back(self, connection: Any) -> None:
        """Only a connection that is idle, so has nothing uncommitted, is lent again."""
        self.peewee._state.reset()
        healthy = connection.pgconn.transaction_status == TransactionStatus.IDLE
        if healthy and not self._closed:
            self._idle.append(connection)
        else:
            connection.close()

    def _connect(self) -> Any:
        if self._closed:
            raise StoreUnavailable("The database is closed.")
        try:
            connection = self.peewee._connect()
        except psycopg.Error as error:
            raise StoreUnavailable(
                f"PostgreSQL cannot be reached: {_first_line(error)}", remedy=_REACH
            ) from error
        if self.peewee.server_version is None:
            self.peewee._set_server_version(connection)
        return connection

    def _roll_back(self, connection: Any) -> None:
        """Best effort: a connection that is not idle afterwards is closed, which rolls back too."""
        if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
            return  # something is under way, and is not waited for
        with contextlib.suppress(peewee.PeeweeException):
            if connection.holds_statements:
                with in_peewee_terms:
                    connection.settle()
        if connection.pgconn.transaction_status in _OPEN:
            with contextlib.suppress(peewee.PeeweeException):
                self.peewee.rollback()


def _sqlstate(error: Exception) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _lost_connection(error: Exception) -> bool:
    """The connection broke, or the server said that it ends it (57P01 to 57P03)."""
    state = _sqlstate(error)
    ended = state is None or state.startswith(("57P0", "08"))
    return ended and isinstance(error, peewee.OperationalError | peewee.InterfaceError)


def _first_line(error: Exception) -> str:
    """PostgreSQL's own words; its further lines may hold values of rows."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".") + "."

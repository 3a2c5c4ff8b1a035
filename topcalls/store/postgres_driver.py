"""psycopg for greenlets: a wait costs one watcher, and statements may be sent ahead.

A connection stays in pipeline mode. A statement is waited for, unless it is posted
(`PostgresDatabase.post_sql`): then it leaves, in one packet, with the next one that is waited for,
at the latest the commit, which also tells what became of it. So a verb that stores several rows
waits for them once. An error of a posted statement fails everything after it in the transaction.
"""

from __future__ import annotations

import select
from typing import Any

import gevent
import peewee
import psycopg
from gevent import monkey
from gevent.hub import Waiter
from psycopg.waiting import Ready, Wait

_poll: Any = monkey.get_original("select", "poll")
_peewee: Any = peewee
in_peewee_terms = _peewee.__exception_wrapper__
"""Context in which psycopg's errors become peewee's."""


class _Pipeline(psycopg.Pipeline):
    """Keeps statements until they are waited for; psycopg would send each one by itself."""

    def _communicate_gen(self) -> Any:
        return iter(())

    def _sync_gen(self) -> Any:
        self._enqueue_sync()
        while self.command_queue:
            self.command_queue.popleft()()  # into libpq's buffer
        yield from super()._communicate_gen()
        yield from self._fetch_gen(flush=False)


class GreenletConnection(psycopg.Connection[Any]):
    """A connection whose waits let other greenlets run, at a fifth of the cost of `poll`."""

    ahead: _Pipeline | None = None

    def send_ahead(self) -> None:
        """Enter pipeline mode for good, where libpq knows it (14 and later)."""
        if psycopg.Pipeline.is_supported():
            # `pipeline()` is for a block; a generator kept open would end at some odd moment.
            self.ahead = self._pipeline = _Pipeline(self)
            self.ahead.__enter__()

    @property
    def holds_statements(self) -> bool:
        """Statements were posted that have not left."""
        return self.ahead is not None and bool(self.ahead.command_queue)

    def settle(self) -> None:
        """Send what was posted and wait for it all. Raises the first error among it."""
        if self.ahead is not None:
            self.ahead.sync()

    def wait(self, gen: Any, interval: float = 0.0, timeout: float | None = None) -> Any:
        """Run one of psycopg's generators, which say what the socket must be ready for."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            wanted = next(gen)
            while True:
                # What has something to send need not wait: there is nearly always room.
                ready = self._ready_now(wanted) if wanted & Wait.W else 0
                wanted = gen.send(ready or self._until_ready(wanted))
        except StopIteration as end:
            return end.value

    def _ready_now(self, wanted: int) -> int:
        poll = _poll()
        poll.register(
            self.pgconn.socket, select.POLLOUT | (select.POLLIN if wanted & Wait.R else 0)
        )
        events = sum(events for _, events in poll.poll(0))
        readable = Ready.R if events & ~select.POLLOUT else 0
        return readable | (Ready.W if events & select.POLLOUT else 0)

    def _until_ready(self, wanted: int) -> Any:
        """psycopg's flags for reading and writing are those of the event loop."""
        hub = gevent.get_hub()
        waiter = Waiter(hub)
        watcher = hub.loop.io(self.pgconn.socket, int(wanted))
        try:
            watcher.start(waiter.switch, pass_events=True)
            return waiter.get()
        finally:
            watcher.stop()
            watcher.close()


class _Adapter(peewee.Psycopg3Adapter):
    def connect(self, db: Any, **params: Any) -> GreenletConnection:
        connection = GreenletConnection.connect(db.database, **params)
        connection.autocommit = True
        connection.send_ahead()
        return connection


class PostgresDatabase(peewee.PostgresqlDatabase):
    """peewee's database on such connections."""

    psycopg3_adapter = _Adapter
    _state: Any
    _send: Any = peewee.PostgresqlDatabase.execute_sql

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        cursor = self._send(sql, params)
        self._settle()
        return cursor

    def post_sql(self, sql: str, params: Any = None) -> None:
        """Have a statement sent with the next one, without waiting for what becomes of it. Outside
        a transaction there need not be a next one, and it is waited for."""
        self._send(sql, params)
        if not self.in_transaction():
            self._settle()

    def commit(self) -> None:
        super().commit()
        self._settle()

    def _settle(self) -> None:
        with in_peewee_terms:
            self._state.conn.settle()

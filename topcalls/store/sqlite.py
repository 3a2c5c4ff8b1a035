"""SQLite: all verbs run on one thread, so that a lock held elsewhere never stops the event loop.

`sqlite3` blocks its thread while it waits. In the event loop's own thread that froze every call for
as long as another process held the write lock; on a thread of its own only the verb waits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import peewee
from gevent import monkey

from topcalls.errors import StoreUnavailable
from topcalls.log import get_logger
from topcalls.store.verb_thread import VerbThread

T = TypeVar("T")
_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "normal",
    "foreign_keys": 1,
    "temp_store": "memory",
    "journal_size_limit": 64 * 1024 * 1024,
}
_GONE = "The database file was deleted, moved or replaced while TopCalls runs."
_PUT_BACK = "Stop TopCalls, put the file back or restore a backup, and start it again."
_LOCK_WORDS = ("locked", "busy")
_REMEDIES = {
    "locked": "Find the process that keeps the database file open in a transaction and end it; "
    "many processes that write are better served by PostgreSQL.",
    "no such table": "Run `topcalls migrate` first.",
    "no such column": "Run `topcalls migrate` first.",
    "readonly": "Let the user that TopCalls runs as write the database file and its folder.",
    "unable to open": "Create the database's folder and let TopCalls' user write in it.",
    "full": "Free space on the disk that holds the database.",
    "disk i/o": "Look at the disk that holds the database: it reports errors.",
    "malformed": "The database file is damaged: restore the last backup.",
    "not a database": "Something else is stored under the database's name: use another path.",
}
_MISTAKES = ("syntax error", "no such function", "ambiguous", "misuse", "interrupted")

log = get_logger("store")


class SqliteEngine:
    """One connection on one thread. `lock_limit` is in seconds, see `Database`."""

    kind = "sqlite"

    def __init__(self, path: str, lock_limit: float) -> None:
        self._path = path
        self._thread = VerbThread()
        self._closed = False
        self._identity: tuple[int, int] | None = None
        self._is_gone = False
        self.peewee: Any = peewee.SqliteDatabase(
            path,
            pragmas=_PRAGMAS,
            timeout=min(0.25, lock_limit),
            thread_safe=False,
            check_same_thread=False,
            autoconnect=False,
        )

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` on the database thread."""
        if self._closed:
            raise StoreUnavailable("The database is closed.")
        return self._thread.call(work)

    @contextmanager
    def transaction(self, writing: bool) -> Iterator[None]:
        """A writer takes the write lock at once: a lock taken later cannot be waited for."""
        self._ensure_file()
        if self.peewee.is_closed():
            self._connect()
        try:
            with self.peewee.atomic("IMMEDIATE" if writing else "DEFERRED"):
                yield
        except peewee.OperationalError as error:
            if not _is_lock(str(error).lower()):
                self._disconnect()  # whatever is wrong with the file, the next verb opens it anew
            raise

    @contextmanager
    def alteration(self) -> Iterator[None]:
        """Foreign keys are off, or rebuilding a table would delete the rows that point to it."""
        if self.peewee.is_closed():
            self._connect()
        self.peewee.pragma("foreign_keys", 0)
        try:
            with self.peewee.atomic("EXCLUSIVE"):
                yield
                if self.peewee.execute_sql("PRAGMA foreign_key_check").fetchone():
                    raise RuntimeError("The migration left rows that point nowhere.")
        finally:
            self.peewee.pragma("foreign_keys", 1)

    def may_repeat(self, error: Exception, writing: bool) -> bool:
        return isinstance(error, peewee.OperationalError) and _is_lock(str(error).lower())

    def unavailable(self, error: Exception) -> StoreUnavailable | None:
        text = str(error).lower()
        remedy = next((remedy for words, remedy in _REMEDIES.items() if words in text), None)
        ours = not isinstance(error, peewee.OperationalError) or any(
            words in text for words in _MISTAKES
        )
        if remedy is None and ours:
            return None
        return StoreUnavailable(f"The database cannot be used: {text}.", remedy=remedy)

    def pause(self, seconds: float) -> None:
        """Sleep on the database thread, where nothing else could run anyway."""
        monkey.get_original("time", "sleep")(seconds)

    def close(self) -> None:
        """Close the connection after the verbs that are under way."""
        if not self._closed:
            self.call(self._disconnect)
            self._closed = True
            self._thread.stop()

    def _connect(self) -> None:
        _create_private(self._path)
        self.peewee.connect()
        self._identity = _identity(self._path)

    def _ensure_file(self) -> None:
        """What is written to a deleted file is lost, and SQLite does not notice.

        Raises `StoreUnavailable`; once the file is back in its place, work goes on.
        """
        if self._identity is None or _identity(self._path) == self._identity:
            self._is_gone = False
            return
        if not self._is_gone:
            self._is_gone = True
            log.error("The database file is gone", file=self._path, remedy=_PUT_BACK)
        raise StoreUnavailable(_GONE, remedy=_PUT_BACK)

    def _disconnect(self) -> None:
        self.peewee.close()


def _is_lock(text: str) -> bool:
    return any(word in text for word in _LOCK_WORDS)


def _create_private(path: str) -> None:
    """Make a new database file readable to its owner only; SQLite's side files follow it."""
    file = Path(path)
    if not file.exists() and file.parent.is_dir():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _identity(path: str) -> tuple[int, int] | None:
    """Which file lies under this name; None where none does."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_dev, state.st_ino

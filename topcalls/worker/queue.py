"""The task queue: Huey in a file, in PostgreSQL or in Redis.

The queue only carries the news that a row is due. The rows are the truth: a task that is lost with
the queue is found again by the due loop (`schedule.py`), and one that comes twice does nothing.
"""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from huey import PostgresHuey, RedisHuey, SqliteHuey
from huey.api import Huey
from huey.exceptions import HueyException
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import PostgresStorage, RedisStorage, SqliteStorage

from topcalls.errors import ConfigError

NAME = "topcalls"
FILE = "queue.db"
READ_SECONDS = 1
"""How long an idle worker waits in PostgreSQL or Redis, and hence how late it may see a stop."""

_USER_INFO = re.compile(r"://[^@/\s]*@")
_TIMES = ("eta", "expires", "expires_resolved")
_FIELDS = ("id", "name", "retries", "retry_delay", "priority", "timeout", "retry_backoff", *_TIMES)


class JsonSerializer(Serializer):
    """Tasks as JSON: whoever can write to the queue cannot run code by it, as with pickle.

    A task here is a name and plain arguments; chains, groups and error handlers are refused.
    """

    def _serialize(self, data: Any) -> bytes:
        if not isinstance(data, Message):
            return json.dumps({"value": data}).encode()
        if data.on_complete or data.on_error or data.chord_config:
            raise TypeError("A task of this queue is followed by no other task.")
        fields = {name: _plain(getattr(data, name)) for name in _FIELDS}
        return json.dumps({"task": fields, "args": data.args, "kwargs": data.kwargs}).encode()

    def _deserialize(self, data: bytes) -> Any:
        try:
            return _from_json(json.loads(bytes(data)))
        except Exception as error:
            raise UnreadableTask(f"not written by this product: {type(error).__name__}") from error


class UnreadableTask(HueyException):
    """What is stored in the queue is no task of ours."""


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _from_json(stored: Any) -> Any:
    if "task" not in stored:
        return stored["value"]
    fields = dict(stored["task"])
    for name in _TIMES:
        if isinstance(fields[name], str):
            fields[name] = datetime.fromisoformat(fields[name])
    return Message(args=tuple(stored["args"]), kwargs=stored["kwargs"], **fields)


class _FileStorage(SqliteStorage):
    """Leaves no connection open to a file that is locked, or that is no database."""

    def _set_journal_mode(self, conn: sqlite3.Connection) -> None:
        try:
            super()._set_journal_mode(conn)
        except sqlite3.Error:
            conn.close()
            raise


class _ListeningStorage(PostgresStorage):
    """Keeps a connection per worker that waits for tasks; a worker that ends can close its own."""

    def close_listener(self) -> None:
        connection = getattr(self._listen_local, "conn", None)
        if connection is not None:
            self._close_quiet(connection)
            self._listen_local.conn = None


def open_queue(data_dir: Path, database_url: str = "", queue_url: str = "") -> Huey:
    """The queue that belongs to these settings. Nothing is connected to yet.

    `queue_url` (`redis://…`) decides; without it the queue is of the database's kind: in PostgreSQL
    beside the product's own tables, or in `data_dir/queue.db`.

    Raises:
        ConfigError: the URL is of no known kind, or its driver is not installed.
    """
    common: dict[str, Any] = {"results": False, "utc": True, "serializer": JsonSerializer()}
    scheme = (queue_url or database_url).partition("://")[0]
    try:
        if queue_url and scheme in ("redis", "rediss"):
            return RedisHuey(NAME, url=queue_url, read_timeout=READ_SECONDS, **common)
        if not queue_url and scheme in ("postgresql", "postgres"):
            return PostgresHuey(
                NAME,
                storage_class=_ListeningStorage,
                dsn=database_url,
                read_timeout=READ_SECONDS,
                create_tables=False,
                **common,
            )
    except HueyException as error:
        raise ConfigError(
            "The driver of the task queue is not installed.",
            field="queue_url",
            remedy="pip install 'topcalls[redis]' or 'topcalls[postgres]'.",
        ) from error
    if queue_url:
        raise ConfigError(
            "The URL of the task queue is not understood.",
            field="queue_url",
            remedy="Use redis://host:port/number, or leave it empty.",
        )
    data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(
        NAME,
        storage_class=_FileStorage,
        filename=str(data_dir / FILE),
        create_tables=False,
        **common,
    )


def prepare(queue: Huey) -> None:
    """Connect, and make the queue's own tables where it keeps any. Raises its driver's errors."""
    storage = queue.storage
    if hasattr(storage, "initialize_schema"):
        storage.initialize_schema()
    else:
        storage.conn.ping()


def unusable(queue: Huey, error: Exception) -> ConfigError:
    """The error of a worker that cannot use its queue, by the setting that decides on it."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    why = _USER_INFO.sub("://", first)
    if isinstance(queue.storage, RedisStorage):
        return ConfigError(
            f"The task queue in Redis cannot be used: {why}.",
            field="queue_url",
            remedy="See that the server that TOPCALLS_QUEUE_URL names runs, is a Redis and takes "
            "its password; without that setting tasks are kept with the database.",
        )
    if isinstance(queue.storage, PostgresStorage):
        return ConfigError(
            f"The task queue in PostgreSQL cannot be used: {why}.",
            field="database_url",
            remedy="See that the server that TOPCALLS_DATABASE_URL names runs, and that its user "
            "may create tables there.",
        )
    return ConfigError(
        f"The task queue's file cannot be used: {why}.",
        field="data_dir",
        remedy=f"See that {FILE} in data_dir is a file that this user may write; a damaged one may "
        "be deleted: what it tells of is found again.",
    )


def close_listener(queue: Huey) -> None:
    """The calling worker takes no more tasks."""
    if isinstance(queue.storage, _ListeningStorage):
        queue.storage.close_listener()

"""How a process of ours says that it is ready, learns that it should end, and stays alone."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gevent
from gevent import signal_handler
from gevent.event import Event
from gevent.os import tp_read

from topcalls.errors import ConfigError


def say_ready(name: str, **facts: Any) -> None:
    """One line of JSON on standard output: the process serves."""
    print(json.dumps({"ready": name, "pid": os.getpid(), **facts}), flush=True)  # noqa: T201


def stop_asked(on_further: Callable[[], None] | None = None) -> Event:
    """An event that SIGTERM and SIGINT set from now on.

    `on_further` is called for each further signal, while the process is already stopping.
    """
    asked = Event()

    def ask() -> None:
        if asked.is_set() and on_further is not None:
            on_further()
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal_handler(number, ask)
    return asked


def until_stopped(supervised: bool, on_second: Callable[[], None] | None = None) -> bool:
    """Return at SIGTERM or SIGINT, or when a supervisor's end of our standard input closes.

    `on_second` is called for a further signal, while the process is already stopping, and when the
    supervisor died: nobody is left to wait for a slow end. Returns whether it died.
    """
    asked, orphaned = stop_asked(on_second), Event()
    if supervised:
        gevent.spawn(_watch_supervisor, asked, orphaned, on_second)
    asked.wait()
    return bool(orphaned.is_set())


@contextmanager
def only_one(lock_file: Path) -> Iterator[Callable[[], bool]]:
    """Hold `lock_file` meanwhile; the kernel lets go of it when the process dies, however it does.

    Gives a function that tells whether the file still lies in its place. Raises `ConfigError`
    naming the process that holds it.
    """
    with lock_file.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ConfigError(
                f"`topcalls run` (process {file.read().strip()}) is already at work in "
                f"{lock_file.parent}.",
                field="data_dir",
                remedy="End that one, or set TOPCALLS_DATA_DIR and TOPCALLS_API_PORT for another.",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        held = os.fstat(file.fileno())
        yield lambda: lock_file.exists() and os.path.samestat(held, lock_file.stat())


def _watch_supervisor(asked: Event, orphaned: Event, on_second: Callable[[], None] | None) -> None:
    """The pipe of our standard input is held open by the supervisor alone, however it dies."""
    while tp_read(sys.stdin.fileno(), 1024):
        pass
    orphaned.set()
    asked.set()
    if on_second is not None:
        on_second()

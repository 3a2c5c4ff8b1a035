"""How a process of ours says that it is ready, learns that it should end, and stays alone."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import gevent
from gevent import signal_handler
from gevent.event import Event
from gevent.os import tp_read

from topcalls.errors import ConfigError

HOLDER_SECONDS = 1.0
"""How long the holder of a lock may take to write down who it is."""


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


def until_stopped(
    supervised: bool,
    on_second: Callable[[], None] | None = None,
    *,
    or_when: Event | None = None,
) -> bool:
    """Return at SIGTERM or SIGINT, or when a supervisor's end of our standard input closes, or
    when `or_when` is set: what the process is for has ended.

    `on_second` is called for a further signal, while the process is already stopping, and when the
    supervisor died: nobody is left to wait for a slow end. Returns whether it died.
    """
    asked, orphaned = stop_asked(on_second), Event()
    if supervised:
        gevent.spawn(_watch_supervisor, asked, orphaned, on_second)
    gevent.wait([asked] if or_when is None else [asked, or_when], count=1)
    return bool(orphaned.is_set())


@contextmanager
def only_one(lock_file: Path) -> Iterator[Callable[[], bool]]:
    """Hold `lock_file` meanwhile; the kernel lets go of it when the process dies, however it does.

    Gives a function that tells whether the file still lies in its place. Raises `ConfigError`
    naming the process that holds it.
    """
    file = _locked(lock_file)
    with file:
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield partial(_is_in_place, file, lock_file)


def _locked(lock_file: Path) -> IO[str]:
    """The file, locked by us. Whoever locks one that was replaced meanwhile has locked nothing:
    another process may hold the one in its place."""
    while True:
        file = lock_file.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                raise _is_held(file, lock_file) from None
        if _is_in_place(file, lock_file):
            return file
        file.close()


def _is_in_place(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _is_held(file: IO[str], path: Path) -> ConfigError:
    holder = _holder(file)
    who = f"process {holder}" if holder else "another process"
    return ConfigError(
        f"`topcalls run` ({who}) is already at work in {path.parent}.",
        field="data_dir",
        remedy="End that one, or set TOPCALLS_DATA_DIR and TOPCALLS_API_PORT for another.",
    )


def _holder(file: IO[str]) -> str:
    """Who wrote its number into the file. A holder that has locked it this moment has not yet: the
    file is empty, or names one that is dead."""
    with gevent.Timeout(HOLDER_SECONDS, False):
        while True:
            file.seek(0)
            number = file.read().strip()
            if number.isdecimal() and Path(f"/proc/{number}").exists():
                return number
            gevent.sleep(HOLDER_SECONDS / 20)
    return ""


def _watch_supervisor(asked: Event, orphaned: Event, on_second: Callable[[], None] | None) -> None:
    """The pipe of our standard input is held open by the supervisor alone, however it dies."""
    while tp_read(sys.stdin.fileno(), 1024):
        pass
    orphaned.set()
    asked.set()
    if on_second is not None:
        on_second()

"""The log file of a process, kept from growing without end.

Who writes a file also turns it over: it renames it and goes on in a new one, so that no line is
lost and nobody has to be told. Everything counts that reaches the descriptor: our own events, and
what the interpreter or a library says.
"""

from __future__ import annotations

import os
from pathlib import Path

import gevent

from topcalls.log import get_logger

LOOK_SECONDS = 5.0

log = get_logger("log_files")


class LogFile:
    """`descriptor` writes to `path`. Of the files before, `keep` stay: `path.1` is the latest."""

    def __init__(self, path: Path, descriptor: int, most_bytes: int, keep: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._most_bytes = most_bytes
        self._keep = keep
        self._is_stuck = False

    def look(self) -> None:
        """Turn the file over if it is too large. One that somebody else moved is begun anew."""
        try:
            if not self._is_in_place():
                self._begin()
            elif os.fstat(self._descriptor).st_size > self._most_bytes:
                self._move_on()
        except OSError as error:
            if not self._is_stuck:
                log.warning("Log file cannot be turned over", why=str(error))
            self._is_stuck = True
        else:
            self._is_stuck = False

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def _move_on(self) -> None:
        for number in range(self._keep - 1, 0, -1):
            older = self._older(number)
            if older.exists():
                older.replace(self._older(number + 1))
        self._path.replace(self._older(1))
        self._begin()

    def _begin(self) -> None:
        fresh = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.dup2(fresh, self._descriptor)
        os.close(fresh)

    def _older(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def keep_small(file: LogFile) -> gevent.Greenlet:
    """Look at the file every few seconds from now on."""

    def watch() -> None:
        while True:
            file.look()
            gevent.sleep(LOOK_SECONDS)

    return gevent.spawn(watch)

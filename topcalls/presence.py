"""Who is alive on this machine: a file for each process, unlocked by the kernel at its end.

A lease tells that somebody is silent, after its time; a lock tells that somebody is dead, at once.
So the successor of a process that was killed need not wait. A name without a file proves nothing.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_SUFFIX = ".lock"


class Presence:
    """The file of one process in the directory where its kind meet. `name` is a file's name."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name = name
        self._directory = directory
        self._lock = -1

    def enter(self) -> None:
        """Be alive, until `leave` or the end of the process."""
        self._directory.mkdir(parents=True, exist_ok=True)
        hidden = self._directory / f".{self.name}"
        self._lock = os.open(hidden, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        # Whoever sees the file under its name sees it locked.
        hidden.rename(self._path(self.name))

    def leave(self) -> None:
        """End in good order: nobody has to be told."""
        if self._lock >= 0:
            self.forget(self.name)
            os.close(self._lock)
            self._lock = -1

    def dead(self) -> list[str]:
        """Names of those who ended without a word. They are told until they are forgotten."""
        if not self._directory.is_dir():
            return []
        names = [path.name.removesuffix(_SUFFIX) for path in self._directory.glob(f"*{_SUFFIX}")]
        return sorted(name for name in names if not name.startswith(".") and self._is_dead(name))

    def others(self) -> list[str]:
        """Names of the living besides this one."""
        dead = set(self.dead())
        names = {path.name.removesuffix(_SUFFIX) for path in self._directory.glob(f"*{_SUFFIX}")}
        return sorted(name for name in names - dead - {self.name} if not name.startswith("."))

    def forget(self, name: str) -> None:
        """What a dead one left is settled."""
        self._path(name).unlink(missing_ok=True)

    def _is_dead(self, name: str) -> bool:
        if name == self.name:
            return False
        try:
            lock = os.open(self._path(name), os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            return True
        finally:
            os.close(lock)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}{_SUFFIX}"

"""Where one controller's speech lies while it is played: a directory of its own, gone at its end.

Controllers that share a tmpfs, in one container or in several, tell by a lock whose directory is in
use: the kernel drops it with the process. What a dead controller left is deleted by whoever takes
its calls over, or by the others' sweep.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

from topcalls.clock import Clock
from topcalls.log import get_logger
from topcalls.media import utterance_file

YOUNG_SECONDS = 60.0
"""A directory younger than this may belong to a controller that is about to lock it."""

LEAST_BYTES = 1_000_000
"""Two minutes of speech. With less room no more calls are taken."""

_OWNER = re.compile(r".+\.[0-9]+\.[0-9a-f]{8}")

log = get_logger("controller.playback")


class PlaybackDirectory:
    """`base`/`owner`. Nothing but files of speech is ever deleted, and directories left empty."""

    def __init__(self, base: Path, owner: str, clock: Clock) -> None:
        self.path = base / owner
        self._base = base
        self._clock = clock
        self._lock = -1

    def open(self) -> None:
        """Make the directory, and clean up after controllers that died.

        Raises `ConfigError` when the switch could not play from it, or it cannot be made.
        """
        utterance_file.prepare(self.path)
        self._lock = _locked(self.path)
        self.sweep()

    def problem(self) -> str:
        """Why speech could not be written there now, for people; empty when it could."""
        try:
            room = os.statvfs(self.path)
        except OSError as error:
            return f"The playback directory is gone: {(error.strerror or '').lower()}."
        if not os.access(self.path, os.W_OK | os.X_OK):
            return "The playback directory cannot be written to."
        if room.f_bavail * room.f_frsize < LEAST_BYTES:
            return "The disk of the playback directory is full."
        return ""

    def close(self) -> None:
        """Delete it, with whatever is left in it."""
        if self._lock >= 0:
            _clear(self.path)
            os.close(self._lock)
            self._lock = -1

    def sweep(self) -> None:
        """Clean up after controllers that died."""
        with contextlib.suppress(OSError):
            for path in self._left_behind():
                self.forget(path.name)

    def forget(self, owner: str) -> None:
        """Clean up after a controller that has died, as is known; another's is left alone. What the
        switch still plays of it stays readable to the switch."""
        path = self._base / owner
        lock = _locked(path)
        if lock >= 0:
            _clear(path)
            os.close(lock)
            log.info("Speech of a controller that died was deleted", directory=owner)

    def _left_behind(self) -> Iterator[Path]:
        before = self._clock.now().timestamp() - YOUNG_SECONDS
        for path in self._base.iterdir():
            with contextlib.suppress(OSError):
                state = path.lstat()
                if _OWNER.fullmatch(path.name) and path.is_dir() and state.st_mtime < before:
                    yield path


def _locked(directory: Path) -> int:
    """A descriptor that holds the directory's lock; -1 if it is gone or somebody else's."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return -1
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return -1
    return descriptor


def _clear(directory: Path) -> None:
    with contextlib.suppress(OSError):
        utterance_file.sweep(directory, untouched_seconds=-1.0)
        directory.rmdir()

"""A file that FreeSWITCH plays while we write it.

mod_native_file plays a file whose extension is the codec's name in capitals as raw G.711 and reads
again whenever it has played what it read, so a file may grow. When it finds nothing new it stops,
and fills a last frame that is not whole with 0xFF, which is a click in A-law. Hence only whole
frames are written.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Final

from topcalls.audio.formats import G711Codec
from topcalls.audio.g711 import SILENCE
from topcalls.clock import Clock, SystemClock
from topcalls.errors import ConfigError
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.media.heard import FRAME_BYTES

_SUFFIXES: Final = (".PCMU", ".PCMA")
# What `playback` takes literally: no "@@" (a position), no braces, variables or spaces.
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_./+-]*")
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC

log = get_logger(__name__)


class UtteranceFile:
    """The audio of one utterance on disk. The file appears with its first whole frame."""

    def __init__(self, directory: Path, codec: G711Codec) -> None:
        self.path = str(directory / f"{new_id()}.{codec}")
        self.size = 0  # bytes the switch can read
        self.writable = True
        self._silence = SILENCE[codec]
        self._rest = b""
        self._fd = -1
        self._exists = False

    def append(self, audio: bytes) -> None:
        """Write the frames that `audio` completes."""
        data = self._rest + audio if self._rest else audio
        whole = len(data) - len(data) % FRAME_BYTES
        self._rest = data[whole:]
        if whole:
            self._write(data[:whole])

    def finish(self) -> None:
        """Write what is left, filled up with silence to a whole frame."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._write(rest + self._silence * (FRAME_BYTES - len(rest)))
        self._close()

    def read(self, begin: int, size: int) -> bytes:
        """A piece of what was written, as far as it is there."""
        if not self._exists:
            return b""
        try:
            with open(self.path, "rb", buffering=0) as file:
                file.seek(begin)
                return file.read(size)
        except OSError as error:
            log.warning("Playback file cannot be read", error=error.strerror)
            return b""

    def delete(self) -> None:
        """Remove the file. The switch plays on what it has open, but can open it no more."""
        self.writable = False
        self._close()
        self.size = 0
        if self._exists:  # a full disk leaves an empty file
            self._exists = False
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)

    def _write(self, data: bytes) -> None:
        if not self.writable:
            return
        try:
            if self._fd < 0:
                self._fd = os.open(self.path, _FLAGS, 0o644)
                self._exists = True
            while data:
                written = os.write(self._fd, data)
                self.size += written
                data = data[written:]
        except OSError as error:
            self.writable = False
            log.error("Playback file cannot be written", error=error.strerror)

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def prepare(directory: Path) -> None:
    """Make the directory. Raises `ConfigError` when the switch could not play from it."""
    if not _PLAIN_PATH.fullmatch(str(directory)):
        raise ConfigError(
            f"FreeSWITCH cannot play from {str(directory)!r}.",
            field="playback_dir",
            remedy="Use an absolute path of letters, digits and . _ + - only.",
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The playback directory cannot be made: {error.strerror}.", field="playback_dir"
        ) from error


def sweep(directory: Path, clock: Clock | None = None, *, untouched_seconds: float = 3600.0) -> int:
    """Delete the files a crash left in the directory; how many.

    Only those that nobody has written to for so long: other controllers may share the directory.
    """
    prepare(directory)
    before = (clock or SystemClock()).now().timestamp() - untouched_seconds
    deleted = 0
    for path in directory.iterdir():
        if path.suffix not in _SUFFIXES:
            continue
        with contextlib.suppress(FileNotFoundError):
            if path.lstat().st_mtime < before:
                path.unlink()
                deleted += 1
    return deleted

"""Where recordings are kept for good: one protocol, and the directory.

A controller hands a complete file over by `put`; when that returns, the recording is safe under its
name, and the file in the spool may be deleted. To put the same again changes nothing, so whoever
died in between simply repeats it. `services/recording_upload.py` is the store of a controller that
shares no disk with the API; one in an object store would implement the same two methods.

These methods touch the disk or the network: never call them where an event loop carries audio.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from topcalls.errors import InvalidRequest, TopCallsError
from topcalls.ids import new_id

CHUNK_BYTES = 256 * 1024
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EMLINK)


class RecordingNotStored(TopCallsError):
    """A recording could not be brought to its store, for a reason that may pass; `message` says it
    to an operator."""

    code = "store_unavailable"
    retryable = True


@dataclass(frozen=True, slots=True)
class FinishedRecording:
    """A complete file. `name` is relative to the store; `sha256` in hexadecimal digits."""

    call_id: str
    name: str
    size: int
    sha256: str


class RecordingStore(Protocol):
    """See the module's text."""

    def put(self, file: Path, recording: FinishedRecording) -> None:
        """Keep this recording; `file` may be gone afterwards. Raises `RecordingNotStored`."""

    def problem(self) -> str:
        """Why nothing could be put now, in words; empty where it could."""


class DirectoryStore:
    """Keeps recordings below `root`, which the API sees too."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """The file of that name."""
        return self.root / name

    def put(self, file: Path, recording: FinishedRecording) -> None:
        target = self.path(recording.name)
        try:
            if self.has(recording):
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            _sync(file)
            self._move(file, target, recording)
        except OSError as error:
            raise _refused(self.root, error) from error

    def accept(self, recording: FinishedRecording, chunks: Iterable[bytes]) -> None:
        """Keep what comes in pieces, if it is what was announced.

        Raises:
            InvalidRequest: it is not.
            RecordingNotStored: there is no room, or the disk is away.
        """
        try:
            if not self.has(recording):
                target = self.path(recording.name)
                target.parent.mkdir(parents=True, exist_ok=True)
                self._write(target, recording, chunks)
        except OSError as error:
            raise _refused(self.root, error) from error

    def has(self, recording: FinishedRecording) -> bool:
        """It is here already, byte by byte."""
        target = self.path(recording.name)
        return (
            target.is_file()
            and target.stat().st_size == recording.size
            and digest(target) == recording.sha256
        )

    def problem(self) -> str:
        probe = self.root / f".{new_id()}.probe"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"?")
        except OSError as error:
            return _refused(self.root, error).message
        finally:
            with suppress(OSError):
                probe.unlink()
        return ""

    def _move(self, file: Path, target: Path, recording: FinishedRecording) -> None:
        """On the same disk both names are the file's until the one in the spool is deleted: whoever
        dies in between leaves it to be found."""
        part = target.with_name(f".{target.name}.{new_id()}.part")
        try:
            os.link(file, part)
            os.replace(part, target)
        except OSError as error:
            if error.errno == errno.EXDEV:
                with file.open("rb") as source:
                    self._write(target, recording, pieces(source.read))
                return
            if error.errno not in _NO_LINKS:
                raise
            os.rename(file, target)
        finally:
            part.unlink(missing_ok=True)
        _sync(target.parent)

    def _write(self, target: Path, recording: FinishedRecording, chunks: Iterable[bytes]) -> None:
        """Under another name first: what has the right name is always whole."""
        part = target.with_name(f".{target.name}.{new_id()}.part")
        seen, size = hashlib.sha256(), 0
        try:
            with part.open("xb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > recording.size:
                        break
                    seen.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if size != recording.size or seen.hexdigest() != recording.sha256:
                raise InvalidRequest("What came is not the recording that was announced.")
            os.replace(part, target)
            _sync(target.parent)
        finally:
            part.unlink(missing_ok=True)


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """All that `read(size)` gives, in pieces."""
    while chunk := read(CHUNK_BYTES):
        yield chunk


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(root: Path, error: OSError) -> RecordingNotStored:
    if error.errno in _NO_ROOM:
        return RecordingNotStored(f"The disk of the recordings, {root}, is full.")
    why = (error.strerror or type(error).__name__).lower()
    return RecordingNotStored(f"Recordings cannot be kept in {root}: {why}.")

"""Where recordings are kept for good: one protocol, and the directory.

A controller hands a complete file over by `put`; when that returns, the recording is safe under its
name, and the file in the spool may be deleted. To put the same again changes nothing, so whoever
died in between simply repeats it. API and workers read recordings, and delete them.
`services/recording_upload.py` is the store of a controller that shares none with the API.

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
from typing import BinaryIO, Protocol, TypeVar

from topcalls.errors import InvalidRequest, TopCallsError
from topcalls.ids import new_id
from topcalls.services.recording_cipher import RecordingCipher

T = TypeVar("T")
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
    """Where a controller brings recordings. See the module's text."""

    def put(self, file: Path, recording: FinishedRecording) -> None:
        """Keep this recording; `file` may be gone afterwards. Raises `RecordingNotStored`."""

    def problem(self) -> str:
        """Why nothing could be put now, in words; empty where it could."""


class KeptRecordings(RecordingStore, Protocol):
    """Where recordings are kept, as the API and workers see it. Every method raises
    `RecordingNotStored` where the store is away."""

    def accept(self, recording: FinishedRecording, chunks: Iterable[bytes]) -> None:
        """Keep what comes in pieces. Raises `InvalidRequest` if it is not what was announced."""

    def open(self, name: str) -> BinaryIO:
        """A recording, which can be read from any place. Raises `FileNotFoundError`."""

    def size(self, name: str) -> int:
        """How large a file is in the store; 0 where there is none."""

    def delete(self, name: str) -> None:
        """Keep a recording no longer; one that is not there is no error."""


class DirectoryStore:
    """Keeps recordings below `root`, which the API sees too. With a `cipher` new ones are
    encrypted; what is encrypted can be read with one."""

    def __init__(
        self, root: Path, cipher: RecordingCipher | None = None, *, encrypt: bool = False
    ) -> None:
        self.root = root
        self._cipher = cipher
        self._encrypts = encrypt and cipher is not None

    def path(self, name: str) -> Path:
        """The file of that name."""
        return self.root / name

    def put(self, file: Path, recording: FinishedRecording) -> None:
        target = self.path(recording.name)
        try:
            if self.has(recording):
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            if self._encrypts:
                with file.open("rb") as source:
                    self._write(target, recording, pieces(source.read))
                return
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
        try:
            with self.open(recording.name) as kept:
                return digest_of(kept) == recording.sha256
        except FileNotFoundError:
            return False

    def open(self, name: str) -> BinaryIO:
        file = self._reaching(lambda: self.path(name).open("rb"))
        return file if self._cipher is None else self._cipher.opened(file)

    def size(self, name: str) -> int:
        try:
            return self.path(name).stat().st_size
        except OSError:
            return 0

    def delete(self, name: str) -> None:
        if not self.root.is_dir():
            raise RecordingNotStored(f"The directory of recordings, {self.root}, is not there.")
        with suppress(FileNotFoundError):
            self._reaching(self.path(name).unlink)

    def _reaching(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _refused(self.root, error) from error

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
        try:
            checked = as_announced(recording, chunks)
            kept = self._cipher.encrypted(checked) if self._cipher and self._encrypts else checked
            with part.open("xb") as file:
                for chunk in kept:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)
            _sync(target.parent)
        finally:
            part.unlink(missing_ok=True)


def as_announced(recording: FinishedRecording, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same pieces. Raises `InvalidRequest` at the end, or sooner, if they are not this
    recording."""
    seen, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > recording.size:
            break
        seen.update(chunk)
        yield chunk
    if size != recording.size or seen.hexdigest() != recording.sha256:
        raise InvalidRequest("What came is not the recording that was announced.")


def digest(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as data:
        return digest_of(data)


def digest_of(file: BinaryIO) -> str:
    """SHA-256 of what is left of an open file, in hexadecimal digits."""
    seen = hashlib.sha256()
    for piece in pieces(file.read):
        seen.update(piece)
    return seen.hexdigest()


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

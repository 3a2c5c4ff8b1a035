"""Recordings in an object store that speaks S3: Amazon's, MinIO, Ceph, Garage, a provider's own.

Each is an object below a prefix, with its SHA-256 beside it. The store's own credentials are for
this bucket alone: whoever may read it hears every recording, so `recording_encryption` is worth it.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urlsplit

from topcalls.errors import ConfigError
from topcalls.services.placed_reader import PlacedReader
from topcalls.services.recording_cipher import RecordingCipher, encrypted_size
from topcalls.services.recording_store import (
    CHUNK_BYTES,
    FinishedRecording,
    RecordingNotStored,
    as_announced,
    pieces,
)
from topcalls.services.s3_credentials import CredentialsMissing, FoundCredentials

T = TypeVar("T")


def _optional(name: str) -> Any:
    """A package of the extra; None where that is not installed."""
    try:
        return import_module(name)
    except ImportError:
        return None


minio, urllib3 = _optional("minio"), _optional("urllib3")
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
DIGEST = "sha256"
_GONE = ("NoSuchKey", "NoSuchObject")
_WORDS = {
    "NoSuchBucket": "there is no such bucket",
    "AccessDenied": "these credentials may not do this",
    "InvalidAccessKeyId": "it does not know the access key",
    "SignatureDoesNotMatch": "the secret key is wrong, or a clock is",
}


@dataclass(frozen=True)
class Bucket:
    """Where objects are: `url` of the service, without the bucket; `prefix` begins their names."""

    url: str
    name: str
    access_key: str = ""
    secret_key: str = ""
    region: str = "us-east-1"
    prefix: str = ""

    def __repr__(self) -> str:
        return f"Bucket({self.url!r}, {self.name!r})"


class S3Store:
    """Keeps recordings in a bucket; see `KeptRecordings`. With a `cipher` they can be encrypted;
    `credentials` are asked where the bucket has no keys.

    Raises `ConfigError` where the extra `s3` is not installed.
    """

    def __init__(
        self,
        bucket: Bucket,
        cipher: RecordingCipher | None = None,
        *,
        encrypt: bool = False,
        credentials: FoundCredentials | None = None,
    ) -> None:
        if minio is None:
            raise ConfigError(
                "The package for object stores is not installed.",
                field="recording_store",
                remedy="Run: pip install 'topcalls[s3]'",
            )
        self._bucket = bucket
        self._credentials = credentials
        self._cipher = cipher
        self._encrypts = encrypt and cipher is not None

    def put(self, file: Path, recording: FinishedRecording) -> None:
        if self.has(recording):
            return
        with file.open("rb") as source:
            self._send(recording, as_announced(recording, pieces(source.read)))

    def accept(self, recording: FinishedRecording, chunks: Iterable[bytes]) -> None:
        """What comes is kept on this machine first: nothing wrong gets into the store."""
        if self.has(recording):
            return
        with tempfile.TemporaryFile() as whole:
            for chunk in as_announced(recording, chunks):
                whole.write(chunk)
            whole.seek(0)
            self._send(recording, pieces(whole.read))

    def has(self, recording: FinishedRecording) -> bool:
        """It is here already, by what was written beside it."""
        try:
            found = self._look(recording.name)
        except FileNotFoundError:
            return False
        return bool(found.metadata.get(f"x-amz-meta-{DIGEST}") == recording.sha256)

    def open(self, name: str) -> BinaryIO:
        size = self._look(name).size
        reader = _Reader(lambda at: self._read(name, at), size)
        file = io.BufferedReader(reader, CHUNK_BYTES)
        return file if self._cipher is None else self._cipher.opened(file)

    def size(self, name: str) -> int:
        try:
            return int(self._look(name).size)
        except FileNotFoundError:
            return 0

    def delete(self, name: str) -> None:
        self._reaching(lambda: self._client().remove_object(self._bucket.name, self._key(name)))

    def problem(self) -> str:
        try:
            there = self._reaching(lambda: self._client().bucket_exists(self._bucket.name))
        except RecordingNotStored as error:
            return error.message
        return "" if there else self._refused(_WORDS["NoSuchBucket"]).message

    def _client(self) -> Any:
        """One for each operation: its connections are of the thread and loop that make it."""
        parts = urlsplit(self._bucket.url)
        return minio.Minio(
            parts.netloc,
            access_key=self._bucket.access_key or None,
            secret_key=self._bucket.secret_key or None,
            credentials=self._credentials,
            secure=parts.scheme == "https",
            region=self._bucket.region,
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                retries=urllib3.Retry(total=1, status=0),
            ),
        )

    def _send(self, recording: FinishedRecording, chunks: Iterator[bytes]) -> None:
        size = recording.size
        if self._cipher is not None and self._encrypts:
            size, chunks = encrypted_size(size), self._cipher.encrypted(chunks)
        body = io.BufferedReader(_Chunks(chunks), CHUNK_BYTES)
        metadata = {DIGEST: recording.sha256}
        self._reaching(
            lambda: self._client().put_object(
                self._bucket.name,
                self._key(recording.name),
                body,
                size,
                content_type="application/octet-stream" if self._encrypts else "audio/wav",
                metadata=metadata,
            )
        )

    def _look(self, name: str) -> Any:
        return self._reaching(
            lambda: self._client().stat_object(self._bucket.name, self._key(name))
        )

    def _read(self, name: str, at: int) -> Any:
        return self._reaching(
            lambda: self._client().get_object(self._bucket.name, self._key(name), offset=at)
        )

    def _key(self, name: str) -> str:
        return f"{self._bucket.prefix}{name}"

    def _reaching(self, work: Callable[[], T]) -> T:
        """Raises `FileNotFoundError` where there is no such object, and `RecordingNotStored`."""
        try:
            return work()
        except minio.error.S3Error as error:
            if error.code in _GONE:
                raise FileNotFoundError(error.code) from None
            raise self._refused(_WORDS.get(error.code or "", str(error.code))) from None
        except CredentialsMissing as error:
            raise self._refused(str(error)) from error
        except (
            minio.error.MinioException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            raise self._refused(f"it cannot be reached: {type(error).__name__}") from error

    def _refused(self, why: str) -> RecordingNotStored:
        place = f"{self._bucket.name} at {urlsplit(self._bucket.url).netloc}"
        return RecordingNotStored(f"Recordings cannot be kept in the bucket {place}: {why}.")


class _Reader(PlacedReader):
    """An object, from any place. What follows is read from one answer until somebody seeks."""

    def __init__(self, begin: Callable[[int], Any], size: int) -> None:
        super().__init__(size)
        self._begin = begin
        self._answer: Any = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        before = self._at
        if super().seek(offset, whence) != before:
            self._let_go()
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        if self._answer is None:
            self._answer = self._begin(self._at)
        data = self._answer.read(len(buffer))
        if not data:
            raise OSError("The object ended too soon.")
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.close()
            answer.release_conn()


class _Chunks(io.RawIOBase):
    """Pieces as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._held:
            try:
                self._held = next(self._chunks)
            except StopIteration:
                return 0
        data, self._held = self._held[: len(buffer)], self._held[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

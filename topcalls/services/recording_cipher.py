"""Recordings that are encrypted at rest: AES-256-GCM, in pieces: any part can be read alone.

A file begins with a mark and a salt. The key is derived from an install's secret key and the salt,
so it is of this one file, and the nonce of a piece is its number; the last piece is marked as such.
Whoever changes, drops, moves or cuts off anything makes it unreadable.

A file is read with whichever of the configured secret keys it was made with: an old key has to stay
configured for as long as recordings made with it are kept.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from topcalls.errors import ConfigError
from topcalls.services.placed_reader import PlacedReader

MARK = b"TCREC\x01\r\n"
PIECE = 64 * 1024
_SALT_BYTES = 16
_TAG_BYTES = 16
_HEAD_BYTES = len(MARK) + _SALT_BYTES
_PURPOSE = b"topcalls: recordings at rest, version 1"


class RecordingCipher:
    """Encrypts with the first of the comma-separated `secret_keys`, reads with any."""

    def __init__(self, secret_keys: str) -> None:
        self._keys = [key.strip().encode() for key in secret_keys.split(",") if key.strip()]

    def encrypted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The file that holds these bytes, in pieces."""
        salt = os.urandom(_SALT_BYTES)
        cipher = _cipher(self._keys[0], salt)
        yield MARK + salt
        number, held = 0, b""
        for chunk in chunks:
            held += chunk
            while len(held) > PIECE:
                yield cipher.encrypt(_nonce(number, last=False), held[:PIECE], None)
                number, held = number + 1, held[PIECE:]
        yield cipher.encrypt(_nonce(number, last=True), held, None)

    def opened(self, file: BinaryIO) -> BinaryIO:
        """What a file holds, whether it is encrypted or not. Reading it closes nothing but itself
        and `file`.

        Raises:
            ConfigError: it was encrypted with a key that is not configured, or was changed.
        """
        head = file.read(_HEAD_BYTES)
        if not head.startswith(MARK):
            file.seek(0)
            return file
        try:
            return io.BufferedReader(_Reader(file, self._keys, head[len(MARK) :]), PIECE)
        except ConfigError:
            file.close()
            raise


def encrypted_size(size: int) -> int:
    """How large the file is that holds so many bytes."""
    return _HEAD_BYTES + size + _TAG_BYTES * max(1, -(-size // PIECE))


class _Reader(PlacedReader):
    """The bytes of an encrypted file, from any place."""

    def __init__(self, file: BinaryIO, keys: list[bytes], salt: bytes) -> None:
        self._file = file
        body = file.seek(0, os.SEEK_END) - _HEAD_BYTES
        self._count = max(1, -(-body // (PIECE + _TAG_BYTES)))
        super().__init__(max(0, body - self._count * _TAG_BYTES))
        self._piece = (-1, b"")
        self._ciphers = [_cipher(key, salt) for key in keys]
        self._decrypt(0)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number, begin = divmod(self._at, PIECE)
        data = self._decrypt(number)[begin : begin + len(buffer)]
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _decrypt(self, number: int) -> bytes:
        if self._piece[0] == number:
            return self._piece[1]
        self._file.seek(_HEAD_BYTES + number * (PIECE + _TAG_BYTES))
        data = self._file.read(PIECE + _TAG_BYTES)
        nonce = _nonce(number, last=number == self._count - 1)
        for cipher in self._ciphers:
            try:
                plain = cipher.decrypt(nonce, data, None)
            except InvalidTag:
                continue
            self._ciphers = [cipher]
            self._piece = (number, plain)
            return plain
        raise ConfigError(
            "A recording was encrypted with a key that is not configured, or it was changed.",
            field="secret_key",
            remedy="Put the key it was made with behind the first one in TOPCALLS_SECRET_KEY.",
        )


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, _PURPOSE).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(8, "big") + (b"\0\0\0\1" if last else b"\0\0\0\0")

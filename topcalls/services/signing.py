"""Signatures of this install: who shows one was given it by a process with the same secret key."""

from __future__ import annotations

import hashlib
import hmac


class Signer:
    """Signs for one `purpose`, so that what was signed for another is worth nothing here.
    `secret_keys`: as in the settings, the first signs, all check."""

    def __init__(self, secret_keys: str, purpose: bytes) -> None:
        given = [key.strip().encode() for key in secret_keys.split(",") if key.strip()]
        self._keys = [hmac.digest(key, purpose, "sha256") for key in given]

    def sign(self, said: str) -> str:
        """64 hexadecimal digits."""
        return _signature(self._keys[0], said)

    def is_genuine(self, said: str, signature: str) -> bool:
        """Whether it was signed here."""
        given = signature.encode("utf-8", "replace")
        genuine = [hmac.compare_digest(_signature(key, said).encode(), given) for key in self._keys]
        return any(genuine)


def _signature(key: bytes, said: str) -> str:
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()

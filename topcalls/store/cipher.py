"""Encryption at rest of the few secrets that must be read back: for webhooks, carriers, vendors."""

from __future__ import annotations

import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from topcalls.errors import ConfigError

_SETTING = "secret_key"
_DIGESTS = b"topcalls: digests of secrets, version 1"
_REMEDY = (
    "Set TOPCALLS_SECRET_KEY to the key this database was made with; "
    "`topcalls keys secret` prints a new one for a new database."
)


class Cipher:
    """Fernet under one or several keys, comma-separated: the first encrypts, all decrypt.

    A new key is put first and the old one kept behind it until every secret was written again
    (`store.secrets.rotate`).
    """

    def __init__(self, keys: str | None) -> None:
        self._first: Fernet | None = None
        self._digest_key = b""
        self._fernet: MultiFernet | None = None
        if keys:
            try:
                fernets = [Fernet(key.strip()) for key in keys.split(",")]
                self._first, self._fernet = fernets[0], MultiFernet(fernets)
                first = keys.partition(",")[0].strip().encode()
                self._digest_key = hmac.digest(first, _DIGESTS, "sha256")
            except ValueError as error:
                raise ConfigError(
                    "The secret key is not a Fernet key.", field=_SETTING, remedy=_REMEDY
                ) from error

    def encrypt(self, secret: str) -> str:
        """The secret as text that is safe to store."""
        return self._needed().encrypt(secret.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """The secret again.

        Raises:
            ConfigError: no key is configured, or none of them fits.
        """
        try:
            return self._needed().decrypt(stored.encode()).decode()
        except InvalidToken as error:
            raise ConfigError(
                "A stored secret was encrypted with another key.", field=_SETTING, remedy=_REMEDY
            ) from error

    def digest(self, secret: str) -> str:
        """By which the same secret is found again, and nothing is learnt of it without the key.

        Raises:
            ConfigError: no key is configured.
        """
        self._needed()
        return hmac.new(self._digest_key, secret.encode(), "sha256").hexdigest()

    def rotate(self, stored: str) -> str | None:
        """The same secret under the first key; None where it is under that already.

        Raises:
            ConfigError: no key is configured, or none of them fits.
        """
        fernet = self._needed()
        if self._first is not None and _opens(self._first, stored):
            return None
        self.decrypt(stored)
        return fernet.rotate(stored.encode()).decode()

    def _needed(self) -> MultiFernet:
        if self._fernet is None:
            raise ConfigError(
                "Secrets need a secret key, and none is configured.",
                field=_SETTING,
                remedy=_REMEDY,
            )
        return self._fernet


def _opens(fernet: Fernet, stored: str) -> bool:
    try:
        fernet.decrypt(stored.encode())
    except InvalidToken:
        return False
    return True

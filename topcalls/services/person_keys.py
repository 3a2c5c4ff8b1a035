"""The key by which an account knows people again that were erased: see `core/people.py`."""

from __future__ import annotations

from collections.abc import Sequence

from topcalls.core import people
from topcalls.errors import NotFound
from topcalls.ids import new_secret
from topcalls.store import accounts
from topcalls.store.database import Database


class PersonKeys:
    """Fingerprints of numbers. A key never changes, so it is read once in a process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._keys: dict[str, bytes] = {}

    def fingerprint(self, account_id: str, number: str) -> str:
        """Of a number of an account; inside a verb, one that writes.

        Raises:
            NotFound: no such account.
        """
        key = self._keys.get(account_id) or self._read_or_made(account_id)
        return people.fingerprint(key, number)

    def names(self, account_id: str, number: str) -> tuple[str, str]:
        """What rows about somebody may call them: their number, or its fingerprint."""
        return number, self.fingerprint(account_id, number)

    def known_names(self, account_id: str, numbers: Sequence[str]) -> list[tuple[str, ...]]:
        """The same of many people, without writing: an account that has no key yet has nobody whom
        it knows by a fingerprint. Inside a verb."""
        key = self._keys.get(account_id) or accounts.person_key(account_id)
        if key is None:
            return [(number,) for number in numbers]
        secret = key if isinstance(key, bytes) else key.encode()
        return [(number, people.fingerprint(secret, number)) for number in numbers]

    def _read_or_made(self, account_id: str) -> bytes:
        found = self._db.read(accounts.person_key, account_id)
        if found is None:
            # Not remembered yet: the verb around this one may still come to nothing.
            return self._db.run(_made, account_id).encode()
        key = self._keys[account_id] = found.encode()
        return key


def _made(account_id: str) -> str:
    accounts.keep_person_key(account_id, new_secret())
    key = accounts.person_key(account_id)
    if key is None:
        raise NotFound("No such account.")
    return key

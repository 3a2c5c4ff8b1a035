"""The key by which an account knows people again that were erased: see `core/people.py`."""

from __future__ import annotations

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
        """Of a number of an account. Call it outside of a verb: the first of an account reads, or
        makes, its key.

        Raises:
            NotFound: no such account.
        """
        key = self._keys.get(account_id)
        if key is None:
            key = self._keys[account_id] = self._db.run(_key, account_id)
        return people.fingerprint(key, number)

    def names(self, account_id: str, number: str) -> tuple[str, str]:
        """What rows about somebody may call them: their number, or its fingerprint."""
        return number, self.fingerprint(account_id, number)


def _key(account_id: str) -> bytes:
    found = accounts.person_key(account_id)
    if found is None and not accounts.keep_person_key(account_id, new_secret()):
        found = accounts.person_key(account_id)
        if found is None:
            raise NotFound("No such account.")
    key = found or accounts.person_key(account_id)
    assert key is not None
    return key.encode()

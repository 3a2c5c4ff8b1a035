"""Row locks, where the database has them.

On SQLite a writing verb holds the only write lock from its first statement on, so there is nothing
left to lock. Verbs that lock several things take the account first: so no two wait for each other.
"""

from __future__ import annotations

from typing import Any

from topcalls.store import rows
from topcalls.store.current import current
from topcalls.store.models import Account, Call


def locked(query: Any, *, skip_locked: bool = False) -> Any:
    """`query`, keeping its rows from other writers until the end of the verb."""
    if not current().peewee.for_update:
        return query
    return query.for_update("FOR NO KEY UPDATE", skip_locked=skip_locked or None)


def lock_account(account_id: str) -> None:
    """Make other verbs that count this account's limits and minutes wait for this one."""
    if current().peewee.for_update:
        rows.lock(Account, account_id)


def lock_call(call_id: str) -> None:
    """Make other verbs that write about this call in its order wait for this one."""
    if current().peewee.for_update:
        rows.lock(Call, call_id)

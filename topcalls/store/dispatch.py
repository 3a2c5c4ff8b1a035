"""Queries behind dispatching: who waits, and what is already running.

Every limit is counted from rows, by indexes that hold only waiting or only live calls, so that a
look at the queue costs the same with a million calls behind it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import fn

from topcalls.core.call_state import State
from topcalls.store import rows
from topcalls.store.locking import locked
from topcalls.store.models import Account, Call, Controller
from topcalls.store.models.base import tuples
from topcalls.store.models.calls import IS_LIVE, IS_QUEUED

_MINUTE = timedelta(minutes=1)


class Load(NamedTuple):
    """An account with waiting calls: what it may do, and what it does."""

    account_id: str
    max_concurrent: int
    max_per_minute: int
    live: int
    last_minute: int

    @property
    def room(self) -> int:
        """How many more calls may start now."""
        return max(0, min(self.max_concurrent - self.live, self.max_per_minute - self.last_minute))


def lock_waiting_accounts() -> list[str]:
    """Accounts with queued calls, kept from other dispatchers; those being counted are left out.

    Counting is a statement of its own, after this one: only so it sees what the last dispatcher
    committed.
    """
    waiting = Call.select(Call.id).where(Call.account == Account.id, IS_QUEUED)
    query = Account.select(Account.id).where(fn.EXISTS(waiting)).order_by(Account.id)
    return [account_id for (account_id,) in tuples(locked(query, skip_locked=True))]


def loads(account_ids: list[str], now: datetime) -> list[Load]:
    """What these accounts run at this moment."""
    live = Call.select(fn.COUNT(Call.id)).where(Call.account == Account.id, IS_LIVE)
    recent = Call.select(fn.COUNT(Call.id)).where(
        Call.account == Account.id, Call.claimed_at > now - _MINUTE
    )
    query = Account.select(
        Account.id, Account.max_concurrent_calls, Account.max_calls_per_minute, live, recent
    ).where(Account.id.in_(account_ids))
    return [Load(*row) for row in tuples(query)]


def next_of(account_id: str, limit: int) -> list[Call]:
    """An account's next calls: highest priority first, then the longest waiting."""
    query = (
        Call.select()
        .where(Call.account == account_id, IS_QUEUED, Call.tries_left > 0)
        .order_by(Call.priority.desc(), Call.queued_at)
        .limit(limit)
    )
    return list(locked(query, skip_locked=True))


def lock_node(node: str) -> None:
    """Keep other controllers of this node from counting its calls."""
    query = Controller.select(Controller.id).where(Controller.node == node)
    tuples(locked(query.order_by(Controller.id)))


def live_on(node: str) -> int:
    """Calls that are live on one FreeSWITCH node."""
    count: int = Call.select(fn.COUNT(Call.id)).where(Call.node == node, IS_LIVE).scalar()
    return count


def queue_length() -> int:
    """Calls that wait to be dispatched."""
    count: int = Call.select(fn.COUNT(Call.id)).where(IS_QUEUED).scalar()
    return count


_ANYTHING_QUEUED = f"SELECT 1 FROM call WHERE state IN ('{State.QUEUED}') LIMIT 1"


def anything_queued() -> bool:
    """A call waits: a look that needs no lock."""
    return bool(rows.select(_ANYTHING_QUEUED))

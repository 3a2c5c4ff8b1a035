"""Queries behind dispatching: who waits, and what is already running.

Every limit is counted from rows, by indexes that hold only waiting or only live calls, so that a
look at the queue costs the same with a million calls behind it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import fn

from topcalls.core.call_state import State
from topcalls.store import rows
from topcalls.store.locking import locked
from topcalls.store.models import Account, ApiKey, Call, Controller
from topcalls.store.models.base import tuples
from topcalls.store.models.calls import IS_LIVE, IS_QUEUED

_MINUTE = timedelta(minutes=1)


class Load(NamedTuple):
    """An account with waiting calls: what it may do, and what it does. `live_inbound` are in
    `live`; `inbound_reserve` of `max_concurrent` are kept for calls that come in."""

    account_id: str
    max_concurrent: int
    max_per_minute: int
    inbound_reserve: int
    live: int
    live_inbound: int
    last_minute: int

    @property
    def room(self) -> int:
        """How many more calls may be dialled now."""
        kept = max(0, self.inbound_reserve - self.live_inbound)
        places = self.max_concurrent - self.live - kept
        return max(0, min(places, self.max_per_minute - self.last_minute))

    def after(self, dialled: int) -> Load:
        """As it is when so many more calls are being dialled."""
        return self._replace(live=self.live + dialled, last_minute=self.last_minute + dialled)


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
    inbound = live.where(Call.direction == "inbound")
    recent = Call.select(fn.COUNT(Call.id)).where(
        Call.account == Account.id, Call.claimed_at > now - _MINUTE
    )
    query = Account.select(
        Account.id,
        Account.max_concurrent_calls,
        Account.max_calls_per_minute,
        Account.inbound_reserve,
        live,
        inbound,
        recent,
    ).where(Account.id.in_(account_ids))
    return [Load(*row) for row in tuples(query)]


def room_of_keys(account_ids: list[str]) -> dict[str, dict[str, int]]:
    """How many more calls may start that each key has created, by account; of keys that have a
    limit of their own."""
    live = Call.select(fn.COUNT(Call.id)).where(
        Call.account == ApiKey.account, Call.key_id == ApiKey.id, IS_LIVE
    )
    query = ApiKey.select(ApiKey.account, ApiKey.id, ApiKey.max_concurrent_calls, live).where(
        ApiKey.account.in_(account_ids), ApiKey.max_concurrent_calls.is_null(False)
    )
    room: dict[str, dict[str, int]] = {}
    for account_id, key_id, most, running in tuples(query):
        room.setdefault(account_id, {})[key_id] = max(0, most - running)
    return room


def next_of(
    account_id: str, limit: int, full_keys: Collection[str] = (), of_campaigns: bool = True
) -> list[Call]:
    """An account's next calls: highest priority first, then the longest waiting; none that one of
    the `full_keys` has created. Not `of_campaigns`: none that a campaign has made."""
    others = Call.key_id.is_null() | Call.key_id.not_in(list(full_keys)) if full_keys else True
    query = (
        _waiting(Call.select(), account_id, of_campaigns)
        .where(others)
        .order_by(Call.priority.desc(), Call.queued_at)
        .limit(limit)
    )
    return list(locked(query, skip_locked=True))


def priorities(account_id: str, limit: int) -> list[int]:
    """The priorities of an account's next calls that no campaign has made."""
    query = _waiting(Call.select(Call.priority), account_id, of_campaigns=False)
    ordered = query.order_by(Call.priority.desc(), Call.queued_at).limit(limit)
    return [priority for (priority,) in tuples(ordered)]


def next_of_campaign(account_id: str, campaign_id: str, limit: int) -> list[Call]:
    """A campaign's next calls, the longest waiting first."""
    query = (
        Call.select()
        .where(
            Call.account == account_id,
            Call.campaign_id == campaign_id,
            Call.state == State.QUEUED,
            Call.ended_at.is_null(),
            Call.tries_left > 0,
        )
        .order_by(Call.queued_at)
        .limit(limit)
    )
    return list(locked(query, skip_locked=True))


def _waiting(query: Any, account_id: str, of_campaigns: bool) -> Any:
    waiting = query.where(Call.account == account_id, IS_QUEUED, Call.tries_left > 0)
    return waiting if of_campaigns else waiting.where(Call.campaign_id.is_null())


def compliance_of(account_id: str) -> str | None:
    """An account's terms of compliance, as they are stored."""
    found = rows.select(_COMPLIANCE, account_id)
    return next((text for (text,) in found), None)


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


_COMPLIANCE = 'SELECT "compliance" FROM "account" WHERE "id" = ?'
_ANYTHING_QUEUED = f"SELECT 1 FROM call WHERE state IN ('{State.QUEUED}') LIMIT 1"


def anything_queued() -> bool:
    """A call waits: a look that needs no lock."""
    return bool(rows.select(_ANYTHING_QUEUED))

"""Limits of accounts and keys: which there are, how far they are used up, and when they free.

What is dialled at once, or in a minute, is limited by the account's row and waits in the queue
(`services/dispatch.py`); what a key creates in a minute is refused here; how often requests come is
counted in the API's process (`api/rate_limits.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from topcalls.clock import Clock
from topcalls.core.budgets import Consumer
from topcalls.errors import NotFound, RateLimited
from topcalls.services import budgets
from topcalls.services.budgets import BudgetsView
from topcalls.services.keys import Principal
from topcalls.services.quotas import BalanceView, balance_view
from topcalls.store import accounts, dispatch, limits
from topcalls.store.database import Database

NEW_CALLS = "key_new_calls_per_minute"


@dataclass(frozen=True, slots=True)
class Gauge:
    """A limit: how far it is used up, and what becomes of calls beyond it. `frees_at`: when there
    is room again; None: there is, or a call has to end first."""

    limit: int
    used: int
    when_reached: Literal["wait", "refuse"]
    frees_at: datetime | None = None

    @property
    def left(self) -> int:
        """How many more there may be."""
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """`inbound_reserve` of the places of `concurrent_calls` are kept for calls that come in.
    `requests_per_second`: of all keys together; None: no such limit."""

    concurrent_calls: Gauge
    inbound_reserve: int
    calls_per_minute: Gauge
    requests_per_second: int | None
    minutes: BalanceView


@dataclass(frozen=True, slots=True)
class KeyGauges:
    """Limits of the key that asks. None: it has no such limit of its own."""

    id: str
    concurrent_calls: Gauge | None
    new_calls_per_minute: Gauge | None
    requests_per_second: int | None


@dataclass(frozen=True, slots=True)
class LimitsView:
    """Everything that limits what a key may do."""

    account: AccountLimits
    key: KeyGauges
    budgets: BudgetsView


class Limits:
    """Looks at limits; nothing is changed here."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def get(self, principal: Principal) -> LimitsView:
        """Counted from rows at this moment. Raises NotFound."""
        now = self._clock.now()

        def verb() -> LimitsView:
            return LimitsView(
                _of_account(principal.account_id, now),
                _of_key(principal, now),
                budgets.view(principal.account_id, now),
            )

        return self._db.read(verb)


def refuse_haste(principal: Principal, now: datetime) -> None:
    """Part of a verb that creates a call, and has locked the account.

    Raises:
        RateLimited: the key has created as many calls in the last minute as it may.
    """
    most = principal.limits.max_new_calls_per_minute
    if most is None:
        return
    frees_at = _key_frees_at(principal.key_id, most, now)
    if frees_at is None:
        return
    raise RateLimited(
        f"This key has created {most} calls within a minute, which is as many as it may.",
        remedy="Try again after Retry-After seconds.",
        limit=NEW_CALLS,
        consumer={"type": Consumer.KEY, "id": principal.key_id},
        retry_after=max(1, math.ceil((frees_at - now).total_seconds())),
        frees_at=frees_at,
    )


def _key_frees_at(key_id: str, most: int, now: datetime) -> datetime | None:
    last = limits.nth_new_of_key(key_id, most, now)
    return None if last is None else last + limits.MINUTE


def _of_account(account_id: str, now: datetime) -> AccountLimits:
    account = accounts.get(account_id)
    if account is None:
        raise NotFound("No such account.")
    (load,) = dispatch.loads([account_id], now)
    frees_at = None
    if load.last_minute >= load.max_per_minute:
        last = limits.nth_claimed_of_account(account_id, load.max_per_minute, now)
        frees_at = None if last is None else last + limits.MINUTE
    return AccountLimits(
        Gauge(load.max_concurrent, load.live, "wait"),
        load.inbound_reserve,
        Gauge(load.max_per_minute, load.last_minute, "wait", frees_at),
        account.max_requests_per_second,
        balance_view(account_id),
    )


def _of_key(principal: Principal, now: datetime) -> KeyGauges:
    own, key_id = principal.limits, principal.key_id
    live = fresh = None
    if own.max_concurrent_calls is not None:
        used = limits.live_of_key(principal.account_id, key_id)
        live = Gauge(own.max_concurrent_calls, used, "wait")
    if (most := own.max_new_calls_per_minute) is not None:
        frees_at = _key_frees_at(key_id, most, now)
        fresh = Gauge(most, limits.new_of_key(key_id, now), "refuse", frees_at)
    return KeyGauges(key_id, live, fresh, own.max_requests_per_second)

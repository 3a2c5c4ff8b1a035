"""Minutes of an account: granted, reserved by calls, settled when calls end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from topcalls.clock import Clock
from topcalls.core import quota
from topcalls.core.budgets import Consumer, Need
from topcalls.core.costs import Prediction
from topcalls.core.quota import Pool
from topcalls.errors import InsufficientQuota, NotFound
from topcalls.services import budgets
from topcalls.services.budgets import CampaignBudget
from topcalls.store import accounts, quotas
from topcalls.store.budgets import Limits
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Call

_BATCH = 200


@dataclass(frozen=True, slots=True)
class BalanceView:
    """Minutes of an account, as the API shows them.

    `minutes_remaining` is what is left of plan and bonus, reservations of running calls included;
    `minutes_available` is what a new call can reserve. `unlimited`: nothing is ever refused.
    """

    unit: str
    minutes_remaining: float
    minutes_available: float
    plan_minutes: float
    total_minutes: float
    minutes_used: float
    minutes_reserved: float
    bonus_minutes_used: float
    bonus_minutes_remaining: float
    unlimited: bool


@dataclass(frozen=True, slots=True)
class UsageDay:
    """What was talked on one UTC day (`2026-11-23`)."""

    day: str
    minutes: float
    calls: int


class Quotas:
    """Count, grant, reserve and settle minutes."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def balance(self, account_id: str) -> BalanceView:
        """Counted from rows at this moment. Raises NotFound."""
        return self._db.read(balance_view, account_id)

    def usage(self, account_id: str, first_day: str, last_day: str) -> list[UsageDay]:
        """Days with calls between two UTC days (`2026-11-23`), both included."""
        rows = self._db.read(quotas.usage, account_id, first_day, last_day)
        return [UsageDay(day, quota.minutes(seconds), calls) for day, seconds, calls in rows]

    def grant(
        self,
        account_id: str,
        minutes: float,
        note: str,
        now: datetime | None = None,
        *,
        pool: Pool = Pool.PLAN,
    ) -> None:
        """Give minutes to an account, or take them back with a negative number. Raises NotFound."""
        seconds = round(minutes * 60)
        moment = now or self._clock.now()

        def verb() -> None:
            if accounts.get(account_id) is None:
                raise NotFound("No such account.")
            quotas.grant(account_id, pool, seconds, note, moment)

        self._db.run(verb)

    def settle(
        self,
        account_id: str,
        call_id: str,
        billed_seconds: int,
        now: datetime,
        *,
        dialled: bool = True,
    ) -> bool:
        """Turn a call's reservation into what it used. Only the first time counts: False after.
        `dialled`: it counts as a call in budgets."""
        return self._db.run(_settle, account_id, call_id, billed_seconds, now, dialled)

    def release_stale(self, now: datetime) -> int:
        """Settle what calls that are over still hold; how many there were."""

        def verb() -> int:
            calls = quotas.stale_reservations(_BATCH)
            for account_id in sorted({call.account_id for call in calls}):
                lock_account(account_id)
            return sum(
                _settle(call.account_id, call.id, call.billed_seconds or 0, now, _was_dialled(call))
                for call in calls
            )

        return self._db.run(verb)


def _balance(account_id: str) -> quota.Balance:
    balance = quotas.balance(account_id)
    if balance is None:
        raise NotFound("No such account.")
    return balance


@dataclass(frozen=True, slots=True)
class Claim:
    """What a call may need at most, and of which budgets: `max_duration` minutes, and the `cost`
    that is predicted, at the moment `when` it is to be made."""

    call_id: str
    max_duration: float
    cost: Prediction
    when: datetime
    campaign: CampaignBudget | None = None


def set_aside(
    balance: quota.Balance, limits: Limits, account_id: str, claim: Claim, now: datetime
) -> None:
    """Part of a verb that has locked the account and read its `balance` and its `limits`: set aside
    what a call may need at most.

    Raises:
        InsufficientQuota: the account has fewer minutes, or a budget has less.
    """
    seconds = quota.reservation(claim.max_duration)
    if not balance.allows(seconds):
        raise _too_few_minutes(account_id, seconds, balance)
    need = Need(seconds, claim.cost.micros, claim.cost.unknown)
    day = budgets.judge(account_id, limits, need, claim.when, claim.campaign)
    campaign_id = claim.campaign.campaign_id if claim.campaign is not None else None
    holding = quotas.Holding(seconds, day, claim.cost.micros, campaign_id)
    quotas.reserve(claim.call_id, account_id, holding, now)


def reserve(account_id: str, claim: Claim, now: datetime) -> None:
    """Part of a verb that has locked the account: see `set_aside`. Raises InsufficientQuota."""
    set_aside(_balance(account_id), budgets.limits_of(account_id), account_id, claim, now)


def longest(account_id: str, wanted: int) -> int:
    """For how many seconds a call may last, by the account's minutes, that would like to last for
    `wanted`."""
    balance = _balance(account_id)
    return wanted if balance.unlimited else min(wanted, balance.available)


def _too_few_minutes(account_id: str, seconds: int, balance: quota.Balance) -> InsufficientQuota:
    needed, left = quota.minutes(seconds), quota.minutes(balance.available)
    return InsufficientQuota(
        f"This call needs {needed:g} minutes and {left:g} are left.",
        remedy="Ask for a shorter max_duration, or have minutes granted "
        "('topcalls accounts grant').",
        minutes_needed=needed,
        minutes_left=left,
        limit="account_minutes",
        consumer={"type": Consumer.ACCOUNT, "id": account_id},
        unit="minutes",
        needed=needed,
        left=left,
        exhausted=seconds > balance.left,
        frees_at=None,
    )


def _was_dialled(call: Call) -> bool:
    return call.dialled_at is not None


def _settle(account_id: str, call_id: str, billed: int, now: datetime, dialled: bool) -> bool:
    """The account is locked first, so that two calls do not both use the last bonus minute."""
    lock_account(account_id)
    ended = quotas.close_reservation(call_id, billed, now)
    if ended is None:
        return False
    budgets.spend(account_id, *ended, billed, dialled=dialled)
    if billed > 0:
        shares = quota.split(billed, _balance(account_id).bonus_left)
        payer = Pool.PLAN if shares[Pool.PLAN] else Pool.BONUS
        for pool, seconds in shares.items():
            if seconds:
                quotas.use(account_id, pool, seconds, int(pool is payer), now)
    return True


def balance_view(account_id: str) -> BalanceView:
    """Part of a verb: see `Quotas.balance`."""
    balance, minutes = _balance(account_id), quota.minutes
    return BalanceView(
        unit=quota.UNIT,
        minutes_remaining=minutes(balance.left),
        minutes_available=minutes(balance.available),
        plan_minutes=minutes(balance.plan_granted),
        total_minutes=minutes(balance.plan_granted + balance.bonus_left),
        minutes_used=minutes(balance.plan_used),
        minutes_reserved=minutes(balance.reserved),
        bonus_minutes_used=minutes(balance.bonus_used),
        bonus_minutes_remaining=minutes(balance.bonus_left),
        unlimited=balance.unlimited,
    )

"""Minutes: how many a call needs, how many it is billed, and what is left.

Minutes are counted in whole seconds. An account has two pools: *bonus* minutes (a welcome gift) are
used up first, then those of its *plan*. A call reserves its longest possible duration when it is
created and gives back what it did not talk when it ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

UNIT = "call_minutes"
_SECOND = timedelta(seconds=1)


class Pool(StrEnum):
    """Where minutes come from."""

    PLAN = "plan"
    BONUS = "bonus"


@dataclass(frozen=True, slots=True)
class Balance:
    """Seconds of one account. `unlimited`: counted, but never refused."""

    plan_granted: int = 0
    plan_used: int = 0
    bonus_granted: int = 0
    bonus_used: int = 0
    reserved: int = 0
    unlimited: bool = False

    @property
    def bonus_left(self) -> int:
        return max(0, self.bonus_granted - self.bonus_used)

    @property
    def left(self) -> int:
        """Remainder of the plan and of the bonus; what running calls reserve is still in it."""
        return max(0, self.plan_granted - self.plan_used) + self.bonus_left

    @property
    def available(self) -> int:
        """What a new call can reserve."""
        return max(0, self.left - self.reserved)

    def allows(self, seconds: int) -> bool:
        """A call that needs `seconds` may be created."""
        return self.unlimited or seconds <= self.available


def reservation(max_duration: float) -> int:
    """Seconds to set aside for a call that may last `max_duration` minutes."""
    return math.ceil(round(max_duration * 60, 6))


def billed(answered_at: datetime | None, ended_at: datetime) -> int:
    """Seconds billed: from the answer to the end, a started second counts. Unanswered is free."""
    if answered_at is None:
        return 0
    started_seconds = -((answered_at - ended_at) // _SECOND)
    return max(0, started_seconds)


def split(seconds: int, bonus_left: int) -> dict[Pool, int]:
    """Which pool pays: the bonus as far as it goes, the plan for the rest."""
    from_bonus = min(seconds, max(0, bonus_left))
    return {Pool.BONUS: from_bonus, Pool.PLAN: seconds - from_bonus}


def minutes(seconds: int) -> float:
    """For people and for JSON: 150 seconds are 2.5 minutes."""
    return round(seconds / 60, 4)

"""When a webhook delivery is tried again, and when it is given up.

Attempts are made at once and then 1, 5, 15 and 60 minutes after the one before. Any answer of the
2xx class is a success; everything else, redirects included, is a failure worth another try: the
receiver's next version may well accept what this one refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
MAX_ATTEMPTS = 1 + len(RETRY_DELAYS)
QUICK_MS = 2000
LEAST_GIVEN_UP = 3
"""So many deliveries in a row must have been given up before a receiver is taken for dead."""


class DeliveryState(StrEnum):
    """Where a delivery stands. `dead`: given up; it stays listed and can be replayed."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt: the HTTP `status`, or `error` in a few words without one."""

    status: int | None = None
    error: str | None = None
    duration_ms: int | None = None
    response: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def was_quick(self) -> bool:
        """Accepted, and so soon that many can be sent to this receiver one after the other."""
        return self.succeeded and (self.duration_ms or 0) <= QUICK_MS


@dataclass(frozen=True, slots=True)
class Verdict:
    """The delivery's next state; `retry_at` is set exactly when it stays pending."""

    state: DeliveryState
    retry_at: datetime | None = None


def after_attempt(attempt: int, outcome: Outcome, now: datetime) -> Verdict:
    """What follows attempt number `attempt` (the first is 1)."""
    if outcome.succeeded:
        return Verdict(DeliveryState.DELIVERED)
    if attempt >= MAX_ATTEMPTS:
        return Verdict(DeliveryState.DEAD)
    return Verdict(DeliveryState.PENDING, now + RETRY_DELAYS[max(attempt, 1) - 1])


def is_dead(
    failing_since: datetime, given_up: int, now: datetime, patience: timedelta | None
) -> bool:
    """Whether a receiver that accepted nothing since then is sent nothing any more; None: never."""
    if patience is None:
        return False
    return given_up >= LEAST_GIVEN_UP and now - failing_since >= patience

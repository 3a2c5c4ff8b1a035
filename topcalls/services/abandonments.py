"""How many of those who picked up heard nobody, as the rules ask about it.

It is a part of every decision and changes slowly, so what was counted is good for a moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from topcalls.core.eligibility_facts import Abandonment
from topcalls.core.rule_pack import RulePack
from topcalls.core.rule_values import AbandonmentLimit
from topcalls.store import abandonment

GOOD_FOR: Final = timedelta(seconds=10)
_MOST_KEPT: Final = 10_000
_Key = tuple[str, str | None, datetime | None]


class Abandonments:
    """Counts for the windows of a pack's rules. Parts of a verb."""

    def __init__(self, pack: RulePack) -> None:
        limits = [rule.value for rule in pack.rules if isinstance(rule.value, AbandonmentLimit)]
        self._windows = sorted({(one.days, one.from_resume) for one in limits})
        self._kept: dict[_Key, tuple[datetime, tuple[Abandonment, ...]]] = {}

    def of(
        self,
        account_id: str,
        campaign_id: str | None,
        running_since: datetime | None,
        now: datetime,
    ) -> tuple[Abandonment, ...]:
        """Of a campaign's calls, or of an account's calls of no campaign: see
        `core.eligibility_facts.Abandonment`."""
        key = (account_id, campaign_id, running_since)
        counted_at, found = self._kept.get(key, (None, ()))
        if counted_at is None or not timedelta() <= now - counted_at < GOOD_FOR:
            found = tuple(self._counted(key, *window, now) for window in self._windows)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (now, found)
        return found

    def _counted(self, key: _Key, days: int, from_resume: bool, now: datetime) -> Abandonment:
        account_id, campaign_id, running_since = key
        since = now - timedelta(days=days)
        if from_resume and running_since is not None:
            since = max(since, running_since)
        if campaign_id is not None:
            counted = abandonment.of_campaign(campaign_id, since)
        else:
            counted = abandonment.of_account(account_id, since)
        return Abandonment(days, counted.people, counted.abandoned, counted.oldest_at, from_resume)

"""Looks after campaigns that run: stops one that fails or annoys, slows one whose carrier is full,
and says that one is over.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from topcalls.core import circuit_breaker as breaker
from topcalls.core.campaign_outcomes import Outcome
from topcalls.core.campaign_schedule import is_over
from topcalls.core.campaign_state import CampaignState
from topcalls.core.circuit_breaker import (
    ABANDONED_WINDOW,
    NUMBER_FAILURES,
    NUMBER_RESTS,
    Action,
    Ending,
    Finding,
)
from topcalls.core.end_reasons import EndReason
from topcalls.core.pacing import BUSY_SECONDS, eased
from topcalls.log import get_logger
from topcalls.services.campaign_moves import CampaignMoves
from topcalls.services.campaign_plans import CampaignPlan, CampaignPlans
from topcalls.store import (
    abandonment,
    campaign_contacts,
    campaign_production,
    campaigns,
    carriers,
)
from topcalls.store.database import Database
from topcalls.store.models import Campaign

ALL_DONE = ("completed", "Nobody is left to be called.")
TIME_IS_OVER = ("end_at", "The campaign's time is over.")
log = get_logger("campaigns")


class CampaignWatch:
    """See the module's text."""

    def __init__(self, db: Database, moves: CampaignMoves) -> None:
        self._db = db
        self._moves = moves
        self._plans = CampaignPlans()

    def judge(self, settled: Collection[str], now: datetime) -> list[str]:
        """Look at campaigns of which calls have just ended; those that were paused for it."""
        return [key for key in settled if self._db.run(self._judge, key, now)]

    def pace(self, now: datetime) -> None:
        """Slow campaigns whose carrier has no free line, and let those go on whose has."""
        for campaign_id, speed in self._db.read(self._new_speeds, now):
            self._db.run(campaigns.note, campaign_id, speed=speed)

    def finish(self, now: datetime) -> list[str]:
        """End campaigns that have nobody left to call, or whose time is over; which."""
        return [
            key for key in self._db.read(self._ended, now) if self._db.run(self._finish, key, now)
        ]

    def _judge(self, campaign_id: str, now: datetime) -> bool:
        row = campaigns.found(campaign_id, lock=True)
        if row is None or row.state != CampaignState.RUNNING:
            return False
        plan = self._plans.of(row)
        for found in [*_findings(row, plan, now), *_abandonment(row, now)]:
            if found.reason == NUMBER_FAILURES:
                _rest(row, found, now)
            if found.action is Action.REST_NUMBER:
                continue
            log.warning("A campaign is paused", campaign_id=row.id, why=found.reason)
            self._moves.pause(row, found.reason, found.words, now)
            return True
        return False

    def _new_speeds(self, now: datetime) -> list[tuple[str, float]]:
        speeds = [(row, _speed(row, now)) for row in campaigns.running()]
        return [(row.id, speed) for row, speed in speeds if speed != row.speed]

    def _ended(self, now: datetime) -> list[str]:
        return [row.id for row in campaigns.running() if self._why_ended(row, now)]

    def _finish(self, campaign_id: str, now: datetime) -> bool:
        row = campaigns.found(campaign_id, lock=True)
        if row is None or row.state != CampaignState.RUNNING:
            return False
        why = self._why_ended(row, now)
        return why is not None and self._moves.finish(row, *why, now)

    def _why_ended(self, row: Campaign, now: datetime) -> tuple[str, str] | None:
        """The reason for which it is over: code and words."""
        if row.enrolling:
            return None
        if not campaign_contacts.any_left(row.id):
            return ALL_DONE
        over = is_over(self._plans.of(row).schedule, now)
        return TIME_IS_OVER if over and not campaign_production.any_open(row.id) else None


def _speed(row: Campaign, now: datetime) -> float:
    since = max(now - timedelta(seconds=BUSY_SECONDS), row.running_since or now)
    busy = campaign_production.busy_dials(row.id, since, Outcome.TRUNK_BUSY, now)
    found = abandonment.of_campaign(row.id, now - ABANDONED_WINDOW)
    return eased(busy) * breaker.speed(found.people, found.abandoned)


def _findings(row: Campaign, plan: CampaignPlan, now: datetime) -> list[Finding]:
    since = row.running_since or now
    rows = campaign_production.endings(row.id, since, plan.breaker.health_calls)
    endings = [
        Ending(
            Outcome(outcome),
            at,
            carrier,
            number,
            tuple(providers or ()),
            provider_failed=reason == EndReason.PROVIDER_FAILED,
            failed_provider=failed,
            talk_seconds=talked or 0,
        )
        for outcome, at, carrier, number, talked, reason, providers, failed in rows
    ]
    resting = {one.number for one in campaign_production.resting(row.account_id, now)}
    usable = frozenset(plan.pool.numbers) - resting
    names = carriers.names(row.account_id)
    return breaker.findings(plan.breaker, endings, now, usable=usable, names=names)


def _abandonment(row: Campaign, now: datetime) -> list[Finding]:
    """Since it was last resumed, so that whoever has mended it is not stopped by what was."""
    since = max(now - ABANDONED_WINDOW, row.running_since or now)
    counted = abandonment.of_campaign(row.id, since)
    found = breaker.abandonment(counted.people, counted.abandoned)
    return [] if found is None else [found]


def _rest(row: Campaign, found: Finding, now: datetime) -> None:
    if found.key is not None:
        until = now + NUMBER_RESTS
        campaign_production.rest_number(row.account_id, found.key, until, found.reason)

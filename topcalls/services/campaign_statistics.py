"""What campaigns have come to, for those who look, and for those who follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from topcalls.clock import Clock
from topcalls.core.campaign_state import FINAL
from topcalls.services.campaign_figures import CampaignStatistics, statistics_of
from topcalls.services.campaigns import found
from topcalls.services.live_events import Follower, LiveEvent
from topcalls.store import campaigns
from topcalls.store.database import Database

STATISTICS, END = "statistics", "end"
"""What followers are told: figures whenever they have changed, and the last ones."""


@dataclass(frozen=True, slots=True)
class FiguresSeen:
    """How much of a campaign a follower knows: `told` was the last answer it got."""

    told: int = 0
    over: bool = False

    def __str__(self) -> str:
        return "end" if self.over else f"{self.told:x}"


class CampaignReports:
    """See the module's text."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def get(self, account_id: str, campaign_id: str) -> CampaignStatistics:
        """What a campaign has come to by now. Raises NotFound."""
        now = self._clock.now()
        return self._db.read(lambda: statistics_of(found(account_id, campaign_id), now))

    def news(self, followers: Sequence[Follower]) -> dict[int, list[LiveEvent]]:
        """What each follower is to be told next, by its id; `call_id` names its campaign."""
        now = self._clock.now()

        def verb() -> dict[int, list[LiveEvent]]:
            ids = {one.call_id for one in followers}
            current = {campaign_id: _current(campaign_id, now) for campaign_id in ids}
            return {one.id: _news(one.position, current[one.call_id]) for one in followers}

        return self._db.read(verb) if followers else {}


def _current(campaign_id: str, now: datetime) -> CampaignStatistics | None:
    row = campaigns.found(campaign_id)
    return None if row is None else statistics_of(row, now)


def _news(known: FiguresSeen, current: CampaignStatistics | None) -> list[LiveEvent]:
    """A follower is told figures that it does not know, and the last ones as such."""
    if current is None or known.over:
        return []
    is_over = current.status in FINAL and current.figures.open_calls == 0
    seen = FiguresSeen(_digest(current), is_over)
    if seen == known:
        return []
    return [LiveEvent(END if is_over else STATISTICS, current.at, current, seen)]


def _digest(current: CampaignStatistics) -> int:
    """Of all that may change; a forecast does with every look."""
    contacts = tuple(sorted(current.figures.contacts.items()))
    outcomes = tuple(sorted(current.figures.outcomes.items()))
    other = (current.status, current.figures.open_calls, current.cost, current.figures.conversions)
    return hash((contacts, outcomes, other)) & 0xFFFFFFFFFFFF

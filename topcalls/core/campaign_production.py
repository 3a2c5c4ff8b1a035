"""Whose calls a producer makes next, and how many of each campaign's.

A producer keeps a short queue of calls ahead of the dispatcher, so that one that is paused has few
to take back. Which campaign may put how many into it is decided here, in one plan for all; which of
a campaign's people come first is `order`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from topcalls.core.campaign_state import Rank
from topcalls.core.fair_share import DEFAULT_WEIGHT, Lane, two_levels

MOST_AT_ONCE: Final = 200
"""Calls made in one round, by all campaigns together."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody of a campaign who is due at `next_at`."""

    rank: Rank
    next_at: datetime
    lead_id: str


@dataclass(frozen=True, slots=True)
class Producing:
    """A campaign that runs. `live` and `queued`: its calls. `ahead`: how many may be queued by its
    own limits (`core.pacing.ahead`)."""

    campaign_id: str
    account_id: str
    live: int
    queued: int
    ahead: int
    weight: float = DEFAULT_WEIGHT
    priority: int = 0


@dataclass(frozen=True, slots=True)
class AccountAhead:
    """An account: its calls that are `live`, those of its campaigns that are `queued`, and how many
    of them may be by its own limits."""

    account_id: str
    live: int
    queued: int
    ahead: int
    weight: float = DEFAULT_WEIGHT


def order(turn: Turn) -> tuple[int, datetime, str]:
    """The key by which those who are due are sorted: what was agreed, what is repeated, the others;
    among equals the longest due. Ids of leads sort by when the leads were made."""
    return int(turn.rank), turn.next_at, turn.lead_id


def plan(
    accounts: Iterable[AccountAhead],
    campaigns: Iterable[Producing],
    most: int = MOST_AT_ONCE,
) -> Mapping[str, int]:
    """How many calls each campaign may make now; who may make none is left out."""
    groups: dict[str, list[Lane]] = {}
    for one in campaigns:
        room = one.ahead - one.queued
        lane = Lane(one.campaign_id, one.live + one.queued, room, one.weight, one.priority)
        groups.setdefault(one.account_id, []).append(lane)
    own: Sequence[Lane] = [
        Lane(one.account_id, one.live + one.queued, one.ahead - one.queued, one.weight)
        for one in accounts
        if one.account_id in groups
    ]
    return two_levels(groups, own, most)

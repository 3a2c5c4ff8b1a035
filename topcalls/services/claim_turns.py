"""Whose calls are dialled next: places for accounts, then for what each of them has waiting.

Accounts get places in turn, whoever runs the fewest first (`core/fair_share.py`). Within an account
the same rule holds between its campaigns, each within its own pace, and the calls that were asked
for one by one. Everything here is a part of the claim, which has locked the accounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from topcalls.core import pacing
from topcalls.core.campaign_state import CampaignState
from topcalls.core.fair_share import DEFAULT_WEIGHT, Lane, shares
from topcalls.services.campaign_plans import CampaignPlans, running_for
from topcalls.store import campaign_production, campaigns, dispatch
from topcalls.store.campaign_production import OpenCalls
from topcalls.store.dispatch import Load
from topcalls.store.models import Call, Campaign

MOST_AT_ONCE = 200


@dataclass
class _Account:
    """What an account has waiting: `lanes` of its campaigns, and whether they are all it has."""

    load: Load
    lanes: dict[str, Lane]
    key_room: dict[str, int]

    @property
    def live_singly(self) -> int:
        return self.load.live - sum(lane.running for lane in self.lanes.values())


class ClaimTurns:
    """The turns of one claim. `plans` are kept between claims."""

    def __init__(self, waiting: list[str], plans: CampaignPlans, now: datetime) -> None:
        keys = dispatch.room_of_keys(waiting) if waiting else {}
        loads = dispatch.loads(waiting, now) if waiting else []
        lanes = _campaign_lanes(waiting, plans, now) if waiting else {}
        self._accounts = {
            load.account_id: _Account(
                load, lanes.get(load.account_id, {}), keys.get(load.account_id, {})
            )
            for load in loads
        }

    @property
    def callable_now(self) -> int:
        """How many calls could be dialled now, if there were places for all of them."""
        return min(sum(map(_usable, self._accounts.values())), MOST_AT_ONCE)

    def first(self) -> str | None:
        """The call that would be dialled first."""
        for call in self.next(1):
            return str(call.id)
        return None

    def next(self, places: int) -> Iterator[Call]:
        """The calls to be dialled, each of which has left the queue when the next one is asked for.
        What an account cannot use goes to the others."""
        while places > 0:
            given = shares(self._account_lanes(), places)
            served: Counter[str] = Counter()
            for account_id, most in given.items():
                for call in self._of_account(self._accounts[account_id], most):
                    served[account_id] += 1
                    yield call
            places -= served.total()
            for account_id, most in given.items():
                account = self._accounts[account_id]
                account.load = account.load.after(served[account_id])
                if served[account_id] < most:
                    del self._accounts[account_id]
            if not given:
                return

    def _account_lanes(self) -> list[Lane]:
        return [
            Lane(key, account.load.live, account.load.room)
            for key, account in self._accounts.items()
        ]

    def _of_account(self, account: _Account, most: int) -> Iterator[Call]:
        if not account.lanes:
            yield from _singly(account, most, of_campaigns=True)
            return
        lanes = [*_single_lanes(account, most), *account.lanes.values()]
        given = shares(lanes, most)
        singly = sum(count for key, count in given.items() if key not in account.lanes)
        yield from _singly(account, singly, of_campaigns=False)
        for campaign_id, lane in list(account.lanes.items()):
            count = given.get(campaign_id, 0)
            if count:
                found = dispatch.next_of_campaign(account.load.account_id, campaign_id, count)
                yield from found
                account.lanes[campaign_id] = replace(
                    lane, running=lane.running + len(found), room=lane.room - count
                )


def _usable(account: _Account) -> int:
    if not account.lanes:
        return account.load.room
    waiting = len(dispatch.priorities(account.load.account_id, account.load.room))
    return min(account.load.room, waiting + sum(lane.room for lane in account.lanes.values()))


def _single_lanes(account: _Account, most: int) -> list[Lane]:
    """One lane for each priority of the calls that no campaign made."""
    waiting: Counter[int] = Counter(dispatch.priorities(account.load.account_id, most))
    return [
        Lane(f"priority {priority}", account.live_singly, count, DEFAULT_WEIGHT, priority)
        for priority, count in waiting.items()
    ]


def _singly(account: _Account, most: int, *, of_campaigns: bool) -> Iterator[Call]:
    """The account's next calls, with or without those of campaigns; none of a key that has no
    room."""
    room = account.key_room
    while most > 0:
        full = [key_id for key_id, left in room.items() if left < 1]
        passed_over = False
        for call in dispatch.next_of(account.load.account_id, most, full, of_campaigns):
            key_id = call.key_id or ""
            if room.get(key_id, 1) < 1:
                passed_over = True
                continue
            if key_id in room:
                room[key_id] -= 1
            most -= 1
            yield call
        if not passed_over:
            return


def _campaign_lanes(
    account_ids: Sequence[str], plans: CampaignPlans, now: datetime
) -> dict[str, dict[str, Lane]]:
    """The campaigns that have calls waiting or running, by account."""
    opened = campaign_production.open_calls(account_ids)
    if not any(found.queued for found in opened.values()):
        return {}
    rows = {row.id: row for row in campaigns.of_ids(opened)}
    lanes: dict[str, dict[str, Lane]] = {}
    for campaign_id, found in opened.items():
        lane = _lane(rows.get(campaign_id), campaign_id, found, plans, now)
        lanes.setdefault(found.account_id, {})[campaign_id] = lane
    return lanes


def _lane(
    row: Campaign | None, campaign_id: str, found: OpenCalls, plans: CampaignPlans, now: datetime
) -> Lane:
    """A campaign that does not run has no room."""
    if row is None or row.state != CampaignState.RUNNING or not found.queued:
        return Lane(campaign_id, found.live, 0)
    plan = plans.of(row)
    held = pacing.limits(plan.pacing, running_for(row, now), row.speed)
    moments = [now - timedelta(seconds=window.seconds) for window in held.windows]
    dialled = campaign_production.dialled_since(campaign_id, moments)
    room = pacing.room(held, found.live, dialled)
    usable = found.queued if room is None else min(room, found.queued)
    return Lane(campaign_id, found.live, usable, plan.weight, plan.priority)

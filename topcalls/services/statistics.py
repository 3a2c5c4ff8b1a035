"""Calls counted: by workers, a batch at a time, and told by day, hour and what they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import gevent

from topcalls.core.call_state import State
from topcalls.core.call_statistics import (
    AGENT,
    ALL,
    CAMPAIGN,
    CARRIER,
    NUMBER,
    OWN_CARRIER,
    Counted,
    Stored,
    Tally,
    agent_value,
    place,
    tally_of,
)
from topcalls.core.call_status import PUBLIC
from topcalls.core.latency import timing_of
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import InvalidRequest, NotFound
from topcalls.services.costs import OWN_TRUNK
from topcalls.store import accounts, agents, calls, campaigns, carriers, statistics
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Call

BATCH = 400
"""Calls that are counted together, once a second: others wait meanwhile, for the database and for
their turn in the worker's loop."""

MOST_DAYS = 366
DAY, HOUR, TOTAL = "day", "hour", "total"
_BY_VALUE = {
    "campaign": CAMPAIGN,
    "agent_version": AGENT,
    "carrier": CARRIER,
    "number": NUMBER,
}
GROUPS = (DAY, HOUR, TOTAL, *_BY_VALUE)
FILTERS = {
    "campaign_id": CAMPAIGN,
    "agent_id": AGENT,
    "carrier_id": CARRIER,
    "number": NUMBER,
}
_FORGET = 20_000
_TOKENS = tuple(TokenUsage.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Query:
    """What to tell: local days from `first` to `last`, both included. `filters`: at most one of
    `FILTERS`, and `agent_version` with `agent_id`."""

    first: date
    last: date
    group_by: str = DAY
    filters: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one day, hour, campaign and so on. `name`: of a carrier, an agent or a
    campaign, while it is there."""

    group: str
    name: str | None
    tally: Tally


@dataclass(frozen=True, slots=True)
class Report:
    """Groups in order, and all of them together."""

    time_zone: str
    query: Query
    groups: tuple[Group, ...]
    total: Tally


class Statistics:
    """See the module's text."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # --- workers

    def count(self, now: datetime) -> int:
        """Count calls that are done and not counted, one batch of them; how many."""
        batch = self._db.read(_gathered)
        if not batch.call_ids or not self._db.run(_store, batch, now):
            return 0
        return len(batch.call_ids)

    # --- operators

    def set_time_zone(self, account_id: str, zone: str) -> int:
        """Have an account's days begin in another zone. Its calls are counted anew, by workers;
        how many there are. Raises NotFound."""

        def begin() -> None:
            lock_account(account_id)
            if not accounts.update(account_id, time_zone=zone):
                raise NotFound("No such account.")
            statistics.delete_all(account_id)

        self._db.run(begin)
        count = 0
        while batch := self._db.run(statistics.forget, account_id, _FORGET):
            count += batch
        return count

    # --- customers

    def report(self, account_id: str, query: Query) -> Report:
        """What was counted by now.

        Raises:
            InvalidRequest: the days are in the wrong order or too many, or calls are not counted by
                two of these at once.
        """
        _check(query)
        zone, found, names = self._db.read(_read, account_id, query)
        groups, total = [], Tally()
        for key in sorted(found):
            tally = tally_of(found[key])
            groups.append(Group(key, names.get(key), tally))
            total.add(tally)
            gevent.sleep(0)  # a year of many numbers must not hold up other requests
        return Report(zone, query, tuple(groups), total)


def _check(query: Query) -> None:
    if query.last < query.first:
        raise InvalidRequest("Must not be before `from`.", field="to")
    if (query.last - query.first).days >= MOST_DAYS:
        raise InvalidRequest(f"Must be less than {MOST_DAYS} days after `from`.", field="to")
    filters = query.filters or {}
    if "agent_version" in filters and "agent_id" not in filters:
        raise InvalidRequest("Say of which agent, in 'agent_id'.", field="agent_version")
    dimensions = {FILTERS[name] for name in filters if name in FILTERS}
    if query.group_by in _BY_VALUE:
        dimensions.add(_BY_VALUE[query.group_by])
    if len(dimensions) > 1:
        message = (
            "Calls are counted by campaign, agent, carrier or number, not by two of them at once. "
            "Leave all but one out."
        )
        raise InvalidRequest(message, field=next(iter(filters)))


# --- counting


@dataclass(frozen=True)
class _Batch:
    """Calls, and what they add. `zones` are those by which that was told."""

    call_ids: list[str]
    zones: dict[str, str]
    tallies: dict[statistics.Key, Tally]


def _gathered() -> _Batch:
    rows = statistics.uncounted(BATCH)
    zones = statistics.zones({row.account_id for row in rows})
    tallies: dict[statistics.Key, Tally] = defaultdict(Tally)
    for row, counted in zip(rows, _counted(rows), strict=True):
        day, hour = place(counted.began_at, ZoneInfo(zones[row.account_id]))
        tally = counted.tally
        for dimension, value in counted.values.items():
            for at in (statistics.WHOLE_DAY, hour):
                tallies[row.account_id, dimension, day, at, value].add(tally)
    return _Batch([row.id for row in rows], zones, tallies)


def _store(batch: _Batch, now: datetime) -> bool:
    """Whether it was stored: not where an account's zone has changed meanwhile."""
    for account_id in sorted(batch.zones):
        lock_account(account_id)
    if statistics.zones(batch.zones) != batch.zones:
        return False
    if statistics.mark_counted(batch.call_ids, now) != len(batch.call_ids):
        raise RuntimeError("Calls were counted by somebody else.")
    statistics.add(batch.tallies)
    return True


def _counted(rows: Sequence[Call]) -> list[Counted]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    carried = statistics.carriers(rows)
    usages, timings = defaultdict(list), defaultdict(list)
    for used in calls.usages(ids):
        usages[used.call_id].append(TokenUsage(**{n: getattr(used, n) for n in _TOKENS}))
    for timed in statistics.timings(ids):
        timings[timed.call_id].append(timing_of(timed.seq, timed.measures))
    return [
        replace(
            _plain(row),
            carrier_id=carried.get(row.id),
            usages=tuple(usages[row.id]),
            timings=tuple(timings[row.id]),
        )
        for row in rows
    ]


def _plain(row: Call) -> Counted:
    success = None if row.success is None else str(row.success).lower()
    return Counted(
        direction=row.direction,
        phone_number=row.phone_number,
        from_number=row.from_number,
        created_at=row.created_at,
        dialled_at=row.dialled_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        billed_seconds=row.billed_seconds or 0,
        words={
            "call_status": PUBLIC[State(row.state)].call_status,
            "answered_by": row.answered_by,
            "end_reason": row.end_reason,
            "disposition": row.disposition,
            "sentiment": row.sentiment,
            "success": success,
        },
        campaign_id=row.campaign_id,
        agent_id=row.agent_id,
        agent_version=row.agent_version,
        cost=row.cost,
    )


# --- telling


def _read(
    account_id: str, query: Query
) -> tuple[str, Mapping[str, list[Stored]], Mapping[str, str]]:
    """The account's zone, what is counted by group, and names of groups."""
    dimension, only, prefix = _selected(query)
    rows = statistics.between(
        account_id,
        dimension,
        query.first.isoformat(),
        query.last.isoformat(),
        by_hour=query.group_by == HOUR,
        value=only,
    )
    found: dict[str, list[Stored]] = defaultdict(list)
    for row in rows:
        if row.value.startswith(prefix):
            found[_group_of(row.day, row.hour, row.value, query.group_by)].append(row)
    names = _names(account_id, query.group_by, list(found))
    return statistics.zones([account_id])[account_id], found, names


def _selected(query: Query) -> tuple[str, str | None, str]:
    """The dimension, the value of it, if there is but one, and how the others begin."""
    filters = dict(query.filters or {})
    version = filters.pop("agent_version", None)
    for name, value in filters.items():
        if name != "agent_id":
            return FILTERS[name], value, ""
        if version is not None:
            return AGENT, agent_value(value, version), ""
        return AGENT, None, agent_value(value, None)
    return _BY_VALUE.get(query.group_by, ALL), None, ""


def _group_of(day: str, hour: int, value: str, group_by: str) -> str:
    if group_by == DAY:
        return day
    if group_by == HOUR:
        return f"{hour:02}"
    return TOTAL if group_by == TOTAL else value


def _names(account_id: str, group_by: str, values: Sequence[str]) -> dict[str, str]:
    if group_by == "carrier":
        known = {row.id: row.name for row in carriers.of_account(account_id)}
        return {**known, OWN_CARRIER: OWN_TRUNK}
    if group_by == "campaign":
        rows = campaigns.of_ids(values)
        return {row.id: row.name for row in rows if row.account_id == account_id}
    if group_by != "agent_version":
        return {}
    named = {}
    for value in values:
        row = agents.of_account(account_id, value.partition("@")[0])
        if row is not None:
            named[value] = row.name
    return named

"""Queries on what calls add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from topcalls.core.call_statistics import SUMS, Stored, Tally, tally_of
from topcalls.store import rows
from topcalls.store.models import Account, Call, CallAttempt, CallStatistic, PhoneNumber, TurnTiming
from topcalls.store.models.base import tuples

WHOLE_DAY = -1
COLUMNS = (
    Call.id,
    Call.account,
    Call.direction,
    Call.state,
    Call.phone_number,
    Call.from_number,
    Call.agent_id,
    Call.agent_version,
    Call.campaign_id,
    Call.created_at,
    Call.dialled_at,
    Call.answered_at,
    Call.ended_at,
    Call.billed_seconds,
    Call.answered_by,
    Call.disposition,
    Call.end_reason,
    Call.sentiment,
    Call.success,
    Call.cost,
)
"""Of a call, what is counted: without the request, which is the most of it."""

Key = tuple[str, str, str, int, str]
"""Account, dimension, day, hour (or `WHOLE_DAY`) and value."""


def uncounted(limit: int) -> list[Call]:
    """Calls with which everything is done, and that are not counted, by the time of their end."""
    waits = Call.counted_at.is_null() & Call.ended_at.is_null(False)
    query = Call.select(*COLUMNS).where(waits, Call.completed)
    return list(query.order_by(Call.ended_at).limit(limit))


def mark_counted(call_ids: Collection[str], now: datetime) -> int:
    """Those that were not counted are; how many there were."""
    mine = Call.id.in_(list(call_ids)) & Call.counted_at.is_null()
    count: int = Call.update(counted_at=now).where(mine).execute()
    return count


def forget(account_id: str, limit: int) -> int:
    """Have so many calls of an account counted again; how many there were."""
    ids = Call.select(Call.id).where(Call.account == account_id, Call.counted_at.is_null(False))
    count: int = Call.update(counted_at=None).where(Call.id.in_(ids.limit(limit))).execute()
    return count


def delete_all(account_id: str) -> None:
    """Everything that was counted of an account."""
    CallStatistic.delete().where(CallStatistic.account == account_id).execute()


def zones(account_ids: Collection[str]) -> dict[str, str]:
    """The time zones of accounts."""
    query = Account.select(Account.id, Account.time_zone).where(Account.id.in_(list(account_ids)))
    return dict(tuples(query))


def carriers(calls: Iterable[Call]) -> dict[str, str | None]:
    """The carriers by which calls went or came, by the ids of the calls."""
    made = list(calls)
    numbers = {call.phone_number for call in made if call.direction == "inbound"}
    query = PhoneNumber.select(PhoneNumber.number, PhoneNumber.carrier)
    bound = dict(tuples(query.where(PhoneNumber.number.in_(list(numbers))))) if numbers else {}
    found = {call.id: bound.get(call.phone_number) for call in made if call.direction == "inbound"}
    dials = CallAttempt.select(CallAttempt.call, CallAttempt.carrier_id)
    dials = dials.where(CallAttempt.call.in_([call.id for call in made]))
    return found | dict(tuples(dials.order_by(CallAttempt.number)))


def timings(call_ids: Collection[str]) -> list[TurnTiming]:
    """The measured answers of calls."""
    return list(TurnTiming.select().where(TurnTiming.call.in_(list(call_ids))))


def add(tallies: Mapping[Key, Tally]) -> None:
    """Add to what is counted; the accounts are locked."""
    places: dict[tuple[str, str, str, int], dict[str, Tally]] = defaultdict(dict)
    for (*place, value), tally in sorted(tallies.items(), key=lambda item: item[0]):
        places[tuple(place)][value] = tally  # type: ignore[index]
    for (account_id, dimension, day, hour), added in places.items():
        where = {
            "account": account_id,
            "dimension": dimension,
            "by_hour": int(hour != WHOLE_DAY),
            "day": day,
            "hour": hour,
        }
        conditions = [getattr(CallStatistic, name) == given for name, given in where.items()]
        for found in _read([*conditions, CallStatistic.value.in_(list(added))]):
            before = tally_of([found])
            before.add(added[found.value])
            added[found.value] = before
        for value, tally in added.items():
            rows.put(CallStatistic, {**where, "value": value}, **_columns(tally))


def between(
    account_id: str,
    dimension: str,
    first: str,
    last: str,
    *,
    by_hour: bool,
    value: str | None = None,
) -> list[Stored]:
    """What is counted from the day `first` to `last`, both included; of all values without one."""
    conditions = [
        CallStatistic.account == account_id,
        CallStatistic.dimension == dimension,
        CallStatistic.by_hour == int(by_hour),
        CallStatistic.day.between(first, last),
    ]
    if value is not None:
        conditions.append(CallStatistic.value == value)
    return _read(conditions)


_STORED = (
    *(getattr(CallStatistic, n) for n in SUMS),
    CallStatistic.outcomes,
    CallStatistic.latency,
)


def _read(conditions: list[Any]) -> list[Stored]:
    query = CallStatistic.select(
        CallStatistic.day, CallStatistic.hour, CallStatistic.value, *_STORED
    )
    return [
        Stored(day, hour, value, tuple(sums), outcomes, latency)
        for day, hour, value, *sums, outcomes, latency in tuples(query.where(*conditions))
    ]


def _columns(tally: Tally) -> dict[str, Any]:
    latency = {
        share: {str(bucket): count for bucket, count in buckets.items()}
        for share, buckets in tally.latency.items()
    }
    sums = {name: getattr(tally, name) for name in SUMS}
    return {**sums, "outcomes": tally.outcomes, "latency": latency}

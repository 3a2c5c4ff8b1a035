"""Queries on the delays of answers: days summed up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from topcalls.store import rows
from topcalls.store.models import LatencyDay


def of_day(account_id: str, day: str, mode: str, model: str) -> dict[str, dict[str, int]]:
    """The buckets of one day, by share."""
    query = LatencyDay.select().where(
        (LatencyDay.account == account_id)
        & (LatencyDay.day == day)
        & (LatencyDay.mode == mode)
        & (LatencyDay.model == model)
    )
    return {row.share: row.buckets for row in query}


def put(
    account_id: str, day: str, mode: str, model: str, share: str, buckets: Mapping[str, int]
) -> None:
    """Store the buckets of one share of a day."""
    key = {"account": account_id, "day": day, "mode": mode, "model": model, "share": share}
    rows.put(LatencyDay, key, buckets=dict(buckets))


def between(account_id: str, first: str, last: str) -> Iterable[LatencyDay]:
    """The days from `first` to `last`, both included, in order."""
    query = LatencyDay.select().where(
        (LatencyDay.account == account_id) & LatencyDay.day.between(first, last)
    )
    return list(query.order_by(LatencyDay.day, LatencyDay.mode, LatencyDay.model))

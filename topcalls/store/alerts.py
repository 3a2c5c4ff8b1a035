"""Queries on alerts and their messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from peewee import fn

from topcalls.core.alert_state import Standing
from topcalls.core.carrier_status import GOOD, Health
from topcalls.store import leases
from topcalls.store.locking import locked
from topcalls.store.models import (
    Alert,
    AlertMessage,
    Call,
    Carrier,
    CarrierStatus,
    NamedLease,
    RegisterState,
    WebhookReceiver,
)
from topcalls.store.models.base import tuples

_LOCK = "periodic:alerts"
"""A row that is always there to be locked; it is no loop of a worker."""

_SOON = {Health.PENDING, Health.REGISTERING}


def standings(*, lock: bool = False) -> dict[str, Standing]:
    """What is wrong, by rule. `lock`: nobody else looks meanwhile."""
    if lock:
        NamedLease.insert(name=_LOCK).on_conflict_ignore().execute()
        locked(NamedLease.select().where(NamedLease.name == _LOCK)).get()
    rows = Alert.select().order_by(Alert.name)
    return {row.name: Standing(row.name, row.since, row.fired_at, row.words) for row in rows}


def put_standings(after: Iterable[Standing]) -> None:
    """Write what is wrong now; what is not there any more is over."""
    kept = []
    for one in after:
        columns = {"since": one.since, "fired_at": one.fired_at, "words": one.words}
        Alert.insert(name=one.name, **columns).on_conflict(
            conflict_target=[Alert.name], update=columns
        ).execute()
        kept.append(one.name)
    Alert.delete().where(Alert.name.not_in(kept)).execute()


def insert_message(**columns: Any) -> None:
    """Store a message that is to be sent."""
    AlertMessage.insert(**columns).execute()


def claim_messages(owner: str, now: datetime, seconds: float, limit: int) -> list[AlertMessage]:
    """Take messages that are due."""
    pending = AlertMessage.finished_at.is_null()
    return leases.claim_due(AlertMessage, owner, now, seconds, limit, pending)


def settle_message(message_id: str, owner: str, **columns: Any) -> bool:
    """Write what came of a try; False if somebody else has the message by now."""
    return leases.complete(AlertMessage, message_id, owner, **columns)


def messages(limit: int) -> list[AlertMessage]:
    """The latest messages, newest first."""
    query = AlertMessage.select().order_by(AlertMessage.created_at.desc(), AlertMessage.id)
    return list(query.limit(limit))


def delete_messages(before: datetime) -> int:
    """Those that are done with since before a moment; how many there were."""
    count: int = AlertMessage.delete().where(AlertMessage.finished_at < before).execute()
    return count


def ended_since(since: datetime) -> dict[str, int]:
    """How many calls ended, by why."""
    query = Call.select(Call.end_reason, fn.COUNT(Call.id)).where(Call.ended_at >= since)
    return {str(reason): count for reason, count in tuples(query.group_by(Call.end_reason))}


def carriers_down(fresh: datetime) -> list[str]:
    """Carriers that cannot be used, with their node, as far as controllers have looked since."""
    query = (
        CarrierStatus.select(Carrier.name, CarrierStatus.node)
        .join(Carrier)
        .where(
            CarrierStatus.checked_at >= fresh,
            CarrierStatus.health.not_in(sorted(GOOD | _SOON)),
        )
    )
    return [f"{name} on {node}" for name, node in tuples(query.order_by(Carrier.name))]


def receivers_disabled_since(since: datetime) -> int:
    """How many webhook receivers were disabled."""
    query = WebhookReceiver.select(fn.COUNT(WebhookReceiver.id))
    return int(query.where(WebhookReceiver.disabled_at >= since).scalar())


def registers_failing(most: int) -> list[str]:
    """Registers that failed more often than that in a row."""
    query = RegisterState.select(RegisterState.provider).where(RegisterState.failures > most)
    return [provider for (provider,) in tuples(query.order_by(RegisterState.provider))]

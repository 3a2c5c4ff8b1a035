"""What an operator's look at the installation asks of the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee
from peewee import fn

from topcalls.core.webhook_retry import DeliveryState
from topcalls.errors import ConfigError
from topcalls.store import nodes, recordings, secrets, webhook_receivers
from topcalls.store.leases import is_free
from topcalls.store.models import (
    Call,
    NamedLease,
    WebhookDelivery,
    WebhookEvent,
    WrapUp,
)
from topcalls.store.models.calls import IS_LIVE, IS_QUEUED

_SECRETS_TRIED = 1000  # of each column
_PERIODIC = "periodic:"


@dataclass(frozen=True, slots=True)
class Backlog:
    """Since when the oldest piece of each kind of work waits; None where nothing does.

    `orphans` are live calls that no controller holds any more, `dead_letters` the deliveries given
    up of events since the moment asked about. `receivers_disabled` are sent no webhooks any more.
    `recordings_stuck` could not be stored so far, the
    last of them because of `recording_problem`.
    """

    queued_since: datetime | None
    delivery_since: datetime | None
    wrap_up_since: datetime | None
    orphans: int
    dead_letters: int
    receivers_disabled: int
    recordings_stuck: int
    recording_problem: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A controller that was heard of, lately or not."""

    node: str
    capacity: int
    draining: bool
    version: str | None
    heartbeat_at: datetime


def backlog(now: datetime, dead_since: datetime) -> Backlog:
    """What waits, and for how long."""
    stuck, problem = recordings.waiting()
    return Backlog(
        queued_since=_oldest(Call.queued_at, IS_QUEUED),
        delivery_since=_oldest(WebhookDelivery.available_at, *_waiting(WebhookDelivery, now)),
        wrap_up_since=_oldest(WrapUp.available_at, *_waiting(WrapUp, now)),
        orphans=_count(Call.select(fn.COUNT(Call.id)).where(IS_LIVE, is_free(Call, now))),
        dead_letters=_count(_dead_letters(dead_since)),
        receivers_disabled=webhook_receivers.count_disabled(),
        recordings_stuck=stuck,
        recording_problem=problem,
    )


def loops(now: datetime) -> list[str]:
    """The worker's loops that some process runs now.

    Leases of periodic jobs do not count: they only keep a job from running too often, and outlive
    the worker that ran it.
    """
    held = NamedLease.select(NamedLease.name).where(
        NamedLease.lease_until > now, ~NamedLease.name.startswith(_PERIODIC)
    )
    return [lease.name for lease in held.order_by(NamedLease.name)]


def controllers(since: datetime) -> list[Seen]:
    """Controllers heard of since a moment."""
    return [
        Seen(row.node, row.capacity, row.draining, row.version, row.heartbeat_at)
        for row in nodes.alive(since)
    ]


def opens_secrets() -> bool | None:
    """Whether the secret key fits what is stored; None where nothing encrypted is stored yet."""
    try:
        return True if secrets.open_all(_SECRETS_TRIED) else None
    except ConfigError:
        return False


def change_nothing() -> None:
    """A statement that writes, on no row: whoever may not write is refused."""
    NamedLease.update(lease_owner=None).where(NamedLease.name == "").execute()


def _waiting(model: Any, now: datetime) -> tuple[peewee.Expression, ...]:
    """Due, and in nobody's hands."""
    return (
        model.finished_at.is_null(),
        model.available_at <= now,
        is_free(model, now),
    )


def _oldest(moment: Any, *conditions: Any) -> datetime | None:
    row = moment.model.select(moment).where(*conditions).order_by(moment).limit(1).first()
    return getattr(row, moment.name) if row else None


def _dead_letters(since: datetime) -> Any:
    """Found by the age of their events, which is indexed."""
    letters = WebhookDelivery.select(fn.COUNT(WebhookDelivery.id)).join(WebhookEvent)
    dead = WebhookDelivery.state == DeliveryState.DEAD
    return letters.where(WebhookEvent.created_at > since, dead)


def _count(query: Any) -> int:
    return int(query.scalar())

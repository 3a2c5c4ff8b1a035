"""Counts that tell how the installation is doing."""

from __future__ import annotations

from datetime import datetime

from peewee import fn

from topcalls.store.models import Call, NamedLease, WebhookDelivery, WrapUp
from topcalls.store.models.calls import IS_LIVE, IS_PENDING, IS_QUEUED


def calls_scheduled() -> int:
    """Calls whose time has not come."""
    return _count(Call.select(fn.COUNT(Call.id)).where(IS_PENDING))


def calls_queued() -> int:
    """Calls that wait for a controller."""
    return _count(Call.select(fn.COUNT(Call.id)).where(IS_QUEUED))


def calls_live() -> int:
    """Calls that a controller carries."""
    return _count(Call.select(fn.COUNT(Call.id)).where(IS_LIVE))


def oldest_queued() -> datetime | None:
    """Since when the longest waiting call waits."""
    query = Call.select(Call.queued_at).where(IS_QUEUED).order_by(Call.queued_at).limit(1)
    call = query.first()
    return call.queued_at if call else None


def deliveries_due(now: datetime) -> int:
    """Webhooks that could be sent now."""
    pending = WebhookDelivery.finished_at.is_null() & (WebhookDelivery.available_at <= now)
    return _count(WebhookDelivery.select(fn.COUNT(WebhookDelivery.id)).where(pending))


def wrap_ups_due(now: datetime) -> int:
    """Ended calls with work that could be done now."""
    due = WrapUp.finished_at.is_null() & (WrapUp.available_at <= now)
    return _count(WrapUp.select(fn.COUNT(WrapUp.call)).where(due))


def loops_held(now: datetime) -> list[str]:
    """Names of the worker's loops that some process runs."""
    query = NamedLease.select(NamedLease.name).where(NamedLease.lease_until > now)
    return [lease.name for lease in query.order_by(NamedLease.name)]


def _count(query: object) -> int:
    count: int = query.scalar()  # type: ignore[attr-defined]
    return count

"""Queries on voices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from topcalls.store.models import VendorVoice


def of_vendor(provider: str, voice_id: str) -> VendorVoice | None:
    """One voice that a vendor offers."""
    return VendorVoice.get_or_none(
        VendorVoice.provider == provider, VendorVoice.voice_id == voice_id
    )


def of_vendors(providers: Iterable[str]) -> list[VendorVoice]:
    """Every voice that these vendors offer."""
    query = VendorVoice.select().where(VendorVoice.provider.in_(list(providers)))
    return list(query.order_by(VendorVoice.provider, VendorVoice.voice_id))


def last_read(provider: str) -> datetime | None:
    """When a vendor's voices were read; None: never, or it has none."""
    query = VendorVoice.select(VendorVoice.seen_at).where(VendorVoice.provider == provider)
    row = query.order_by(VendorVoice.seen_at.desc()).first()
    return None if row is None else row.seen_at


def replace(provider: str, voices: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Store what a vendor offers now, and forget what it does not."""
    VendorVoice.delete().where(VendorVoice.provider == provider).execute()
    for columns in voices:
        VendorVoice.create(provider=provider, seen_at=now, **columns)

"""Queries on voices: those that vendors offer, and those that accounts have cloned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from topcalls.core.voice_clones import COUNTED, State
from topcalls.store import leases
from topcalls.store.models import ClonedVoice, VendorVoice
from topcalls.store.models.voices import IS_OPEN

_ENDLESS = 1_000_000
"""Tries of a row whose work is never given up."""


# --- of vendors


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
    """Store what a vendor offers now, and forget what it does not. Voices that accounts had made
    are theirs alone, and are left out."""
    made = {row.provider_voice_id for row in _at_vendor(provider)}
    VendorVoice.delete().where(VendorVoice.provider == provider).execute()
    for columns in voices:
        if columns["voice_id"] not in made:
            VendorVoice.create(provider=provider, seen_at=now, **columns)


# --- of accounts


def insert(now: datetime, available_at: datetime, **columns: Any) -> ClonedVoice:
    """Store a voice that is about to be made."""
    row: ClonedVoice = ClonedVoice.create(
        state=State.CREATING,
        available_at=available_at,
        tries_left=_ENDLESS,
        consented_at=now,
        created_at=now,
        updated_at=now,
        **columns,
    )
    return row


def get(voice_id: str) -> ClonedVoice | None:
    """One voice of an account, whatever its state."""
    return ClonedVoice.get_or_none(ClonedVoice.id == voice_id)


def of_account(account_id: str) -> list[ClonedVoice]:
    """The voices of an account that are not deleted, newest first."""
    query = ClonedVoice.select().where(
        ClonedVoice.account == account_id, ClonedVoice.state != State.DELETED
    )
    return list(query.order_by(ClonedVoice.created_at.desc(), ClonedVoice.id))


def count(account_id: str) -> int:
    """How many voices an account has, or may have, at vendors."""
    counted = ClonedVoice.state.in_(list(COUNTED))
    return int(ClonedVoice.select().where(ClonedVoice.account == account_id, counted).count())


def made_of(account_id: str, fingerprint: str) -> ClonedVoice | None:
    """The voice of an account that was made of these samples, if it has one."""
    counted = ClonedVoice.state.in_(list(COUNTED))
    return ClonedVoice.get_or_none(
        ClonedVoice.account == account_id, ClonedVoice.fingerprint == fingerprint, counted
    )


def at_vendor(provider: str, provider_voice_id: str) -> ClonedVoice | None:
    """The voice of some account that a vendor knows by this id."""
    return ClonedVoice.get_or_none(
        ClonedVoice.provider == provider, ClonedVoice.provider_voice_id == provider_voice_id
    )


def due(owner: str, now: datetime, seconds: float, limit: int) -> list[ClonedVoice]:
    """Take voices about which something is to be done now."""
    return leases.claim_due(ClonedVoice, owner, now, seconds, limit, IS_OPEN)


def change(row: ClonedVoice, now: datetime, **changes: Any) -> bool:
    """Write what became of a voice, and let go of it. False: it is in another state by now."""
    query = ClonedVoice.update(lease_owner=None, lease_until=None, updated_at=now, **changes)
    same = (ClonedVoice.id == row.id) & (ClonedVoice.state == row.state)
    return bool(query.where(same).execute() == 1)


def _at_vendor(provider: str) -> list[ClonedVoice]:
    query = ClonedVoice.select(ClonedVoice.provider_voice_id)
    return list(query.where(ClonedVoice.provider == provider))

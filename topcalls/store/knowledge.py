"""Queries on knowledge bases and their sources. What is deleted is not found here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from peewee import fn

from topcalls.core.knowledge import SourceState
from topcalls.store import leases, rows
from topcalls.store.models import KnowledgeBase, KnowledgeContent, KnowledgeSource
from topcalls.store.models.base import tuples
from topcalls.store.models.knowledge import IS_OPEN

_TICK = timedelta(microseconds=1)
_ENDLESS = 1_000_000
"""Tries of a row whose work is given up by its own rules."""


# --- bases


def base_of(account_id: str, base_id: str) -> KnowledgeBase | None:
    """A base of an account."""
    found: KnowledgeBase | None = KnowledgeBase.get_or_none(
        KnowledgeBase.id == base_id,
        KnowledgeBase.account == account_id,
        KnowledgeBase.deleted_at.is_null(),
    )
    return found


def bases_of(account_id: str, base_ids: Collection[str]) -> list[KnowledgeBase]:
    """Those of these bases that are the account's."""
    query = KnowledgeBase.select().where(
        KnowledgeBase.account == account_id,
        KnowledgeBase.id.in_(list(base_ids)),
        KnowledgeBase.deleted_at.is_null(),
    )
    return list(query.order_by(KnowledgeBase.created_at))


def base_page(account_id: str, limit: int, before: datetime | None) -> list[KnowledgeBase]:
    """Up to `limit` bases made before `before`, newest first."""
    query = KnowledgeBase.select().where(
        KnowledgeBase.account == account_id, KnowledgeBase.deleted_at.is_null()
    )
    if before is not None:
        query = query.where(KnowledgeBase.created_at < before)
    return list(query.order_by(KnowledgeBase.created_at.desc()).limit(limit))


def count_bases(account_id: str) -> int:
    """How many bases an account has."""
    query = KnowledgeBase.select().where(
        KnowledgeBase.account == account_id, KnowledgeBase.deleted_at.is_null()
    )
    return int(query.count())


def free_time(account_id: str, wanted: datetime) -> datetime:
    """A time not before `wanted` and after every base of the account, which is locked by then."""
    query = KnowledgeBase.select(KnowledgeBase.created_at).where(
        KnowledgeBase.account == account_id, KnowledgeBase.created_at >= wanted
    )
    last = query.order_by(KnowledgeBase.created_at.desc()).first()
    return wanted if last is None else last.created_at + _TICK


def insert_base(**columns: Any) -> None:
    """Store a base; its `created_at` comes from `free_time`."""
    rows.insert(KnowledgeBase, **columns)


def change_base(base_id: str, **columns: Any) -> None:
    """Change columns of a base."""
    KnowledgeBase.update(**columns).where(KnowledgeBase.id == base_id).execute()


def touch(base_id: str, now: datetime) -> None:
    """What can be found in a base has changed."""
    version = KnowledgeBase.version + 1
    change_base(base_id, version=version, updated_at=now)


# --- sources


def source_of(base_id: str, source_id: str) -> KnowledgeSource | None:
    """A source of a base."""
    found: KnowledgeSource | None = KnowledgeSource.get_or_none(
        KnowledgeSource.id == source_id,
        KnowledgeSource.base == base_id,
        KnowledgeSource.deleted_at.is_null(),
    )
    return found


def source(source_id: str) -> KnowledgeSource | None:
    """A source, deleted or not."""
    return rows.get(KnowledgeSource, source_id)


def sources_of(base_ids: Collection[str], limit: int | None = None) -> list[KnowledgeSource]:
    """The sources of these bases, oldest first."""
    query = KnowledgeSource.select().where(
        KnowledgeSource.base.in_(list(base_ids)), KnowledgeSource.deleted_at.is_null()
    )
    return list(query.order_by(KnowledgeSource.created_at, KnowledgeSource.id).limit(limit))


def insert_source(now: datetime, content: bytes | None, **columns: Any) -> None:
    """Store a source that is to be read."""
    size = 0 if content is None else len(content)
    times = {"available_at": now, "created_at": now, "updated_at": now}
    rows.insert(
        KnowledgeSource,
        state=SourceState.WAITING,
        revision=1,
        tries_left=_ENDLESS,
        content_bytes=size,
        **times,
        **columns,
    )
    if content is not None:
        rows.insert(KnowledgeContent, source=columns["id"], data=content)


def put_content(source_id: str, content: bytes | None) -> None:
    """Store what was sent as a source, in the place of what was sent before."""
    if content is None:
        KnowledgeContent.delete().where(KnowledgeContent.source == source_id).execute()
    else:
        rows.put(KnowledgeContent, {"source": source_id}, data=content)


def content_of(source_id: str) -> bytes | None:
    """What was sent as a source."""
    row = KnowledgeContent.get_or_none(KnowledgeContent.source == source_id)
    return None if row is None else row.data


def change_source(source_id: str, **columns: Any) -> None:
    """Change columns of a source."""
    KnowledgeSource.update(**columns).where(KnowledgeSource.id == source_id).execute()


def read_again(source_id: str, now: datetime, **columns: Any) -> None:
    """Have a source read, by whoever is free: a reading that is under way is overtaken by it."""
    change_source(
        source_id,
        state=SourceState.WAITING,
        revision=KnowledgeSource.revision + 1,
        available_at=now,
        lease_owner=None,
        lease_until=None,
        due_again_at=None,
        tries=0,
        updated_at=now,
        **columns,
    )


def change_held(row: KnowledgeSource, owner: str, **columns: Any) -> bool:
    """Change a source that `owner` is reading; False if another reading has begun meanwhile."""
    same = (
        (KnowledgeSource.id == row.id)
        & (KnowledgeSource.revision == row.revision)
        & (KnowledgeSource.lease_owner == owner)
        & KnowledgeSource.deleted_at.is_null()
    )
    return bool(KnowledgeSource.update(**columns).where(same).execute() == 1)


def due_sources(owner: str, now: datetime, seconds: float, limit: int) -> list[KnowledgeSource]:
    """Take sources that are to be read."""
    present = KnowledgeSource.deleted_at.is_null()
    return leases.claim_due(KnowledgeSource, owner, now, seconds, limit, IS_OPEN, present)


def due_again(now: datetime, limit: int) -> list[str]:
    """Sources whose pages are to be read again."""
    query = KnowledgeSource.select(KnowledgeSource.id).where(
        KnowledgeSource.due_again_at <= now, KnowledgeSource.deleted_at.is_null()
    )
    return [key for (key,) in tuples(query.limit(limit))]


def used_bytes(account_id: str) -> int:
    """How much an account has sent as sources that are there."""
    query = (
        KnowledgeSource.select(fn.SUM(KnowledgeSource.content_bytes))
        .join(KnowledgeBase)
        .where(
            KnowledgeBase.account == account_id,
            KnowledgeBase.deleted_at.is_null(),
            KnowledgeSource.deleted_at.is_null(),
        )
    )
    return int(query.scalar() or 0)

"""Queries on knowledge bases, their sources and documents. What is deleted is not found here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import Case, fn

from topcalls.core.knowledge import DocumentState, SourceState
from topcalls.store import leases, rows
from topcalls.store.models import (
    KnowledgeBase,
    KnowledgeContent,
    KnowledgeDocument,
    KnowledgePassage,
    KnowledgeSource,
)
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


# --- documents


def documents_of(source_id: str) -> list[KnowledgeDocument]:
    """All documents of a source."""
    return list(KnowledgeDocument.select().where(KnowledgeDocument.source == source_id))


def document(document_id: str) -> KnowledgeDocument | None:
    """One document."""
    return rows.get(KnowledgeDocument, document_id)


def document_page(
    base_id: str,
    limit: int,
    after: tuple[datetime, str] | None,
    source_id: str | None,
    state: str | None,
) -> list[KnowledgeDocument]:
    """Up to `limit` documents of a base after this one, oldest first."""
    query = (
        KnowledgeDocument.select()
        .join(KnowledgeSource)
        .where(KnowledgeDocument.base_id == base_id, KnowledgeSource.deleted_at.is_null())
    )
    if source_id is not None:
        query = query.where(KnowledgeDocument.source == source_id)
    if state is not None:
        query = query.where(KnowledgeDocument.state == state)
    if after is not None:
        at, key = after
        later = (KnowledgeDocument.created_at > at) | (
            (KnowledgeDocument.created_at == at) & (KnowledgeDocument.id > key)
        )
        query = query.where(later)
    return list(query.order_by(KnowledgeDocument.created_at, KnowledgeDocument.id).limit(limit))


def next_document(source_id: str, revision: int) -> KnowledgeDocument | None:
    """The next document of a reading that is still to be dealt with."""
    query = KnowledgeDocument.select().where(
        KnowledgeDocument.source == source_id,
        KnowledgeDocument.revision == revision,
        KnowledgeDocument.state == DocumentState.WAITING,
    )
    return query.order_by(  # type: ignore[no-any-return]
        KnowledgeDocument.depth, KnowledgeDocument.created_at, KnowledgeDocument.id
    ).first()


def count_documents(source_id: str, revision: int) -> int:
    """How many documents a reading has."""
    return int(
        KnowledgeDocument.select()
        .where(KnowledgeDocument.source == source_id, KnowledgeDocument.revision == revision)
        .count()
    )


def put_document(
    source: KnowledgeSource, document_id: str, url: str, depth: int, now: datetime
) -> bool:
    """Have a document be part of the reading that is under way; False: it is already."""
    row = KnowledgeDocument.get_or_none(
        KnowledgeDocument.source == source.id, KnowledgeDocument.url == url
    )
    if row is None:
        return rows.insert_new(
            KnowledgeDocument,
            id=document_id,
            source=source.id,
            base_id=source.base_id,
            url=url,
            depth=depth,
            revision=source.revision,
            state=DocumentState.WAITING,
            created_at=now,
        )
    if row.revision >= source.revision:
        return False
    changes = {"revision": source.revision, "state": DocumentState.WAITING, "depth": depth}
    change_document(row.id, passages_expected=None, failure=None, detail=None, **changes)
    return True


def change_document(document_id: str, **columns: Any) -> None:
    """Change columns of a document."""
    KnowledgeDocument.update(**columns).where(KnowledgeDocument.id == document_id).execute()


def left_behind(source_id: str, revision: int) -> list[str]:
    """Documents that were part of earlier readings and are none of this one."""
    query = KnowledgeDocument.select(KnowledgeDocument.id).where(
        KnowledgeDocument.source == source_id, KnowledgeDocument.revision < revision
    )
    return [key for (key,) in tuples(query)]


def delete_document(document_id: str) -> None:
    """Forget a document and its passages."""
    KnowledgeDocument.delete().where(KnowledgeDocument.id == document_id).execute()


def totals(base_ids: Sequence[str], by_source: bool = False) -> dict[str, dict[str, int]]:
    """By base (or source): how many documents there are, dealt with, failed; how many passages and
    characters are used."""
    key = KnowledgeDocument.source if by_source else KnowledgeDocument.base_id
    done = KnowledgeDocument.state != DocumentState.WAITING
    failed = KnowledgeDocument.state == DocumentState.FAILED
    used = KnowledgeDocument.live_revision.is_null(False)
    query = (
        KnowledgeDocument.select(
            key,
            fn.COUNT(KnowledgeDocument.id),
            _sum_where(done, 1),
            _sum_where(failed, 1),
            _sum_where(used, KnowledgeDocument.passages),
            _sum_where(used, KnowledgeDocument.characters),
        )
        .join(KnowledgeSource)
        .where(
            KnowledgeSource.base.in_(list(base_ids)),
            KnowledgeSource.deleted_at.is_null(),
        )
        .group_by(key)
    )
    names = ("documents", "documents_done", "documents_failed", "passages", "characters")
    return {
        str(row[0]): dict(zip(names, (int(value or 0) for value in row[1:]), strict=True))
        for row in tuples(query)
    }


def _sum_where(condition: Any, value: Any) -> Any:
    return fn.SUM(Case(None, ((condition, value),), 0))


def field_names_of(base_ids: Collection[str]) -> list[list[str]]:
    """The fields of rows of data in these bases, by document."""
    query = KnowledgeDocument.select(KnowledgeDocument.field_names).where(
        KnowledgeDocument.base_id.in_(list(base_ids)),
        KnowledgeDocument.field_names.is_null(False),
        KnowledgeDocument.live_revision.is_null(False),
    )
    return [names for (names,) in tuples(query.limit(20))]


# --- clearing away


def deleted_documents(limit: int) -> list[str]:
    """Documents of deleted sources and bases."""
    gone = KnowledgeSource.deleted_at.is_null(False) | KnowledgeBase.deleted_at.is_null(False)
    query = (
        KnowledgeDocument.select(KnowledgeDocument.id)
        .join(KnowledgeSource)
        .join(KnowledgeBase)
        .where(gone)
    )
    return [key for (key,) in tuples(query.limit(limit))]


def delete_some_passages(document_id: str, limit: int) -> int:
    """Delete up to `limit` passages of a document; how many there were."""
    some = (
        KnowledgePassage.select(KnowledgePassage.id)
        .where(KnowledgePassage.document == document_id)
        .limit(limit)
    )
    return int(KnowledgePassage.delete().where(KnowledgePassage.id.in_(some)).execute())


def delete_emptied() -> int:
    """Forget deleted sources and bases that hold nothing any more."""
    documents = KnowledgeDocument.select(KnowledgeDocument.source)
    bases = KnowledgeBase.select(KnowledgeBase.id).where(KnowledgeBase.deleted_at.is_null(False))
    gone = KnowledgeSource.deleted_at.is_null(False) | KnowledgeSource.base.in_(bases)
    sources = KnowledgeSource.delete().where(gone, KnowledgeSource.id.not_in(documents)).execute()
    kept = KnowledgeSource.select(KnowledgeSource.base)
    deleted = KnowledgeBase.deleted_at.is_null(False) & KnowledgeBase.id.not_in(kept)
    return int(sources + KnowledgeBase.delete().where(deleted).execute())

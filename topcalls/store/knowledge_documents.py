"""Queries on the documents of knowledge bases: read, counted and cleared away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from peewee import Case, fn

from topcalls.core.knowledge import DocumentState
from topcalls.store import rows
from topcalls.store.models import (
    KnowledgeBase,
    KnowledgeDocument,
    KnowledgePassage,
    KnowledgeSource,
)
from topcalls.store.models.base import tuples


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

"""Knowledge bases as other rooms see them: plain values, never rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core.knowledge import (
    FAILURES,
    BaseStatus,
    DocumentState,
    Failure,
    SourceKind,
    SourceState,
    status_of,
)
from topcalls.store import knowledge, knowledge_documents
from topcalls.store.models import KnowledgeBase, KnowledgeDocument, KnowledgeSource


@dataclass(frozen=True, slots=True)
class Sizes:
    """`documents` are those of the newest readings; `passages` and `characters` those in use."""

    documents: int = 0
    documents_done: int = 0
    documents_failed: int = 0
    passages: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class BaseView:
    """A base as its owner sees it. `bytes`: what was sent as its sources. `semantic`: it is
    searched by meaning as well as by words."""

    id: str
    name: str
    description: str | None
    language: str | None
    status: BaseStatus
    sources: int
    sizes: Sizes
    bytes: int
    semantic: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source of a base. `settings` are those of its kind."""

    id: str
    knowledge_base_id: str
    type: SourceKind
    name: str
    state: SourceState
    settings: Mapping[str, Any]
    sizes: Sizes
    bytes: int
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    due_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document. With `error` the newest reading failed; what was read before is used on."""

    id: str
    source_id: str
    title: str
    url: str | None
    state: DocumentState
    error: Failure | None
    error_message: str | None
    in_use: bool
    passages: int
    characters: int
    read_at: datetime | None


def base_views(rows: Sequence[KnowledgeBase], semantic: bool) -> list[BaseView]:
    """Rows for their owner; part of a verb."""
    ids = [row.id for row in rows]
    totals = knowledge_documents.totals(ids)
    sources: dict[str, list[KnowledgeSource]] = {key: [] for key in ids}
    for source in knowledge.sources_of(ids):
        sources[source.base_id].append(source)
    return [
        BaseView(
            id=row.id,
            name=row.name,
            description=row.description,
            language=row.language,
            status=status_of([source.state for source in sources[row.id]]),
            sources=len(sources[row.id]),
            sizes=Sizes(**totals.get(row.id, {})),
            bytes=sum(source.content_bytes for source in sources[row.id]),
            semantic=semantic,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def source_views(base_id: str, rows: Collection[KnowledgeSource]) -> list[SourceView]:
    """Rows of one base for their owner; part of a verb."""
    totals = knowledge_documents.totals([base_id], by_source=True)
    return [
        SourceView(
            id=row.id,
            knowledge_base_id=row.base_id,
            type=SourceKind(row.kind),
            name=row.name,
            state=SourceState(row.state),
            settings=row.settings,
            sizes=Sizes(**totals.get(row.id, {})),
            bytes=row.content_bytes,
            created_at=row.created_at,
            updated_at=row.updated_at,
            finished_at=row.finished_at,
            due_again_at=row.due_again_at,
        )
        for row in rows
    ]


def document_view(row: KnowledgeDocument) -> DocumentView:
    """A row for its owner."""
    failure = Failure(row.failure) if row.failure else None
    words = f"{FAILURES[failure]} {row.detail or ''}".strip() if failure else None
    return DocumentView(
        id=row.id,
        source_id=row.source_id,
        title=row.title,
        url=row.url or None,
        state=DocumentState(row.state),
        error=failure,
        error_message=words,
        in_use=row.live_revision is not None,
        passages=row.passages,
        characters=row.characters,
        read_at=row.read_at,
    )

"""Passages: stored piece by piece, used all at once, and found by their words.

Passages of a new reading lie beside those in use until `use` puts them in their place, in one
transaction. A search names the bases, and finds nothing that is not in use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from topcalls.core.knowledge import Draft
from topcalls.store import rows
from topcalls.store.current import current
from topcalls.store.models import (
    KnowledgeBase,
    KnowledgeDocument,
    KnowledgePassage,
    KnowledgeSource,
    KnowledgeVectors,
)
from topcalls.store.models.base import tuples

Found = tuple[str, int]
"""A passage: the id of its document, and its number there."""


@dataclass(frozen=True, slots=True)
class VectorBlock:
    """Stored vectors of passages that follow each other, see `KnowledgeVectors`."""

    document_id: str
    first: int
    count: int
    dimensions: int
    data: bytes


def scope_of(base_id: str) -> str:
    """A base as one word of the full-text index."""
    return base_id.replace("-", "")


# --- writing


def staged(document_id: str, revision: int) -> int:
    """How many passages of this reading are stored."""
    query = KnowledgePassage.select().where(
        KnowledgePassage.document == document_id, KnowledgePassage.revision == revision
    )
    return int(query.count())


def stage(
    document_id: str,
    base_id: str,
    revision: int,
    first: int,
    drafts: Sequence[Draft],
    terms: Sequence[str],
) -> None:
    """Store passages of a reading, numbered from `first`. `terms` are what each is found by."""
    scope = scope_of(base_id)
    for seq, (draft, words) in enumerate(zip(drafts, terms, strict=True), first):
        rows.insert(
            KnowledgePassage,
            document=document_id,
            scope=scope,
            revision=revision,
            seq=seq,
            is_live=False,
            heading=draft.heading,
            place=draft.place.to_mapping(),
            text=draft.text,
            terms=words,
        )


def stage_vectors(base_id: str, document_id: str, **columns: Any) -> None:
    """Store the vectors of passages that were staged."""
    key = {"document": document_id, "revision": columns.pop("revision")}
    key["first"] = columns.pop("first")
    rows.put(KnowledgeVectors, key, scope=scope_of(base_id), **columns)


def use(document_id: str, revision: int) -> None:
    """Put the passages of this reading into the place of all others of the document."""
    passages, vectors = KnowledgePassage, KnowledgeVectors
    others = (passages.document == document_id) & (passages.revision != revision)
    passages.delete().where(others).execute()
    vectors.delete().where(vectors.document == document_id, vectors.revision != revision).execute()
    mine = (passages.document == document_id) & (passages.revision == revision)
    passages.update(is_live=True).where(mine).execute()


def discard(document_id: str, revision: int) -> None:
    """Forget what is stored of a reading that is not used."""
    for model in (KnowledgePassage, KnowledgeVectors):
        mine = (model.document == document_id) & (model.revision == revision)
        model.delete().where(mine).execute()


def hide(source_ids: Collection[str]) -> None:
    """Let nothing of these sources be found any more."""
    documents = KnowledgeDocument.select(KnowledgeDocument.id).where(
        KnowledgeDocument.source.in_(list(source_ids))
    )
    KnowledgePassage.update(is_live=False).where(KnowledgePassage.document.in_(documents)).execute()
    KnowledgeVectors.delete().where(KnowledgeVectors.document.in_(documents)).execute()


def count_live(base_ids: Collection[str]) -> int:
    """How many passages of these bases are in use."""
    query = KnowledgeDocument.select(fn.SUM(KnowledgeDocument.passages)).where(
        KnowledgeDocument.base_id.in_(list(base_ids)),
        KnowledgeDocument.live_revision.is_null(False),
    )
    return int(query.scalar() or 0)


# --- finding

SPARE = 5
"""So many times what is wanted is ranked on PostgreSQL before what is not in use is left out."""

_SQLITE_SEARCH = """
SELECT p.document_id, p.seq, p.terms FROM knowledge_text t
JOIN knowledge_passage p ON p.id = t.rowid
WHERE knowledge_text MATCH ? AND p.is_live
ORDER BY bm25(knowledge_text, 0.0, 1.0), p.id LIMIT ?
"""
_POSTGRES_SEARCH = """
WITH said AS (
  SELECT passage_id, w.term, w.weight FROM knowledge_text t CROSS JOIN LATERAL (
    SELECT term, ts_rank(t.search, term::tsquery, 1) AS weight
    FROM unnest(?::text[]) AS term OFFSET 0
  ) w WHERE t.search @@ ?::tsquery AND w.weight > 0
), rare AS (
  SELECT term, ln(1 + ?::float / count(*)) AS worth FROM said GROUP BY term
), best AS (
  SELECT passage_id, sum(weight * worth) AS score FROM said JOIN rare USING (term)
  GROUP BY passage_id ORDER BY score DESC, passage_id LIMIT ?
)
SELECT p.document_id, p.seq, p.terms FROM best JOIN knowledge_passage p ON p.id = best.passage_id
WHERE p.is_live ORDER BY best.score DESC, p.id LIMIT ?
"""


def by_words(
    base_ids: Sequence[str], terms: Sequence[str], limit: int
) -> list[tuple[Found, frozenset[str]]]:
    """Passages in use that hold some of these terms, each with those that it holds, best first:
    rarer words count for more."""
    if not base_ids or not terms:
        return []
    scopes = [scope_of(base_id) for base_id in base_ids]
    if current().peewee.for_update:
        found = _by_words_in_postgres(scopes, terms, count_live(base_ids), limit)
    else:
        match = f"scope : ({_any_of(scopes)}) AND terms : ({_any_of(terms)})"
        found = rows.select(_SQLITE_SEARCH, match, limit)
    wanted = frozenset(terms)
    return [((document, seq), wanted & set(held.split())) for document, seq, held in found]


def _by_words_in_postgres(
    scopes: Sequence[str], terms: Sequence[str], size: int, limit: int
) -> list[tuple[Any, ...]]:
    words = [f"'{term}':A" for term in terms]  # a term is letters and digits
    bases = " | ".join(f"'{scope}':D" for scope in scopes)
    query = f"({bases}) & ({' | '.join(words)})"
    return rows.select(_POSTGRES_SEARCH, words, query, size, limit * SPARE, limit)


def _any_of(words: Iterable[str]) -> str:
    return " OR ".join(f'"{word}"' for word in words)


def vector_blocks(base_id: str, model: str) -> list[VectorBlock]:
    """The vectors of this model of all passages in use, in order."""
    query = (
        KnowledgeVectors.select(
            KnowledgeVectors.document,
            KnowledgeVectors.first,
            KnowledgeVectors.count,
            KnowledgeVectors.dimensions,
            KnowledgeVectors.data,
        )
        .join(KnowledgeDocument)
        .where(
            KnowledgeVectors.scope == scope_of(base_id),
            KnowledgeVectors.embedded_by == model,
            KnowledgeVectors.revision == KnowledgeDocument.live_revision,
        )
        .order_by(KnowledgeVectors.document, KnowledgeVectors.first)
    )
    return [VectorBlock(*row) for row in tuples(query)]


def shown(found: Sequence[Found]) -> dict[Found, tuple[Any, ...]]:
    """By passage: (base, source, title, url, heading, place, text), for those that are in use."""
    if not found:
        return {}
    wanted = set(found)
    query = (
        KnowledgePassage.select(
            KnowledgePassage.document,
            KnowledgePassage.seq,
            KnowledgeDocument.base_id,
            KnowledgeDocument.source,
            KnowledgeDocument.title,
            KnowledgeSource.name,
            KnowledgeDocument.url,
            KnowledgePassage.heading,
            KnowledgePassage.place,
            KnowledgePassage.text,
        )
        .join(KnowledgeDocument)
        .join(KnowledgeSource)
        .join(KnowledgeBase)
        .where(
            KnowledgePassage.document.in_(sorted({document for document, _ in wanted})),
            KnowledgePassage.seq.in_(sorted({seq for _, seq in wanted})),
            KnowledgePassage.is_live,
            KnowledgeBase.deleted_at.is_null(),
        )
    )
    return {(row[0], row[1]): row[2:] for row in tuples(query) if (row[0], row[1]) in wanted}

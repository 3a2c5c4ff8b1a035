"""Finding passages: by their words and by their meaning, fast enough for a telephone call.

The words are looked for by the database's full-text index, the meaning by comparing the question's
vector with those of all passages, which are kept in memory. Both rankings are fused. Nothing of it
runs in the event loop: the database has a thread or a server of its own, numpy runs on a thread.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gevent
import numpy as np
from gevent.threadpool import ThreadPool

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.core.knowledge import Hit, Place, SearchResult
from topcalls.core.knowledge_ranking import fused, telling, within
from topcalls.core.knowledge_terms import DEFAULT_LANGUAGE, field_terms, query_terms
from topcalls.errors import NotFound, ProviderError
from topcalls.log import get_logger
from topcalls.providers.embeddings import Embedder, Vectors
from topcalls.store import knowledge, knowledge_passages
from topcalls.store.database import Database
from topcalls.store.knowledge_passages import Found, VectorBlock
from topcalls.store.models import KnowledgeBase

CANDIDATES = 40
"""Of each ranking."""

DEFAULT_LIMIT = 5
DEFAULT_BUDGET = 1_500
"""Passages, and tokens of all of them together, that a search gives."""

FIELD_VOTES = 3
"""What has the values of fields that were asked for by name comes first."""

EMBED_SECONDS = 1.5
"""How long a question may take to become a vector; then words alone have to do."""

CACHE_BYTES = 256_000_000
LONGEST_QUERY = 2_000

log = get_logger("knowledge")


class KnowledgeSearch:
    """`db` should be one that nobody waits for: on SQLite a search occupies its only thread."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        embedder: Embedder | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._db = db
        self._clock = clock
        self._embedder = embedder
        self._vectors = VectorCache(cache_bytes)

    def search(
        self,
        account_id: str,
        base_ids: Sequence[str],
        query: str,
        *,
        fields: Mapping[str, str] | None = None,
        limit: int = DEFAULT_LIMIT,
        budget: int = DEFAULT_BUDGET,
    ) -> SearchResult:
        """The passages of these bases that fit the question; rows with these values of `fields`
        come first. Raises NotFound where none of the bases is the account's."""
        started, query = self._clock.monotonic(), query[:LONGEST_QUERY]
        bases = self._db.read(knowledge.bases_of, account_id, base_ids)
        if not bases:
            raise NotFound("No such knowledge base.")
        vector = gevent.spawn(self._vector, query)
        try:
            words = self._by_words(bases, query, fields or {})
            vector.join(EMBED_SECONDS)
        finally:
            vector.kill(block=False)
        meant: Vectors | None = vector.value
        if meant is None and self._embedder is not None:
            log.warning("A question has no vector, its words are looked for")
            metrics.knowledge_unembedded.inc()
        rankings = words.alone if meant is None else words.beside
        if meant is not None:
            near = self._by_meaning(bases, meant)
            rankings = [*rankings, near, near]
        ranked = fused(rankings)[: CANDIDATES * 2]
        shown = self._db.read(knowledge_passages.shown, [key for key, _ in ranked])
        hits = (_hit(key, shown[key], score) for key, score in ranked if key in shown)
        found = tuple(within(hits, budget, limit))
        method = "hybrid" if meant is not None else "full_text"
        took = self._clock.monotonic() - started
        metrics.knowledge_seconds.labels(method).observe(took)
        return SearchResult(found, method, round(took * 1000))

    def _by_words(
        self, bases: Sequence[KnowledgeBase], query: str, fields: Mapping[str, str]
    ) -> WordRankings:
        ids = [base.id for base in bases]
        languages = [base.indexed_in or DEFAULT_LANGUAGE for base in bases]
        terms = query_terms(query, languages)
        exact = field_terms(fields)

        def verb() -> WordRankings:
            found = knowledge_passages.by_words(ids, terms, CANDIDATES)
            rows = [key for key, _ in knowledge_passages.by_words(ids, exact, CANDIDATES)]
            asked = [rows] * FIELD_VOTES if rows else []
            return WordRankings(
                [[key for key, _ in found], *asked], [telling(found, terms), *asked]
            )

        return self._db.read(verb)

    def _vector(self, query: str) -> Vectors | None:
        if self._embedder is None:
            return None
        try:
            return self._embedder.embed([query], EMBED_SECONDS)
        except ProviderError as error:
            code = str(error.extra.get("provider_code") or error.code)
            log.warning("The embedding model failed", code=code)
            return None

    def _by_meaning(self, bases: Sequence[KnowledgeBase], question: Vectors) -> list[Found]:
        assert self._embedder is not None
        loaded = [self._matrix(base, self._embedder.name) for base in bases]
        near: list[Found] = _on_a_thread(_nearest, loaded, question[0])
        return near

    def _matrix(self, base: KnowledgeBase, model: str) -> Matrix:
        key = (base.id, base.version, model)
        found = self._vectors.get(key)
        if found is None:
            blocks = self._db.read(knowledge_passages.vector_blocks, base.id, model)
            found = _on_a_thread(_matrix_of, blocks)
            self._vectors.put(key, found)
        return found


@dataclass(frozen=True)
class WordRankings:
    """What the words found: rankings that decide alone, and those that vote beside the meaning."""

    alone: list[list[Found]]
    beside: list[list[Found]]


@dataclass(frozen=True)
class Matrix:
    """The vectors of a base: one row for each passage, named in `keys`."""

    keys: list[Found]
    rows: Vectors


class VectorCache:
    """What was read of bases, as much of it as fits: a base that has changed is read again."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[tuple[str, int, str], Matrix] = OrderedDict()

    def get(self, key: tuple[str, int, str]) -> Matrix | None:
        """What is kept of this version of a base."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: tuple[str, int, str], matrix: Matrix) -> None:
        """Keep it; its earlier versions, and what was not used for longest, go."""
        for other in [other for other in self._kept if other[0] == key[0]]:
            del self._kept[other]
        self._kept[key] = matrix
        size = sum(kept.rows.nbytes for kept in self._kept.values())
        while size > self._most and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            size -= gone.rows.nbytes


_threads = ThreadPool(2)


def _on_a_thread(work: Any, *args: Any) -> Any:
    return _threads.apply(work, args)


def _matrix_of(blocks: Sequence[VectorBlock]) -> Matrix:
    """Runs on a thread."""
    if not blocks:
        return Matrix([], np.empty((0, 0), np.float32))
    width = blocks[0].dimensions
    fitting = [block for block in blocks if block.dimensions == width]
    parts = [np.frombuffer(block.data, "<f2").reshape(-1, width) for block in fitting]
    keys = [
        (block.document_id, seq)
        for block in fitting
        for seq in range(block.first, block.first + block.count)
    ]
    return Matrix(keys, np.concatenate(parts).astype(np.float32))


def _nearest(matrices: Sequence[Matrix], question: Vectors) -> list[Found]:
    """Runs on a thread."""
    near: list[tuple[float, Found]] = []
    for matrix in matrices:
        if not matrix.keys or matrix.rows.shape[1] != len(question):
            continue
        # `@` would wake a thread of the linear algebra library for each core, and wait for them all
        likeness = np.einsum("ij,j->i", matrix.rows, question)
        count = min(CANDIDATES, len(likeness))
        best = np.argpartition(-likeness, count - 1)[:count]
        near += [(float(likeness[index]), matrix.keys[index]) for index in best]
    return [key for _, key in sorted(near, key=lambda item: -item[0])[:CANDIDATES]]


def _hit(key: Found, shown: tuple[Any, ...], score: float) -> Hit:
    base_id, source_id, title, name, url, heading, place, text = shown
    return Hit(
        base_id,
        source_id,
        *key,
        title or name,
        url or None,
        heading,
        Place.from_mapping(place),
        text,
        score,
    )

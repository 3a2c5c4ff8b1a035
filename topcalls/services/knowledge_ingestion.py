"""Taking sources into knowledge bases: read, cut into passages, embedded, and used all at once.

A worker holds one source at a time and deals with its documents one by one, each piece in a
transaction of its own. Everything may run twice, and a worker may die anywhere: whoever holds the
source next goes on at the first passage that is not stored. A source that is replaced meanwhile
has another revision, at which the old work stops.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import islice

from topcalls.clock import Clock
from topcalls.core.knowledge import (
    MOST_DOCUMENT_PASSAGES,
    MOST_PASSAGES,
    PASSING,
    RETRIES,
    DocumentState,
    Draft,
    Failure,
    SourceKind,
    SourceState,
)
from topcalls.core.knowledge_passages import passages_of, rows_as_passages
from topcalls.core.knowledge_terms import field_terms, language_of, terms_of
from topcalls.core.knowledge_web import MOST_DEPTH, pages_among
from topcalls.documents.forms import form_of_file
from topcalls.documents.reader import Reader
from topcalls.documents.reading import DocumentFault, Reading
from topcalls.errors import ProviderError, StoreUnavailable
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.providers.embeddings import MOST_TEXTS, Embedder
from topcalls.services.knowledge_pages import Page, Pages, ensure_of_site
from topcalls.store import knowledge, knowledge_documents, knowledge_passages
from topcalls.store.database import Database
from topcalls.store.models import KnowledgeDocument, KnowledgeSource

LEASE_SECONDS = 180.0
"""Longer than reading one document, or one request of the embedding model, may take."""

SLICE_SECONDS = 30.0
"""How long one task works at a source before others have their turn."""

EMBED_SECONDS = 60.0
TIDY_BATCH = 500
_BATCH = 16

log = get_logger("knowledge")


class Overtaken(Exception):
    """The source was replaced or deleted, or somebody else holds it."""


class Ingestion:
    """`owner` as of `Webhooks`; `embedder` None: passages are found by their words alone."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        pages: Pages,
        embedder: Embedder | None = None,
        *,
        owner: str | None = None,
        make_reader: Callable[[], Reader] = Reader,
    ) -> None:
        self._db = db
        self._clock = clock
        self._pages = pages
        self._embedder = embedder
        self._owner = owner or new_id()
        self._make_reader = make_reader

    def due(self, now: datetime, limit: int = _BATCH) -> Sequence[str]:
        """Take the sources that are to be read; their ids, for `run`."""

        def verb() -> list[str]:
            for source_id in knowledge.due_again(now, limit):
                knowledge.read_again(source_id, now)
            taken = knowledge.due_sources(self._owner, now, LEASE_SECONDS, limit)
            return [source.id for source in taken]

        return self._db.run(verb)

    def run(self, source_id: str) -> None:
        """Work for a while at a source taken by `due`. May run twice."""
        source = self._db.read(knowledge.source, source_id)
        now = self._clock.now()
        if source is None or source.lease_owner != self._owner or source.lease_until <= now:
            return
        try:
            with closing(self._make_reader()) as reader:
                self._work(source, reader)
        except Overtaken:
            log.info("A source was changed while it was read", source_id=source_id)

    def tidy(self, limit: int = TIDY_BATCH) -> int:
        """Clear away some of what was deleted; how many passages that were."""

        def verb() -> int:
            cleared = 0
            for document_id in knowledge_documents.deleted_documents(20):
                cleared += knowledge_documents.delete_some_passages(document_id, limit - cleared)
                if cleared >= limit:
                    return cleared
                knowledge_documents.delete_document(document_id)
            knowledge_documents.delete_emptied()
            return cleared

        return self._db.run(verb)

    # --- a source

    def _work(self, source: KnowledgeSource, reader: Reader) -> None:
        self._hold(source, state=SourceState.WORKING)
        if source.state == SourceState.WAITING:
            self._db.run(self._begin, source)
        until = self._clock.monotonic() + SLICE_SECONDS
        while True:
            document = self._db.read(knowledge_documents.next_document, source.id, source.revision)
            if document is None:
                self._db.run(self._finish, source)
                return
            self._deal_with(source, document, reader)
            pause = self._pages.pause(document.url) if document.url else timedelta()
            if pause or self._clock.monotonic() >= until:
                self._hold(source, available_at=self._clock.now() + pause, **_LET_GO)
                return
            self._hold(source)

    def _begin(self, source: KnowledgeSource) -> None:
        now = self._clock.now()
        urls = source.settings["urls"] if source.kind == SourceKind.WEB else [""]
        for url in urls:
            knowledge_documents.put_document(source, new_id(), url, 0, now)

    def _finish(self, source: KnowledgeSource) -> None:
        """Part of a verb: nothing of the source is left to be done, or all that is may pass."""
        now = self._clock.now()
        documents = knowledge_documents.documents_of(source.id)
        for document in documents:
            if document.revision < source.revision:  # not on the site any more
                knowledge_documents.delete_document(document.id)
        present = [document for document in documents if document.revision == source.revision]
        passing = [document for document in present if document.failure in PASSING]
        changes = {"finished_at": now, "tries": 0, **_LET_GO}
        if passing and source.tries < len(RETRIES):
            for document in passing:
                knowledge_documents.change_document(document.id, state=DocumentState.WAITING)
            again = {"available_at": now + RETRIES[source.tries], "tries": source.tries + 1}
            self._change(source, **(changes | again))
            return
        usable = any(document.live_revision is not None for document in present)
        hours = source.settings.get("recrawl_hours")
        state = SourceState.READY if usable else SourceState.FAILED
        changes["due_again_at"] = now + timedelta(hours=hours) if hours else None
        self._change(source, state=state, **changes)
        knowledge.touch(source.base_id, now)
        log.info(
            "A source was read",
            source_id=source.id,
            state=state,
            documents=len(present),
            failed=sum(document.failure is not None for document in present),
        )

    # --- a document

    def _deal_with(
        self, source: KnowledgeSource, document: KnowledgeDocument, reader: Reader
    ) -> None:
        try:
            reading, name = self._read(source, document, reader)
            self._take_in(source, document, reading, name)
        except DocumentFault as fault:
            self._db.run(self._failed, source, document, fault.failure, fault.detail)
        except ProviderError as error:
            log.warning("Passages were not embedded", code=error.extra.get("provider_code"))
            self._db.run(self._failed, source, document, Failure.EMBEDDING, error.message)
        except (Overtaken, StoreUnavailable):
            raise
        except Exception as error:
            log.exception("A document was not taken in", document=document.id, why=repr(error))
            self._db.run(self._failed, source, document, Failure.INTERNAL, "")

    def _read(
        self, source: KnowledgeSource, document: KnowledgeDocument, reader: Reader
    ) -> tuple[Reading, str]:
        """What a document says, and what it is called if it has no title."""
        if source.kind == SourceKind.WEB:
            page = self._pages.fetch(document.url)
            if document.depth:
                ensure_of_site(page, source.settings["urls"])
            reading = reader.read(page.form, page.body)
            self._db.run(self._follow, source, document, page, reading)
            return reading, page.url
        data = self._db.read(knowledge.content_of, source.id) or b""
        form = {SourceKind.TEXT: "md", SourceKind.DATA: "json"}.get(SourceKind(source.kind))
        if form is None:
            form = form_of_file(source.settings["file"], data)
        return reader.read(form, data), source.name

    def _follow(
        self, source: KnowledgeSource, document: KnowledgeDocument, page: Page, reading: Reading
    ) -> None:
        """Part of a verb: the pages of the site that this one links to are read as well."""
        if not source.settings["site"] or document.depth >= MOST_DEPTH:
            return
        now, most = self._clock.now(), source.settings["max_pages"]
        room = most - knowledge_documents.count_documents(source.id, source.revision)
        for root in source.settings["urls"]:
            for url in pages_among(reading.links, page.url, root):
                if room < 1:
                    return
                room -= knowledge_documents.put_document(
                    source, new_id(), url, document.depth + 1, now
                )

    def _take_in(
        self, source: KnowledgeSource, document: KnowledgeDocument, reading: Reading, name: str
    ) -> None:
        title = " ".join((reading.title or name).split())[:300]
        drafts = _drafts(reading)
        digest, model = _digest(title, drafts), self._embedder and self._embedder.name
        same = (document.digest, document.embedded_by, document.live_revision is None)
        if same == (digest, model, False):
            self._db.run(self._unchanged, source, document)
            return
        language = self._db.run(self._language, source, drafts)
        stored = self._db.run(self._prepare, source, document, len(drafts))
        for first in range(stored, len(drafts), MOST_TEXTS):
            batch = drafts[first : first + MOST_TEXTS]
            self._store(source, document, first, batch, title, language)
        self._db.run(self._use, source, document, title, reading, digest, len(drafts))

    def _language(self, source: KnowledgeSource, drafts: Sequence[Draft]) -> str:
        """Part of a verb: by whose stems the passages of this base are compared."""
        base = knowledge.base_of(source.account_id, source.base_id)
        if base is None:
            raise Overtaken
        if base.indexed_in is None:
            text = "\n".join(draft.text for draft in islice(drafts, 20))
            base.indexed_in = base.language or language_of(text)
            knowledge.change_base(base.id, indexed_in=base.indexed_in)
        return str(base.indexed_in)

    def _prepare(self, source: KnowledgeSource, document: KnowledgeDocument, expected: int) -> int:
        """Part of a verb: how many passages of this reading are stored already."""
        if expected > MOST_DOCUMENT_PASSAGES:
            raise DocumentFault(Failure.TOO_LARGE)
        used = knowledge_passages.count_live([source.base_id]) - document.passages
        if used + expected > MOST_PASSAGES:
            raise DocumentFault(Failure.BASE_FULL)
        stored = knowledge_passages.staged(document.id, source.revision)
        is_aligned = stored % MOST_TEXTS == 0 or stored == expected
        if document.passages_expected not in (None, expected) or not is_aligned:
            knowledge_passages.discard(document.id, source.revision)
            stored = 0
        knowledge_documents.change_document(document.id, passages_expected=expected)
        return stored

    def _store(
        self,
        source: KnowledgeSource,
        document: KnowledgeDocument,
        first: int,
        drafts: Sequence[Draft],
        title: str,
        language: str,
    ) -> None:
        """One piece of a document, with its vectors."""
        self._hold(source)
        vectors = None
        if self._embedder is not None:
            texts = [_embedded(draft, title) for draft in drafts]
            vectors = self._embedder.embed(texts, EMBED_SECONDS)
        terms = [_terms(draft, title, language) for draft in drafts]

        def verb() -> None:
            self._change(source)
            base_id, revision = source.base_id, source.revision
            knowledge_passages.stage(document.id, base_id, revision, first, drafts, terms)
            if vectors is not None and self._embedder is not None:
                knowledge_passages.stage_vectors(
                    base_id,
                    document.id,
                    revision=revision,
                    first=first,
                    count=len(drafts),
                    embedded_by=self._embedder.name,
                    dimensions=vectors.shape[1],
                    data=vectors.astype("<f2").tobytes(),
                )

        self._db.run(verb)

    def _use(
        self,
        source: KnowledgeSource,
        document: KnowledgeDocument,
        title: str,
        reading: Reading,
        digest: str,
        count: int,
    ) -> None:
        """Part of a verb: from here on this reading is what is found."""
        self._change(source)
        now = self._clock.now()
        names = list(dict.fromkeys(name for row in reading.rows[:1000] for name in row.fields))
        knowledge_passages.use(document.id, source.revision)
        knowledge_documents.change_document(
            document.id,
            state=DocumentState.READY,
            failure=None,
            detail=None,
            title=title,
            live_revision=source.revision,
            digest=digest,
            embedded_by=self._embedder and self._embedder.name,
            passages=count,
            characters=reading.characters,
            field_names=names or None,
            read_at=now,
        )
        knowledge.touch(source.base_id, now)

    def _unchanged(self, source: KnowledgeSource, document: KnowledgeDocument) -> None:
        self._change(source)
        if document.live_revision is not None:
            knowledge_passages.use(document.id, document.live_revision)
        changes = {"failure": None, "detail": None, "read_at": self._clock.now()}
        knowledge_documents.change_document(document.id, state=DocumentState.READY, **changes)

    def _failed(
        self, source: KnowledgeSource, document: KnowledgeDocument, failure: Failure, detail: str
    ) -> None:
        """Part of a verb. A page that is gone is not used any more; anything else is, as it was."""
        self._change(source)
        if failure not in PASSING:
            knowledge_passages.discard(document.id, source.revision)
        if failure in (Failure.NOT_FOUND, Failure.ROBOTS) and document.live_revision is not None:
            knowledge_passages.discard(document.id, document.live_revision)
            gone = {"live_revision": None, "passages": 0, "characters": 0, "digest": None}
            knowledge_documents.change_document(document.id, **gone)
            knowledge.touch(source.base_id, self._clock.now())
        knowledge_documents.change_document(
            document.id, state=DocumentState.FAILED, failure=failure.value, detail=detail[:300]
        )

    # --- the lease

    def _hold(self, source: KnowledgeSource, **changes: object) -> None:
        """Keep the source for a while longer. Raises Overtaken."""
        until = self._clock.now() + timedelta(seconds=LEASE_SECONDS)
        self._db.run(self._change, source, **({"lease_until": until} | changes))

    def _change(self, source: KnowledgeSource, **changes: object) -> None:
        """Part of a verb. Raises Overtaken."""
        changes.setdefault("updated_at", self._clock.now())
        if not knowledge.change_held(source, self._owner, **changes):
            raise Overtaken


_LET_GO = {"lease_owner": None, "lease_until": None}


def _drafts(reading: Reading) -> list[Draft]:
    found = rows_as_passages(reading.rows) if reading.rows else passages_of(reading.sections)
    drafts = list(islice(found, MOST_DOCUMENT_PASSAGES + 1))
    if not drafts:
        raise DocumentFault(Failure.EMPTY)
    return drafts


def _embedded(draft: Draft, title: str) -> str:
    """A passage with what stands above it, without which it may say little."""
    above = " > ".join(part for part in (title, draft.heading) if part)
    return f"{above}\n{draft.text}" if above else draft.text


def _terms(draft: Draft, title: str, language: str) -> str:
    words = terms_of(f"{title} {draft.heading} {draft.text}", language)
    return " ".join([*words, *field_terms(draft.fields)])


def _digest(title: str, drafts: Sequence[Draft]) -> str:
    told = hashlib.sha256(title.encode())
    for draft in drafts:
        told.update(f"\0{draft.heading}\0{draft.text}".encode("utf-8", "replace"))
    return told.hexdigest()

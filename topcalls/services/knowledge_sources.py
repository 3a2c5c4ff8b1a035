"""The sources of knowledge bases, and their documents: added, looked at, replaced and deleted.

What is sent is stored whole and read by the worker (`services/knowledge_ingestion.py`). Until that
is done, what was read before stays in use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core.knowledge import MOST_SOURCES
from topcalls.core.knowledge_rules import Reach, source_faults
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.knowledge_content import Content, content_of
from topcalls.services.knowledge_views import (
    DocumentView,
    SourceView,
    document_view,
    source_views,
)
from topcalls.store import knowledge, knowledge_documents, knowledge_passages
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import KnowledgeBase, KnowledgeSource


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Documents, oldest first. `next_cursor` is where the next page begins, if there is one."""

    data: tuple[DocumentView, ...]
    next_cursor: str | None


class KnowledgeSources:
    """`most_bytes` is what all sources of an account may have together; `reach`: private
    addresses that pages may have."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        most_bytes: int,
        reach: Callable[[], Reach],
    ) -> None:
        self._db = db
        self._clock = clock
        self._most_bytes = most_bytes
        self._reach = reach

    def add(self, account_id: str, base_id: str, body: Mapping[str, Any]) -> SourceView:
        """Add a source to a base.

        Raises:
            Conflict: the base has as many sources, or the account bytes in them, as it may have.
            InvalidRequest: with every fault.
            NotFound: no such base in this account.
        """
        judge(source_faults(body, self._reach()))
        content, now = content_of(body, str(body.get("name") or "")), self._clock.now()

        def verb() -> SourceView:
            lock_account(account_id)
            found_base(account_id, base_id)
            if len(knowledge.sources_of([base_id], MOST_SOURCES)) >= MOST_SOURCES:
                raise Conflict(
                    f"The base has as many sources as it may have: {MOST_SOURCES}.",
                    remedy="Delete some first, or make another base.",
                    reason="source_limit",
                )
            source_id = self.insert(account_id, base_id, content, now)
            knowledge.change_base(base_id, updated_at=now)
            return _source_view(base_id, source_id)

        return self._db.run(verb)

    def list(self, account_id: str, base_id: str) -> Sequence[SourceView]:
        """The sources of a base, oldest first. Raises NotFound."""

        def verb() -> Sequence[SourceView]:
            found_base(account_id, base_id)
            return source_views(base_id, knowledge.sources_of([base_id]))

        return self._db.read(verb)

    def get(self, account_id: str, base_id: str, source_id: str) -> SourceView:
        """Raises NotFound."""

        def verb() -> SourceView:
            found_base(account_id, base_id)
            return _source_view(base_id, source_id)

        return self._db.read(verb)

    def replace(
        self, account_id: str, base_id: str, source_id: str, body: Mapping[str, Any]
    ) -> SourceView:
        """Put something else into the place of a source; what was read before is used until that is
        read. Raises as `add`, and Conflict for another type."""
        judge(source_faults(body, self._reach()))
        now = self._clock.now()

        def verb() -> SourceView:
            lock_account(account_id)
            found_base(account_id, base_id)
            source = _found_source(base_id, source_id)
            if source.kind != body["type"]:
                raise Conflict(
                    f"The source is of type '{source.kind}'.",
                    remedy="Add a source of the other type, and delete this one.",
                    reason="other_type",
                )
            content = content_of(body, str(body.get("name") or source.name))
            self.put(account_id, source, content, now)
            return _source_view(base_id, source_id)

        return self._db.run(verb)

    def refresh(self, account_id: str, base_id: str, source_id: str) -> SourceView:
        """Read a source again: pages of the web as they are now. Raises NotFound."""
        now = self._clock.now()

        def verb() -> SourceView:
            lock_account(account_id)
            found_base(account_id, base_id)
            knowledge.read_again(_found_source(base_id, source_id).id, now)
            return _source_view(base_id, source_id)

        return self._db.run(verb)

    def delete(self, account_id: str, base_id: str, source_id: str) -> None:
        """Let nothing of a source be found any more. Raises NotFound."""
        now = self._clock.now()

        def verb() -> None:
            lock_account(account_id)
            found_base(account_id, base_id)
            source = _found_source(base_id, source_id)
            knowledge_passages.hide([source.id])
            knowledge.change_source(source.id, deleted_at=now)
            knowledge.put_content(source.id, None)
            knowledge.touch(base_id, now)

        self._db.run(verb)

    # --- documents

    def documents(
        self,
        account_id: str,
        base_id: str,
        *,
        limit: int = 50,
        cursor: str | None = None,
        source_id: str | None = None,
        state: str | None = None,
    ) -> DocumentPage:
        """The documents of a base after `cursor`, oldest first.

        Raises:
            InvalidRequest: the cursor is none of ours.
            NotFound: no such base in this account.
        """
        after = None if cursor is None else _read_cursor(cursor)

        def verb() -> DocumentPage:
            found_base(account_id, base_id)
            rows = knowledge_documents.document_page(base_id, limit + 1, after, source_id, state)
            more = len(rows) > limit
            rows = rows[:limit]
            last = f"{rows[-1].created_at.isoformat()}_{rows[-1].id}" if more else None
            return DocumentPage(tuple(map(document_view, rows)), last)

        return self._db.read(verb)

    # --- parts of verbs

    def insert(self, account_id: str, base_id: str, content: Content, now: datetime) -> str:
        """Store a source, which is read by whoever is free; its id. Part of a verb. Raises
        Conflict."""
        self._ensure_room(account_id, content)
        source_id = new_id()
        knowledge.insert_source(
            now,
            content.data,
            id=source_id,
            base=base_id,
            account_id=account_id,
            kind=content.kind,
            name=content.name,
            settings=content.settings,
        )
        return source_id

    def put(
        self, account_id: str, source: KnowledgeSource, content: Content, now: datetime
    ) -> None:
        """Store something else as a source, and have it read. Part of a verb. Raises Conflict."""
        self._ensure_room(account_id, content, source.content_bytes)
        knowledge.put_content(source.id, content.data)
        knowledge.read_again(
            source.id,
            now,
            name=content.name,
            settings=content.settings,
            content_bytes=len(content.data or b""),
        )

    def _ensure_room(self, account_id: str, content: Content, freed: int = 0) -> None:
        used = knowledge.used_bytes(account_id) - freed + len(content.data or b"")
        if used > self._most_bytes:
            raise Conflict(
                f"The account's knowledge may have {self._most_bytes} bytes in all.",
                remedy="Delete sources first, or have the operator raise max_knowledge_bytes.",
                reason="byte_limit",
            )


def judge(wrong: Sequence[FieldError]) -> None:
    """Raises InvalidRequest where anything is wrong."""
    if wrong:
        raise InvalidRequest("The knowledge is not right as it was sent: see 'errors'.", [*wrong])


def found_base(account_id: str, base_id: str) -> KnowledgeBase:
    """A base of an account; part of a verb. Raises NotFound."""
    base = knowledge.base_of(account_id, base_id)
    if base is None:
        raise NotFound("No such knowledge base.")
    return base


def _found_source(base_id: str, source_id: str) -> KnowledgeSource:
    source = knowledge.source_of(base_id, source_id)
    if source is None:
        raise NotFound("No such source in this knowledge base.")
    return source


def _source_view(base_id: str, source_id: str) -> SourceView:
    return source_views(base_id, [_found_source(base_id, source_id)])[0]


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    moment, _, key = cursor.partition("_")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not key:
        raise InvalidRequest("The cursor is none that was given.", field="cursor")
    return at, key

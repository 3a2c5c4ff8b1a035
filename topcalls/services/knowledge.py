"""Knowledge bases: made, looked at, changed and deleted by customers.

What they hold comes from their sources: `services/knowledge_sources.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core.knowledge import MOST_BASES, SourceKind
from topcalls.core.knowledge_rules import INTERNET, Reach, base_faults, change_faults
from topcalls.core.knowledge_use import KnowledgeBook
from topcalls.errors import Conflict
from topcalls.ids import new_id
from topcalls.services.knowledge_content import content_of
from topcalls.services.knowledge_sources import KnowledgeSources, found_base, judge
from topcalls.services.knowledge_views import BaseView, base_views
from topcalls.store import knowledge, knowledge_passages
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import KnowledgeSource

DEFAULT_MOST_BYTES = 500_000_000
"""Of all sources of an account together."""


@dataclass(frozen=True, slots=True)
class BasePage:
    """Bases, newest first. `next_cursor` is the last one's `created_at` if there are more."""

    data: tuple[BaseView, ...]
    next_cursor: datetime | None


class Knowledge:
    """`semantic`: there is an embedding model; `most_bytes` and `reach` as of `sources`,
    which are those of its bases."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        most_bytes: int = DEFAULT_MOST_BYTES,
        semantic: bool = False,
        reach: Callable[[], Reach] | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._semantic = semantic
        self._reach = reach or (lambda: INTERNET)
        self.sources = KnowledgeSources(db, clock, most_bytes, self._reach)

    def create(self, account_id: str, body: Mapping[str, Any]) -> BaseView:
        """Make a base with its first source.

        Raises:
            Conflict: the account has as many bases, or bytes in them, as it may have.
            InvalidRequest: with every fault.
        """
        judge(base_faults(body, self._reach()))
        content, now = content_of(body, str(body["name"])), self._clock.now()

        def verb() -> BaseView:
            lock_account(account_id)
            if knowledge.count_bases(account_id) >= MOST_BASES:
                raise Conflict(
                    f"The account has as many knowledge bases as it may have: {MOST_BASES}.",
                    remedy="Delete one first, or add sources to one.",
                    reason="base_limit",
                )
            base_id, made = new_id(), knowledge.free_time(account_id, now)
            knowledge.insert_base(
                id=base_id,
                account=account_id,
                name=body["name"].strip(),
                description=body.get("description"),
                language=body.get("language"),
                created_at=made,
                updated_at=made,
            )
            self.sources.insert(account_id, base_id, content, now)
            return self._view(account_id, base_id)

        return self._db.run(verb)

    def list(self, account_id: str, limit: int = 50, cursor: datetime | None = None) -> BasePage:
        """Bases made before `cursor`, newest first."""

        def verb() -> BasePage:
            found = knowledge.base_page(account_id, limit + 1, cursor)
            views = tuple(base_views(found[:limit], self._semantic))
            return BasePage(views, views[-1].created_at if len(found) > limit else None)

        return self._db.read(verb)

    def get(self, account_id: str, base_id: str) -> BaseView:
        """Raises NotFound."""
        return self._db.read(self._view, account_id, base_id)

    def change(self, account_id: str, base_id: str, body: Mapping[str, Any]) -> BaseView:
        """Change the name or the description, or the text of a base that has one source of text.

        Raises:
            Conflict: it has other sources; they are replaced one by one.
            InvalidRequest: with every fault.
            NotFound: no such base in this account.
        """
        judge(change_faults(body))
        now = self._clock.now()

        def verb() -> BaseView:
            lock_account(account_id)
            found_base(account_id, base_id)
            named = {key: body[key] for key in ("name", "description") if key in body}
            knowledge.change_base(base_id, updated_at=now, **named)
            if "text" in body:
                source = _only_text(base_id)
                content = content_of({"type": "text", "text": body["text"]}, source.name)
                self.sources.put(account_id, source, content, now)
            return self._view(account_id, base_id)

        return self._db.run(verb)

    def delete(self, account_id: str, base_id: str) -> None:
        """Let nobody find anything in a base any more. Raises NotFound."""
        now = self._clock.now()

        def verb() -> None:
            lock_account(account_id)
            found_base(account_id, base_id)
            sources = knowledge.sources_of([base_id])
            knowledge_passages.hide([source.id for source in sources])
            knowledge.change_base(base_id, deleted_at=now)
            for source in sources:
                knowledge.change_source(source.id, deleted_at=now)
                knowledge.put_content(source.id, None)

        self._db.run(verb)

    def book(self, account_id: str) -> KnowledgeBook:
        """By which calls of an account are judged."""
        return lambda ids: self._db.read(_unknown, account_id, ids)

    def _view(self, account_id: str, base_id: str) -> BaseView:
        return base_views([found_base(account_id, base_id)], self._semantic)[0]


def _unknown(account_id: str, base_ids: Collection[str]) -> list[str]:
    known = {base.id for base in knowledge.bases_of(account_id, base_ids)}
    return [base_id for base_id in base_ids if base_id not in known]


def _only_text(base_id: str) -> KnowledgeSource:
    sources = knowledge.sources_of([base_id], 2)
    if len(sources) != 1 or sources[0].kind != SourceKind.TEXT:
        raise Conflict(
            "The base is more than one text.",
            remedy=f"Replace one of its sources: PUT /v1/knowledge/{base_id}/sources/ID.",
            reason="not_one_text",
        )
    return sources[0]

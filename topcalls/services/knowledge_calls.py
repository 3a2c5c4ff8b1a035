"""Knowledge in calls: what a call may look things up in, and the look itself."""

from __future__ import annotations

from dataclasses import dataclass

from topcalls.clock import Clock
from topcalls.core.knowledge import SearchResult
from topcalls.core.knowledge_citations import Lookup
from topcalls.core.knowledge_use import BaseOutline, LookUp, told
from topcalls.core.redaction import MASKED
from topcalls.core.tools import ToolRequest, ToolResult, failed, succeeded
from topcalls.errors import NotFound, StoreUnavailable
from topcalls.log import get_logger
from topcalls.services.call_views import ClaimedCall
from topcalls.services.knowledge_search import DEFAULT_LIMIT, KnowledgeSearch
from topcalls.services.lookups import Lookups
from topcalls.store import knowledge, knowledge_documents
from topcalls.store.database import Database

log = get_logger("knowledge")


@dataclass(frozen=True)
class CallKnowledge:
    """What controllers look up for calls."""

    db: Database
    clock: Clock
    search: KnowledgeSearch
    lookups: Lookups

    def outlines(self, call: ClaimedCall) -> tuple[BaseOutline, ...]:
        """What there is in the bases of a call. Nothing while the database cannot tell."""
        ids = call.request.knowledge_base_ids
        if not ids:
            return ()

        def verb() -> tuple[BaseOutline, ...]:
            bases = knowledge.bases_of(call.account_id, ids)
            names = {base.id: knowledge_documents.field_names_of([base.id]) for base in bases}
            return tuple(
                BaseOutline(
                    base.name,
                    base.description or "",
                    tuple(dict.fromkeys(name for found in names[base.id] for name in found)),
                )
                for base in bases
            )

        try:
            return self.db.read(verb)
        except StoreUnavailable:
            log.warning("The knowledge of a call is not known", call_id=call.call_id)
            return ()

    def of(self, call: ClaimedCall) -> LookUp | None:
        """Looks things up in the bases of a call; None where it has none."""
        if not call.request.knowledge_base_ids:
            return None
        return lambda query: self._find(call, query, {})

    def tool(self, call: ClaimedCall, request: ToolRequest) -> ToolResult:
        """What the model asks for. Its result names the source of each passage."""
        query, fields = str(request.arguments["query"]), request.arguments.get("fields") or {}
        try:
            found = self._find(call, query, fields)
        except NotFound:
            return failed("no_knowledge", "There is nothing to look things up in any more.")
        self._note(call, request, query, found)
        if not found.hits:
            return succeeded(found="nothing", advice="Say that you do not know it.")
        return succeeded(passages=told(found.hits))

    def _find(self, call: ClaimedCall, query: str, fields: dict[str, str]) -> SearchResult:
        return self.search.search(
            call.account_id,
            call.request.knowledge_base_ids,
            query,
            fields=fields,
            limit=DEFAULT_LIMIT,
            budget=call.request.knowledge.max_tokens,
        )

    def _note(
        self, call: ClaimedCall, request: ToolRequest, query: str, found: SearchResult
    ) -> None:
        if request.record.arguments == MASKED:
            return  # asked while the recording was paused
        at_ms = request.record.called_ms + found.took_ms
        passages = tuple(hit.cited() | {"text": hit.text} for hit in found.hits)
        lookup = Lookup("tool", query, at_ms, found.took_ms, found.method, passages)
        try:
            self.lookups.note(call.call_id, lookup, self.clock.now())
        except StoreUnavailable:
            log.warning("What was looked up is not noted", call_id=call.call_id)

"""`/v1/knowledge`: what agents look up in a call."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from topcalls.api import knowledge_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import CONTENT, ApiBlueprint, fails_with, form_too
from topcalls.api.context import services
from topcalls.api.schemas.knowledge import (
    DocumentPageSchema,
    DocumentQuerySchema,
    KnowledgeBaseSchema,
    KnowledgeChangeSchema,
    KnowledgeCreateSchema,
    KnowledgeFileSchema,
    KnowledgePageSchema,
    KnowledgeQuerySchema,
    SearchQuerySchema,
    SourceCreateSchema,
    SourceFileSchema,
    SourceSchema,
    SourcesSchema,
)
from topcalls.api.schemas.knowledge_use import FoundSchema, found_shown
from topcalls.services.knowledge import BasePage
from topcalls.services.knowledge_sources import DocumentPage
from topcalls.services.knowledge_views import BaseView, SourceView

knowledge = ApiBlueprint(
    "knowledge", __name__, description="Texts, files, data and pages that agents look things up in."
)
_BASE = "/v1/knowledge"
_ONE = f"{_BASE}/<uuid:base_id>"
_SOURCE = f"{_ONE}/sources/<uuid:source_id>"


@knowledge.route(_BASE)
@requires("knowledge:read")
@knowledge.arguments(KnowledgeQuerySchema, location="query")
@knowledge.response(200, KnowledgePageSchema, example=examples.PAGE)
def list_knowledge_bases(query: dict[str, Any]) -> BasePage:
    """List knowledge bases, newest first.

    Follow `next_cursor` until it is null.
    """
    return services().knowledge.list(principal().account_id, query["limit"], query.get("cursor"))


@knowledge.route(_BASE, methods=["POST"])
@requires("knowledge:write")
@fails_with(409)
@form_too(KnowledgeFileSchema)
@knowledge.arguments(KnowledgeCreateSchema, location=CONTENT, examples=examples.BODIES)
@knowledge.response(201, KnowledgeBaseSchema, example=examples.CREATED)
def create_knowledge_base(body: dict[str, Any]) -> tuple[BaseView, int, dict[str, str]]:
    """Create a knowledge base with its first source.

    A file is sent as a form with `type` `file`. It is read after the answer: watch `status` and
    `sizes`. Calls can name it at once, and find in it what has been read.
    """
    made = services().knowledge.create(principal().account_id, body)
    return made, 201, {"Location": f"{_BASE}/{made.id}"}


@knowledge.route(_ONE)
@requires("knowledge:read")
@knowledge.response(200, KnowledgeBaseSchema, example=examples.BASE)
def get_knowledge_base(base_id: UUID) -> BaseView:
    """Get a knowledge base: its state and its sizes."""
    return services().knowledge.get(principal().account_id, str(base_id))


@knowledge.route(_ONE, methods=["PATCH"])
@requires("knowledge:write")
@fails_with(409)
@knowledge.arguments(KnowledgeChangeSchema, example=examples.CHANGE)
@knowledge.response(200, KnowledgeBaseSchema, example=examples.BASE)
def update_knowledge_base(body: dict[str, Any], base_id: UUID) -> BaseView:
    """Change a knowledge base.

    A new `text` is used as soon as it is read, the old one until then, in calls that are under way
    as well.
    """
    return services().knowledge.change(principal().account_id, str(base_id), body)


@knowledge.route(_ONE, methods=["DELETE"])
@requires("knowledge:write")
@knowledge.response(204)
def delete_knowledge_base(base_id: UUID) -> None:
    """Delete a knowledge base.

    Nothing is found in it from now on, in calls that are under way as well.
    """
    services().knowledge.delete(principal().account_id, str(base_id))


@knowledge.route(f"{_ONE}/sources")
@requires("knowledge:read")
@knowledge.response(200, SourcesSchema, example=examples.SOURCES)
def list_sources(base_id: UUID) -> dict[str, Any]:
    """List the sources of a knowledge base, oldest first."""
    return {"data": services().knowledge.sources.list(principal().account_id, str(base_id))}


@knowledge.route(f"{_ONE}/sources", methods=["POST"])
@requires("knowledge:write")
@fails_with(409)
@form_too(SourceFileSchema)
@knowledge.arguments(SourceCreateSchema, location=CONTENT, example=examples.SOURCE_BODY)
@knowledge.response(201, SourceSchema, example=examples.SOURCE)
def add_source(body: dict[str, Any], base_id: UUID) -> tuple[SourceView, int, dict[str, str]]:
    """Add a source to a knowledge base. A file is sent as a form."""
    made = services().knowledge.sources.add(principal().account_id, str(base_id), body)
    return made, 201, {"Location": f"{_BASE}/{base_id}/sources/{made.id}"}


@knowledge.route(_SOURCE)
@requires("knowledge:read")
@knowledge.response(200, SourceSchema, example=examples.SOURCE)
def get_source(base_id: UUID, source_id: UUID) -> SourceView:
    """Get a source: its state and its sizes."""
    return services().knowledge.sources.get(principal().account_id, str(base_id), str(source_id))


@knowledge.route(_SOURCE, methods=["PUT"])
@requires("knowledge:write")
@fails_with(409)
@form_too(SourceFileSchema)
@knowledge.arguments(SourceCreateSchema, location=CONTENT, example=examples.SOURCE_BODY)
@knowledge.response(200, SourceSchema, example=examples.SOURCE)
def replace_source(body: dict[str, Any], base_id: UUID, source_id: UUID) -> SourceView:
    """Replace a source by another of the same type.

    What was read before is used until the new is read. A file is sent as a form.
    """
    ids = (principal().account_id, str(base_id), str(source_id))
    return services().knowledge.sources.replace(*ids, body)


@knowledge.route(f"{_SOURCE}/refresh", methods=["POST"])
@requires("knowledge:write")
@knowledge.response(202, SourceSchema, example=examples.SOURCE)
def refresh_source(base_id: UUID, source_id: UUID) -> SourceView:
    """Read a source again: the pages of the web as they are now, or what failed before."""
    ids = (principal().account_id, str(base_id), str(source_id))
    return services().knowledge.sources.refresh(*ids)


@knowledge.route(_SOURCE, methods=["DELETE"])
@requires("knowledge:write")
@knowledge.response(204)
def delete_source(base_id: UUID, source_id: UUID) -> None:
    """Delete a source. Nothing of it is found from now on."""
    ids = (principal().account_id, str(base_id), str(source_id))
    services().knowledge.sources.delete(*ids)


@knowledge.route(f"{_ONE}/documents")
@requires("knowledge:read")
@knowledge.arguments(DocumentQuerySchema, location="query")
@knowledge.response(200, DocumentPageSchema, example=examples.DOCUMENTS)
def list_documents(query: dict[str, Any], base_id: UUID) -> DocumentPage:
    """List what came of the sources of a knowledge base, and what failed.

    Follow `next_cursor` until it is null.
    """
    return services().knowledge.sources.documents(principal().account_id, str(base_id), **query)


@knowledge.route(f"{_ONE}/search")
@requires("knowledge:read")
@knowledge.arguments(SearchQuerySchema, location="query")
@knowledge.response(200, FoundSchema, example=examples.FOUND)
def search_knowledge_base(query: dict[str, Any], base_id: UUID) -> dict[str, Any]:
    """Search a knowledge base, as an agent does in a call."""
    name, _, value = query.get("field", "").partition("=")
    fields = {name: value} if name else {}
    limits = {"limit": query["limit"], "budget": query["max_tokens"]}
    ids, find = [str(base_id)], services().knowledge_search.search
    found = find(principal().account_id, ids, query["query"], fields=fields, **limits)
    return found_shown(found)

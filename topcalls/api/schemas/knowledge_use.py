"""How calls use knowledge, and what is found in it."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.knowledge import SearchResult
from topcalls.core.knowledge_citations import TRIGGERS
from topcalls.core.knowledge_use import DEFAULT_TOKENS, TOKENS


class CitationSchema(ma.Schema):
    """Where a passage stands."""

    knowledge_base_id = fields.Text(required=True, metadata={"format": "uuid"})
    source_id = fields.Text(required=True, metadata={"format": "uuid"})
    document_id = fields.Text(required=True, metadata={"format": "uuid"})
    passage = fields.Whole(
        required=True, metadata={"description": "Its number in the document, from 0."}
    )
    title = fields.Text(required=True)
    url = fields.Text(required=True, allow_none=True)
    heading = fields.Text(required=True, allow_none=True)
    page = fields.Whole(required=True, allow_none=True, metadata={"description": "Of a PDF."})
    line_from = fields.Whole(
        required=True,
        allow_none=True,
        metadata={"description": "Of the text, or of the page of a PDF."},
    )
    line_to = fields.Whole(required=True, allow_none=True)
    row = fields.Whole(required=True, allow_none=True, metadata={"description": "Of data, from 1."})


class PassageSchema(CitationSchema):
    """A passage that was found."""

    text = fields.Text(required=True)


class LookupSchema(ma.Schema):
    """Something that was looked up in a call."""

    trigger = fields.Choice(
        *TRIGGERS,
        required=True,
        metadata={
            "description": "`start`: for the task. `turn`: for what the other person said. `tool`: "
            "the agent asked for it."
        },
    )
    query = fields.Text(required=True)
    at_ms = fields.Whole(
        required=True, metadata={"description": "When the agent was told, since the answer."}
    )
    took_ms = fields.Whole(required=True)
    method = fields.Choice("hybrid", "full_text", required=True)
    passages = fields.ListOf(ma.fields.Nested(PassageSchema), required=True)


class FoundSchema(ma.Schema):
    """What was found, best first."""

    data = fields.ListOf(ma.fields.Nested(PassageSchema), required=True)
    method = fields.Choice(
        "hybrid",
        "full_text",
        required=True,
        metadata={
            "description": "`full_text`: by words alone, as there is no embedding model, or it did "
            "not answer in time."
        },
    )
    took_ms = fields.Whole(required=True)


def found_shown(found: SearchResult) -> dict[str, Any]:
    """What `FoundSchema` shows of a search."""
    passages = [hit.cited() | {"text": hit.text} for hit in found.hits]
    return {"data": passages, "method": found.method, "took_ms": found.took_ms}


class KnowledgeUseSchema(ma.Schema):
    """When a call looks into its knowledge bases, beside the tool `search_knowledge`."""

    at_start = fields.Flag(
        allow_none=True,
        metadata={
            "default": True,
            "description": "Passages that fit the task are told to the model before it speaks.",
        },
    )
    per_turn = fields.Flag(
        allow_none=True,
        metadata={
            "default": False,
            "description": "Passages that fit what the other person says are told with it, without "
            "the model's asking. Best in mode `legacy`, which waits for the words; in mode "
            "`realtime` they may come too late for the answer to the same words.",
        },
    )
    max_tokens = fields.Whole(
        allow_none=True,
        metadata={
            "default": DEFAULT_TOKENS,
            "minimum": TOKENS[0],
            "maximum": TOKENS[1],
            "description": "Of all passages that one look brings.",
        },
    )

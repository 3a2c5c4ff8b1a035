"""Knowledge bases: what is sent and how it is shown."""

from __future__ import annotations

from typing import Any, ClassVar

import marshmallow as ma
from flask_smorest.fields import Upload

from topcalls.api import fields
from topcalls.api.schemas.phone_numbers import Judged
from topcalls.core.knowledge import (
    MOST_FILE_BYTES,
    MOST_TEXT,
    BaseStatus,
    DocumentState,
    Failure,
    SourceKind,
    SourceState,
)
from topcalls.core.knowledge_rules import RECRAWL_HOURS, TEXTS
from topcalls.core.knowledge_use import DEFAULT_TOKENS, TOKENS
from topcalls.core.knowledge_web import DEFAULT_PAGES, MOST_PAGES, MOST_URLS
from topcalls.core.languages import LANGUAGE_PATTERN
from topcalls.services.knowledge_search import DEFAULT_LIMIT, LONGEST_QUERY

MOST_HITS = 20


def _named(name: str, text: str) -> dict[str, Any]:
    least, most = TEXTS[name]
    return {"description": text, "minLength": least, "maxLength": most}


_FILE = {
    "description": f"One file of at most {MOST_FILE_BYTES // 1_000_000} MB: PDF, DOCX, TXT, MD, "
    "HTML, CSV or JSON. CSV has a line of names above; JSON is a list of objects."
}
_NAME = _named("name", "For people, and for the model where it looks things up.")
_ABOUT = _named("description", "What it is about: the model reads it to know when to look here.")


def _content_fields() -> dict[str, ma.fields.Field[Any]]:
    """Those of every kind of source that is sent as JSON."""
    return {
        "text": fields.Text(
            allow_none=True,
            metadata={
                "description": "Of type `text`: what the agent shall know, plain or as Markdown, "
                "whose headings are kept.",
                "maxLength": MOST_TEXT,
            },
        ),
        "rows": fields.ListOf(
            fields.ObjectOf(),
            allow_none=True,
            metadata={"description": "Of type `data`: objects, each found by its fields."},
        ),
        "urls": fields.ListOf(
            fields.Text(),
            allow_none=True,
            metadata={
                "description": "Of type `web`: addresses of pages. Private ones are refused.",
                "maxItems": MOST_URLS,
            },
        ),
        "site": fields.Flag(
            allow_none=True,
            metadata={
                "default": False,
                "description": "Of type `web`: the pages below each address that can be reached "
                "from it are read too. robots.txt is held to.",
            },
        ),
        "max_pages": fields.Whole(
            allow_none=True,
            metadata={"default": DEFAULT_PAGES, "minimum": 1, "maximum": MOST_PAGES},
        ),
        "recrawl_hours": fields.Whole(
            allow_none=True,
            metadata={
                "description": "Of type `web`: hours after which the pages are read again. Null: "
                "when it is asked for.",
                "minimum": RECRAWL_HOURS[0],
                "maximum": RECRAWL_HOURS[1],
            },
        ),
    }


class KnowledgeFileSchema(Judged):
    """A knowledge base, or a source, of one file."""

    type = fields.Choice("file", required=True)
    name = fields.Text(metadata=_NAME)
    description = fields.Text(metadata=_ABOUT)
    language = fields.Text(metadata={"pattern": LANGUAGE_PATTERN})
    file = fields.ListOf(Upload(), required=True, metadata=_FILE)


class SourceFileSchema(Judged):
    """A source of one file."""

    type = fields.Choice("file", required=True)
    name = fields.Text(metadata=_NAME)
    file = fields.ListOf(Upload(), required=True, metadata=_FILE)


_KINDS_SENT = tuple(kind for kind in SourceKind if kind is not SourceKind.FILE)


class KnowledgeCreateSchema(Judged):
    """A knowledge base with its first source."""

    form_schema: ClassVar[ma.Schema] = KnowledgeFileSchema()

    type = fields.Choice(*_KINDS_SENT, required=True)
    name = fields.Text(required=True, metadata=_NAME)
    description = fields.Text(allow_none=True, metadata=_ABOUT)
    language = fields.Text(
        allow_none=True,
        metadata={
            "pattern": LANGUAGE_PATTERN,
            "description": "BCP 47 tag of the language that it is in. Without it that of what is "
            "read first is found out. It stays.",
        },
    )
    locals().update(_content_fields())


class SourceCreateSchema(Judged):
    """A source of a knowledge base."""

    form_schema: ClassVar[ma.Schema] = SourceFileSchema()

    type = fields.Choice(*_KINDS_SENT, required=True)
    name = fields.Text(
        allow_none=True, metadata=_NAME | {"description": "Without it: the first address or kind."}
    )
    locals().update(_content_fields())


class KnowledgeChangeSchema(Judged):
    """What is changed of a knowledge base."""

    name = fields.Text(metadata=_NAME)
    description = fields.Text(allow_none=True, metadata=_ABOUT)
    text = fields.Text(
        metadata={
            "description": "Takes the place of the text of a base that has one source of type "
            "`text`.",
            "maxLength": MOST_TEXT,
        }
    )


class SizesSchema(ma.Schema):
    """How much there is. `documents` are those of the newest reading; `passages` and `characters`
    what is searched at present."""

    documents = fields.Whole(required=True)
    documents_done = fields.Whole(
        required=True, metadata={"description": "Of them were dealt with: the progress."}
    )
    documents_failed = fields.Whole(required=True)
    passages = fields.Whole(required=True)
    characters = fields.Whole(required=True)


class KnowledgeBaseSchema(ma.Schema):
    """A knowledge base."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    name = fields.Text(required=True)
    description = fields.Text(required=True, allow_none=True)
    language = fields.Text(required=True, allow_none=True)
    status = fields.Choice(
        *BaseStatus,
        required=True,
        metadata={
            "description": "`processing`: a source is being read; what was read before is used "
            "meanwhile. `ready`: nothing is under way. `failed`: no source could be used. `empty`: "
            "it has no source."
        },
    )
    sources = fields.Whole(required=True)
    sizes = ma.fields.Nested(SizesSchema, required=True)
    bytes = fields.Whole(required=True, metadata={"description": "Of what was sent as sources."})
    semantic = fields.Flag(
        required=True,
        metadata={
            "description": "Whether this installation has an embedding model: passages are found "
            "by their meaning as well as by their words."
        },
    )
    created_at = fields.Timestamp(required=True)
    updated_at = fields.Timestamp(required=True)


class KnowledgePageSchema(ma.Schema):
    """Knowledge bases, newest first."""

    data = fields.ListOf(ma.fields.Nested(KnowledgeBaseSchema), required=True)
    next_cursor = fields.Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )


class KnowledgeQuerySchema(ma.Schema):
    """Which bases to list."""

    limit = fields.QueryWhole(
        load_default=50, validate=ma.validate.Range(1, 200, error="Must be from 1 to 200.")
    )
    cursor = fields.Timestamp(metadata={"description": "`next_cursor` of the page before."})


class SourceSchema(ma.Schema):
    """A source of a knowledge base."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    knowledge_base_id = fields.Text(required=True, metadata={"format": "uuid"})
    type = fields.Choice(*SourceKind, required=True)
    name = fields.Text(required=True)
    state = fields.Choice(
        *SourceState,
        required=True,
        metadata={
            "description": "`ready`: every document was dealt with, and one at least can be used. "
            "`failed`: none can; GET its documents to see why."
        },
    )
    settings = fields.ObjectOf(
        required=True, metadata={"description": "The file's name, or what was asked of the web."}
    )
    sizes = ma.fields.Nested(SizesSchema, required=True)
    bytes = fields.Whole(required=True)
    created_at = fields.Timestamp(required=True)
    updated_at = fields.Timestamp(required=True)
    finished_at = fields.Timestamp(required=True, allow_none=True)
    due_again_at = fields.Timestamp(
        required=True, allow_none=True, metadata={"description": "When it is read again by itself."}
    )


class SourcesSchema(ma.Schema):
    """Sources, oldest first."""

    data = fields.ListOf(ma.fields.Nested(SourceSchema), required=True)


class DocumentSchema(ma.Schema):
    """A document that came of a source: a page of a site, or the source itself."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    source_id = fields.Text(required=True, metadata={"format": "uuid"})
    title = fields.Text(required=True)
    url = fields.Text(required=True, allow_none=True)
    state = fields.Choice(*DocumentState, required=True)
    error = fields.Choice(
        *Failure, required=True, allow_none=True, metadata={"description": "Why it failed."}
    )
    error_message = fields.Text(
        required=True, allow_none=True, metadata={"description": "In words, with what to do."}
    )
    in_use = fields.Flag(
        required=True,
        metadata={"description": "It is searched: as it was read last, or when it last could be."},
    )
    passages = fields.Whole(required=True)
    characters = fields.Whole(required=True)
    read_at = fields.Timestamp(required=True, allow_none=True)


class DocumentPageSchema(ma.Schema):
    """Documents, oldest first."""

    data = fields.ListOf(ma.fields.Nested(DocumentSchema), required=True)
    next_cursor = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )


class DocumentQuerySchema(ma.Schema):
    """Which documents to list."""

    limit = fields.QueryWhole(
        load_default=50, validate=ma.validate.Range(1, 200, error="Must be from 1 to 200.")
    )
    cursor = fields.Text(metadata={"description": "`next_cursor` of the page before."})
    source_id = fields.Text(validate=fields.IS_UUID, metadata={"format": "uuid"})
    state = fields.Choice(*DocumentState)


class SearchQuerySchema(ma.Schema):
    """A question to a knowledge base."""

    query = fields.Text(
        required=True,
        validate=ma.validate.Length(
            1, LONGEST_QUERY, error=f"Must be 1 to {LONGEST_QUERY} characters."
        ),
        metadata={"description": "As somebody would ask it, or key words."},
    )
    field = fields.Text(
        validate=ma.validate.Regexp(r".+=.+", error="Must be a name and a value, as in order=A1."),
        metadata={"description": "`name=value`: rows with this value of this field come first."},
    )
    limit = fields.QueryWhole(
        load_default=DEFAULT_LIMIT,
        validate=ma.validate.Range(1, MOST_HITS, error=f"Must be from 1 to {MOST_HITS}."),
    )
    max_tokens = fields.QueryWhole(
        load_default=DEFAULT_TOKENS,
        validate=ma.validate.Range(*TOKENS, error=f"Must be from {TOKENS[0]} to {TOKENS[1]}."),
        metadata={"description": "Of all passages together."},
    )

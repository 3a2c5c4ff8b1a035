"""Examples of knowledge in the reference. A test loads and dumps every one with its schema."""

from __future__ import annotations

from typing import Any

_BASE_ID = "0d1c9c1e-3a52-4f3e-9a0e-6f1b6f6f2a10"
_SOURCE_ID = "5e2f7a90-8b1d-4c3a-8e5f-7a9b0c1d2e3f"
_DOCUMENT_ID = "a7c1e2d3-4f5a-4b6c-8d7e-9f0a1b2c3d4e"

BODIES: dict[str, dict[str, Any]] = {
    "text": {
        "value": {
            "type": "text",
            "name": "Opening hours",
            "description": "When and where we can be reached.",
            "text": "# Opening hours\n\nMonday to Friday, nine to six.",
        }
    },
    "web": {
        "value": {
            "type": "web",
            "name": "Help pages",
            "urls": ["https://www.example.com/help/"],
            "site": True,
            "max_pages": 200,
            "recrawl_hours": 24,
        }
    },
    "data": {
        "value": {
            "type": "data",
            "name": "Orders",
            "rows": [{"order": "A-1042", "customer": "Ada Byron", "state": "shipped"}],
        }
    },
}
SOURCE_BODY = {"type": "text", "name": "Parking", "text": "Guests park in Mill Lane."}
CHANGE: dict[str, Any] = {"description": "When and where we can be reached."}
_SIZES = {
    "documents": 1,
    "documents_done": 1,
    "documents_failed": 0,
    "passages": 3,
    "characters": 291,
}
BASE: dict[str, Any] = {
    "id": _BASE_ID,
    "name": "Opening hours",
    "description": "When and where we can be reached.",
    "language": None,
    "status": "ready",
    "sources": 1,
    "sizes": _SIZES,
    "bytes": 291,
    "semantic": True,
    "created_at": "2026-11-23T12:00:00.000000Z",
    "updated_at": "2026-11-23T12:00:02.000000Z",
}
CREATED = BASE | {"status": "processing", "sizes": dict.fromkeys(_SIZES, 0)}
PAGE = {"data": [BASE], "next_cursor": None}
SOURCE: dict[str, Any] = {
    "id": _SOURCE_ID,
    "knowledge_base_id": _BASE_ID,
    "type": "text",
    "name": "Opening hours",
    "state": "ready",
    "settings": {},
    "sizes": _SIZES,
    "bytes": 291,
    "created_at": "2026-11-23T12:00:00.000000Z",
    "updated_at": "2026-11-23T12:00:02.000000Z",
    "finished_at": "2026-11-23T12:00:02.000000Z",
    "due_again_at": None,
}
SOURCES = {"data": [SOURCE]}
DOCUMENT: dict[str, Any] = {
    "id": _DOCUMENT_ID,
    "source_id": _SOURCE_ID,
    "title": "Opening hours",
    "url": None,
    "state": "ready",
    "error": None,
    "error_message": None,
    "in_use": True,
    "passages": 3,
    "characters": 291,
    "read_at": "2026-11-23T12:00:02.000000Z",
}
DOCUMENTS = {"data": [DOCUMENT], "next_cursor": None}
_PASSAGE: dict[str, Any] = {
    "knowledge_base_id": _BASE_ID,
    "source_id": _SOURCE_ID,
    "document_id": _DOCUMENT_ID,
    "passage": 1,
    "title": "Opening hours",
    "url": None,
    "heading": "Parking",
    "page": None,
    "line_from": 7,
    "line_to": 7,
    "row": None,
    "text": "Guests park behind the house, in Mill Lane, for nothing.",
}
FOUND: dict[str, Any] = {"data": [_PASSAGE], "method": "hybrid", "took_ms": 12}
LOOKUP: dict[str, Any] = {
    "trigger": "tool",
    "query": "parking for guests",
    "at_ms": 8210,
    "took_ms": 12,
    "method": "hybrid",
    "passages": [_PASSAGE],
}

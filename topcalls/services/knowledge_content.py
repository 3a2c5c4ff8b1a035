"""What is stored of a source: from what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from topcalls.core.knowledge import SourceKind
from topcalls.core.knowledge_web import DEFAULT_PAGES, normal
from topcalls.store.fields import plain


@dataclass(frozen=True, slots=True)
class Content:
    """What is stored of a source: its kind, its name, its settings and what was sent."""

    kind: SourceKind
    name: str
    settings: dict[str, Any]
    data: bytes | None


def content_of(body: Mapping[str, Any], name: str) -> Content:
    """Of a body without faults. `name` "" takes what the content itself has."""
    kind = SourceKind(body["type"])
    settings: dict[str, Any] = {}
    data: bytes | None = None
    if kind is SourceKind.TEXT:
        data = str(body["text"]).encode("utf-8", "replace")
    elif kind is SourceKind.DATA:
        data = orjson.dumps(plain(body["rows"]))
    elif kind is SourceKind.FILE:
        ((file_name, data),) = body["file"]
        settings = {"file": str(file_name)[-200:]}
        name = name or str(file_name)[-200:]
    else:
        urls = [normal(url) or url for url in body["urls"]]
        is_site = bool(body.get("site"))
        settings = {
            "urls": list(dict.fromkeys(urls)),
            "site": is_site,
            "max_pages": body.get("max_pages") or DEFAULT_PAGES,
            "recrawl_hours": body.get("recrawl_hours"),
        }
        name = name or urls[0]
    return Content(kind, name.strip() or kind.value, settings, data)

"""Knowledge bases in tests: documents, a model of vectors that knows words alone, and a worker."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import Any

import docx
import numpy as np
import pypdf
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from topcalls.core.knowledge_terms import terms_of
from topcalls.errors import ProviderError
from topcalls.services.knowledge_ingestion import Ingestion
from topcalls.services.knowledge_pages import Pages

DIMENSIONS = 64

HANDBOOK = """# Opening hours

We are open from Monday to Friday, nine to six. On Saturday we close at one.

# Parking

Guests park behind the house, in Mill Lane, for nothing. The barrier opens by itself.

# Returns

Shoes can be returned within thirty days, unworn and in their box. We pay the postage.
"""


class WordVectors:
    """Texts with the same words lie near each other. `broken` requests fail before others."""

    name = "words"

    def __init__(self, broken: int = 0) -> None:
        self.broken = broken
        self.texts: list[str] = []

    def embed(self, texts: Any, timeout: float) -> Any:
        if self.broken:
            self.broken -= 1
            raise ProviderError("The embedding server is out of order.", retryable=True)
        self.texts += texts
        return np.array([_vector(text) for text in texts], np.float32)


def _vector(text: str) -> Any:
    found = np.full(DIMENSIONS, 1e-3, np.float32)
    for term in terms_of(text, "en"):
        found[hashlib.blake2b(term.encode()).digest()[0] % DIMENSIONS] += 1
    return found / np.linalg.norm(found)


def ingestion(services: Any, embedder: Any = None, **options: Any) -> Ingestion:
    """A worker's part that reads sources, also from this machine."""
    pages = options.pop("pages", None) or Pages(services.clock, allow_private=True)
    return Ingestion(services.db, services.clock, pages, embedder, **options)


def read_all(services: Any, reading: Ingestion | None = None, rounds: int = 50) -> None:
    """What workers do until nothing is left that is due now, pauses between pages included."""
    reading = reading or ingestion(services)
    for _ in range(rounds):
        due = reading.due(services.clock.now())
        if not due:
            return
        for source_id in due:
            reading.run(source_id)
        services.clock.advance(timedelta(seconds=1).total_seconds())


def pdf(*pages: str, password: str = "") -> bytes:
    """A PDF with these pages, in a font that every reader has."""
    writer = pypdf.PdfWriter()
    for text in pages:
        page = writer.add_blank_page(595, 842)
        lines = "".join(f"({line}) Tj 0 -14 Td " for line in text.splitlines())
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 11 Tf 50 780 Td {lines} ET".encode("latin-1"))
        font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
        named = DictionaryObject({NameObject(k): NameObject(v) for k, v in font.items()})
        fonts = DictionaryObject({NameObject("/F1"): named})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        page[NameObject("/Contents")] = writer._add_object(content)
    if password:
        writer.encrypt(password)
    sink = io.BytesIO()
    writer.write(sink)
    return sink.getvalue()


def word(*blocks: tuple[str, str]) -> bytes:
    """A DOCX of (style, text); style "" is a plain paragraph, "row" a table of one row."""
    document = docx.Document()
    for style, text in blocks:
        if style == "row":
            cells = text.split("|")
            row = document.add_table(rows=1, cols=len(cells)).rows[0]
            for cell, content in zip(row.cells, cells, strict=True):
                cell.text = content
        else:
            document.add_paragraph(text, style=style or None)
    sink = io.BytesIO()
    document.save(sink)
    return sink.getvalue()

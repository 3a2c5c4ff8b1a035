"""DOCX, by python-docx."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from topcalls.core.knowledge import Failure, Section
from topcalls.documents.plain import markdown_sections
from topcalls.documents.reading import DocumentFault, Reading

try:
    import docx
except ImportError:  # the extra is not installed
    docx = None  # type: ignore[assignment]

MOST_UNPACKED = 200_000_000
"""Bytes of all parts of a file together."""


def read_docx(data: bytes) -> Reading:
    """Headings, paragraphs and tables, in their order."""
    if docx is None:
        raise DocumentFault(Failure.READER_MISSING, "python-docx")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_UNPACKED:
                raise DocumentFault(Failure.TOO_LARGE)
        document = docx.Document(io.BytesIO(data))
        text = "\n\n".join(_blocks(document))
        title = document.core_properties.title or ""
    except DocumentFault:
        raise
    except MemoryError:
        raise DocumentFault(Failure.TOO_SLOW) from None
    except Exception as error:  # noqa: BLE001 - a damaged file fails in as many ways as there are
        raise DocumentFault(Failure.BROKEN, type(error).__name__) from None
    sections = tuple(_without_lines(section) for section in markdown_sections(text))
    return Reading(title, sections)


def _without_lines(section: Section) -> Section:
    return Section(section.text, section.heading, line=0)


def _blocks(document: Any) -> Iterator[str]:
    """As Markdown: its headings are what divides the document."""
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            yield "\n".join(_table_lines(block))
        elif block.text.strip():
            yield f"{'#' * _depth(block.style)} {block.text.strip()}".strip()


def _depth(style: Any) -> int:
    """Of a heading; 0 for any other paragraph."""
    name = str(getattr(style, "name", "") or "")
    if name == "Title":
        return 1
    kind, _, level = name.partition(" ")
    return min(6, int(level)) if kind == "Heading" and level.isdigit() else 0


def _table_lines(table: Any) -> Iterator[str]:
    for row in table.rows:
        cells = list(dict.fromkeys(cell.text.strip() for cell in row.cells))
        yield " | ".join(" ".join(cell.split()) for cell in cells if cell)

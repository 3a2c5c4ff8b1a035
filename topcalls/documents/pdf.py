"""PDF, by pypdf."""

from __future__ import annotations

import io
import logging

from topcalls.core.knowledge import Failure, Section
from topcalls.documents.reading import DocumentFault, Reading

try:
    import pypdf
except ImportError:  # the extra is not installed
    pypdf = None  # type: ignore[assignment]

MOST_PAGES = 5_000


def read_pdf(data: bytes) -> Reading:
    """A section for each page that has text."""
    if pypdf is None:
        raise DocumentFault(Failure.READER_MISSING, "pypdf")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        return _read(data)
    except DocumentFault:
        raise
    except (MemoryError, RecursionError):
        raise DocumentFault(Failure.TOO_SLOW) from None
    except Exception as error:  # noqa: BLE001 - a damaged file fails in as many ways as there are
        raise DocumentFault(Failure.BROKEN, type(error).__name__) from None


def _read(data: bytes) -> Reading:
    document = pypdf.PdfReader(io.BytesIO(data))
    if document.is_encrypted and not document.decrypt(""):
        raise DocumentFault(Failure.ENCRYPTED)
    if len(document.pages) > MOST_PAGES:
        raise DocumentFault(Failure.TOO_LARGE, f"It has {len(document.pages)} pages.")
    sections = []
    for number, page in enumerate(document.pages, 1):
        text = page.extract_text()
        if text.strip():
            sections.append(Section(text, page=number))
    title = document.metadata.title if document.metadata is not None else None
    return Reading(title if isinstance(title, str) else "", tuple(sections))

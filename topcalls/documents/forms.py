"""In which form a document is, by its first bytes and by its name."""

from __future__ import annotations

from typing import Final, Literal

from topcalls.core.knowledge import Failure
from topcalls.documents.reading import DocumentFault

Form = Literal["pdf", "docx", "html", "md", "txt", "csv", "json"]

_BY_ENDING: Final[dict[str, Form]] = {
    "pdf": "pdf",
    "docx": "docx",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "md": "md",
    "markdown": "md",
    "txt": "txt",
    "text": "txt",
    "csv": "csv",
    "tsv": "csv",
    "json": "json",
}
FORMS: Final = tuple(dict.fromkeys(_BY_ENDING.values()))
_BY_TYPE: Final[dict[str, Form]] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
    "application/json": "json",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Begins old Office files, and new ones that are encrypted."""


def form_of_file(name: str, data: bytes) -> Form:
    """The form of a file. Raises DocumentFault for one that cannot be read."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if data.startswith(_OLE):
        is_new = ending in ("docx", "xlsx", "pptx")
        raise DocumentFault(Failure.ENCRYPTED if is_new else Failure.UNSUPPORTED)
    if data.lstrip()[:5] == b"%PDF-":
        return "pdf"
    form = _BY_ENDING.get(ending)
    if form is None and ending in ("", "log", "rst") and _is_text(data):
        form = "txt"
    if form is None:
        raise DocumentFault(Failure.UNSUPPORTED)
    if form not in ("pdf", "docx") and not _is_text(data):
        raise DocumentFault(Failure.BROKEN)
    return form


def form_of_answer(content_type: str) -> Form | None:
    """The form of an answer of a web server; None for one that cannot be read."""
    return _BY_TYPE.get(content_type.partition(";")[0].strip().lower())


def _is_text(data: bytes) -> bool:
    return data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" not in data[:8192]

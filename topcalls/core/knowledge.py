"""Knowledge bases: what they are made of, how it stands with them, and what can be wrong.

A base has sources: a text, a file, rows of data, a web page or site. A source gives documents, one
for each page of a site, else one. A document is cut into passages, which are what is
found and told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

MOST_BASES = 500
MOST_SOURCES = 2_000
"""Bases of an account, and sources of a base."""

MOST_TEXT = 1_000_000
MOST_FILE_BYTES = 20_000_000
"""Characters of a source of text, and bytes of a file."""

MOST_PASSAGES = 50_000
MOST_DOCUMENT_PASSAGES = 20_000
"""In a base, and of one document in it."""

MOST_PER_CALL = 10
"""Bases that one call may name."""


class SourceKind(StrEnum):
    """What a source is. `data`: rows with fields, which are looked up by them as well."""

    TEXT = "text"
    FILE = "file"
    DATA = "data"
    WEB = "web"


class SourceState(StrEnum):
    """`waiting` for a worker, `working`, `ready` (all documents were dealt with, one at least is
    usable) or `failed` (none is)."""

    WAITING = "waiting"
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"


OPEN: Final = (SourceState.WAITING, SourceState.WORKING)
"""States in which a worker has something to do."""


class DocumentState(StrEnum):
    """Of the newest reading: an older one is used until a newer is `ready`."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class BaseStatus(StrEnum):
    """Of all sources together. `ready` and `failed`: nothing is under way."""

    EMPTY = "empty"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


def status_of(states: Collection[str]) -> BaseStatus:
    """How it stands with a base whose sources are in these states."""
    if not states:
        return BaseStatus.EMPTY
    if any(state in OPEN for state in states):
        return BaseStatus.PROCESSING
    return BaseStatus.READY if SourceState.READY in states else BaseStatus.FAILED


class Failure(StrEnum):
    """Why nothing came of a document."""

    BROKEN = "broken"
    ENCRYPTED = "encrypted"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    UNSUPPORTED = "unsupported_type"
    NO_ROWS = "no_rows"
    READER_MISSING = "reader_missing"
    BASE_FULL = "base_full"
    ROBOTS = "robots"
    PRIVATE = "private_address"
    OWN_ADDRESS = "own_address"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    REDIRECTS = "redirects"
    EMBEDDING = "embedding"
    INTERNAL = "internal"


FAILURES: Final[Mapping[Failure, str]] = {
    Failure.BROKEN: "The file is damaged, or is not what its name says. Open it, save it again and "
    "replace the source.",
    Failure.ENCRYPTED: "The file is protected by a password. Save it without one and replace the "
    "source.",
    Failure.EMPTY: "No text was found. A scan has to be put through text recognition first; a page "
    "that is drawn by scripts has to be given as text or file.",
    Failure.TOO_LARGE: "It is too large. Divide it, or leave out what nobody will ask for.",
    Failure.TOO_SLOW: "Reading it took too long or too much memory. Divide it, or save it as plain "
    "text.",
    Failure.UNSUPPORTED: "This kind of document cannot be read. Give PDF, DOCX, TXT, MD, HTML, CSV "
    "or JSON.",
    Failure.NO_ROWS: "No rows were found. Give CSV with a line of names above, or a JSON list of "
    "objects.",
    Failure.READER_MISSING: "The workers of this installation cannot read this kind of document. "
    "The operator installs the extra: pip install 'topcalls[knowledge]'. Then refresh the source.",
    Failure.BASE_FULL: f"The base has as many passages as it may have: {MOST_PASSAGES}. Delete "
    "sources, or put this one into another base.",
    Failure.ROBOTS: "The site's robots.txt forbids it. Ask its owner, or give the text as a file.",
    Failure.PRIVATE: "The address, or one that it redirects to, is not on the public Internet.",
    Failure.OWN_ADDRESS: "The address, or one that it redirects to, is TopCalls itself.",
    Failure.NOT_FOUND: "The page does not exist.",
    Failure.REFUSED: "The server refused the page.",
    Failure.UNREACHABLE: "The server could not be reached, or failed.",
    Failure.REDIRECTS: "The address leads from one redirect to the next.",
    Failure.EMBEDDING: "The embedding model failed. See the operator's log; then refresh the "
    "source.",
    Failure.INTERNAL: "It could not be taken in. See the operator's log; then refresh the source.",
}
"""What is told of a failure, with what to do."""

PASSING: Final = frozenset({Failure.UNREACHABLE, Failure.EMBEDDING, Failure.INTERNAL})
"""Failures that may be gone when it is tried again."""

RETRIES: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20))
"""Pauses before a source whose documents failed in passing is tried again."""


@dataclass(frozen=True)
class Place:
    """Where in its document something stands. Pages, lines and rows count from 1; a line is one of
    the page where there are pages."""

    page: int | None = None
    lines: tuple[int, int] | None = None
    row: int | None = None

    def to_mapping(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "page": self.page,
            "line_from": self.lines[0] if self.lines else None,
            "line_to": self.lines[1] if self.lines else None,
            "row": self.row,
        }

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Place:
        """The inverse of `to_mapping`."""
        first, last = data.get("line_from"), data.get("line_to")
        lines = None if first is None or last is None else (int(first), int(last))
        return cls(data.get("page"), lines, data.get("row"))


@dataclass(frozen=True)
class Section:
    """A stretch of a document as it was read. `line` is where it begins, counted from 1; 0 where
    lines mean nothing."""

    text: str
    heading: str = ""
    page: int | None = None
    line: int = 1


@dataclass(frozen=True)
class Row:
    """A row of data: values by the names of their fields, in order. `number` counts from 1."""

    number: int
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Draft:
    """A passage before it is stored."""

    text: str
    heading: str = ""
    place: Place = field(default_factory=Place)
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hit:
    """A passage that was found. `score` orders the hits of one search, and means nothing else."""

    base_id: str
    source_id: str
    document_id: str
    seq: int
    title: str
    url: str | None
    heading: str
    place: Place
    text: str
    score: float = 0.0

    @property
    def key(self) -> tuple[str, int]:
        """Which passage it is, among all."""
        return self.document_id, self.seq

    def cited(self) -> dict[str, Any]:
        """Where it comes from, JSON-ready, without its text."""
        return {
            "knowledge_base_id": self.base_id,
            "source_id": self.source_id,
            "document_id": self.document_id,
            "passage": self.seq,
            "title": self.title,
            "url": self.url,
            "heading": self.heading or None,
            **self.place.to_mapping(),
        }


@dataclass(frozen=True)
class SearchResult:
    """What a search gave, best first. `method`: `hybrid`, or `full_text` where there was no vector
    to compare."""

    hits: tuple[Hit, ...] = ()
    method: str = "full_text"
    took_ms: int = 0


def tokens_of(text: str) -> int:
    """About how many tokens a model counts in `text`; seldom fewer than it does."""
    return -(-len(text.encode()) // 4)

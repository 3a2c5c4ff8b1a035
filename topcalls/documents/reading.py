"""What comes of reading a document, and how it passes between processes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from topcalls.core.knowledge import FAILURES, Failure, Row, Section
from topcalls.errors import TopCallsError

HEAD = struct.Struct(">II")
"""A request begins with the sizes of its form's name and of its data."""


class DocumentFault(TopCallsError):
    """Nothing can be made of a document: `failure` says why, `message` with what to do. `detail`
    is further told to its owner."""

    code = "document_fault"

    def __init__(self, failure: Failure, detail: str = "") -> None:
        super().__init__(FAILURES[failure])
        self.failure = failure
        self.detail = detail


@dataclass(frozen=True)
class Reading:
    """A document as it was read: sections of text, or rows of data. `links` are those of a page of
    the web, as they stand in it."""

    title: str = ""
    sections: tuple[Section, ...] = ()
    rows: tuple[Row, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def characters(self) -> int:
        """How much text there is."""
        of_rows = sum(len(value) for row in self.rows for value in row.fields.values())
        return sum(len(section.text) for section in self.sections) + of_rows

    def to_mapping(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Reading:
        """The inverse of `to_mapping`."""
        return cls(
            data["title"],
            tuple(Section(**section) for section in data["sections"]),
            tuple(Row(**row) for row in data["rows"]),
            tuple(data["links"]),
        )

"""Reading a form with files (RFC 7578), as the double's service takes samples of a voice."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_NAME = re.compile(r'[; ]name="([^"]*)"')
_FILENAME = re.compile(r'filename="([^"]*)"')


class BadForm(Exception):
    """The body is no such form."""


@dataclass(frozen=True)
class Part:
    """One field. `filename` is None where it holds text."""

    name: str
    filename: str | None
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """The fields of a form, in their order. Raises `BadForm`."""
    found = _BOUNDARY.search(content_type)
    if not content_type.startswith("multipart/form-data") or found is None:
        raise BadForm
    mark = b"--" + found[1].encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or pieces[0].strip() or not pieces[-1].startswith(b"--"):
        raise BadForm
    return [_part(piece) for piece in pieces[1:-1]]


def _part(piece: bytes) -> Part:
    head, divided, content = piece.partition(b"\r\n\r\n")
    where = head.decode(errors="replace")
    name, filename = _NAME.search(where), _FILENAME.search(where)
    if not divided or name is None:
        raise BadForm
    return Part(name[1], filename[1] if filename else None, content)

"""A form with files, as `multipart/form-data` (RFC 7578)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import NamedTuple


class FormFile(NamedTuple):
    """A file in a form's field."""

    field: str
    filename: str
    content: bytes
    media_type: str


def encoded(fields: Iterable[tuple[str, str]], files: Iterable[FormFile]) -> tuple[str, bytes]:
    """The content type, and the body."""
    boundary = secrets.token_hex(16)
    parts = [_part(f'name="{_quoted(name)}"', "", value.encode()) for name, value in fields]
    for file in files:
        where = f'name="{_quoted(file.field)}"; filename="{_quoted(file.filename)}"'
        parts.append(_part(where, f"Content-Type: {file.media_type}\r\n", file.content))
    begin = f"--{boundary}\r\n".encode()
    body = b"".join(begin + part for part in parts) + f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def _part(where: str, more: str, content: bytes) -> bytes:
    return f"Content-Disposition: form-data; {where}\r\n{more}\r\n".encode() + content + b"\r\n"


def _quoted(text: str) -> str:
    """As browsers do it: what would end the value or its line is percent-encoded."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")

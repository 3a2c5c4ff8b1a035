"""The server's half of the WebSocket handshake (RFC 6455 §4.2), sans-I/O.

Strict on purpose: what reaches this port is one known client, so anything unusual is answered
with an HTTP error instead of being interpreted. Extensions and subprotocols are never accepted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

MAX_HEAD_BYTES: Final = 8192
END_OF_HEAD: Final = b"\r\n\r\n"

_MAX_HEADERS = 64
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_REQUEST_LINE = re.compile(r"([A-Z]{1,16}) (/[\x21-\x7e]*) HTTP/(\d)\.(\d)")
_HEADER_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_MUST_BE_SINGLE = ("host", "sec-websocket-key", "sec-websocket-version")


@dataclass(frozen=True)
class HandshakeRequest:
    """A request to open a WebSocket. Header names are lower case; repeated ones are joined."""

    target: str
    headers: Mapping[str, str]
    remote_address: tuple[str, int]

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Rejection:
    """An HTTP answer instead of a WebSocket."""

    status: HTTPStatus
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class HandshakeRefused(Exception):
    """The request is not a WebSocket handshake; answer it with `rejection`."""

    def __init__(self, status: HTTPStatus, body: str, headers: Mapping[str, str] | None = None):
        super().__init__(body)
        self.rejection = Rejection(status, body, headers or {})


def parse_request(head: bytes, remote_address: tuple[str, int]) -> HandshakeRequest:
    """Read a request's head, without its closing empty line. Raises `HandshakeRefused`."""
    lines = head.decode("latin-1").split("\r\n")
    match = _REQUEST_LINE.fullmatch(lines[0])
    if match is None:
        raise HandshakeRefused(HTTPStatus.BAD_REQUEST, "malformed request line")
    method, target, major, minor = match.groups()
    headers = _parse_headers(lines[1:])
    if method != "GET":
        raise HandshakeRefused(HTTPStatus.METHOD_NOT_ALLOWED, "GET only", {"Allow": "GET"})
    if (major, minor) != ("1", "1") or "host" not in headers:
        raise HandshakeRefused(HTTPStatus.BAD_REQUEST, "HTTP/1.1 with a Host header only")
    _check_upgrade(headers)
    return HandshakeRequest(target, headers, remote_address)


def _parse_headers(lines: list[str]) -> dict[str, str]:
    if len(lines) > _MAX_HEADERS:
        raise HandshakeRefused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too many headers")
    headers: dict[str, str] = {}
    for line in lines:
        match = _HEADER_LINE.fullmatch(line)
        if match is None:
            raise HandshakeRefused(HTTPStatus.BAD_REQUEST, "malformed header")
        name, value = match[1].lower(), match[2].rstrip(" \t")
        if name not in headers:
            headers[name] = value
        elif name in _MUST_BE_SINGLE:
            raise HandshakeRefused(HTTPStatus.BAD_REQUEST, f"repeated {name} header")
        else:
            headers[name] += f", {value}"
    return headers


def _check_upgrade(headers: Mapping[str, str]) -> None:
    if not _has_token(headers, "upgrade", "websocket"):
        raise HandshakeRefused(
            HTTPStatus.UPGRADE_REQUIRED, "WebSocket only", {"Upgrade": "websocket"}
        )
    if not _has_token(headers, "connection", "upgrade"):
        raise HandshakeRefused(HTTPStatus.BAD_REQUEST, "no Connection: Upgrade")
    if headers.get("sec-websocket-version") != "13":
        raise HandshakeRefused(
            HTTPStatus.UPGRADE_REQUIRED, "version 13 only", {"Sec-WebSocket-Version": "13"}
        )
    if not _is_key(headers.get("sec-websocket-key", "")):
        raise HandshakeRefused(HTTPStatus.BAD_REQUEST, "bad Sec-WebSocket-Key")


def _has_token(headers: Mapping[str, str], name: str, token: str) -> bool:
    return token in (part.strip().lower() for part in headers.get(name, "").split(","))


def _is_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def accept_response(request: HandshakeRequest) -> bytes:
    """The 101 answer that turns the connection into a WebSocket."""
    key = request.headers["sec-websocket-key"].encode()
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + END_OF_HEAD
    )


def rejection_response(rejection: Rejection) -> bytes:
    """A complete HTTP answer, after which the connection is closed."""
    body = rejection.body.encode()
    head = [
        f"HTTP/1.1 {rejection.status.value} {rejection.status.phrase}",
        *(f"{name}: {value}" for name, value in rejection.headers.items()),
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join(head).encode() + END_OF_HEAD + body

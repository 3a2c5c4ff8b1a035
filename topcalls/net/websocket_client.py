"""Opens WebSockets: handshake by websocket-client (TLS, proxies), frames by our own codec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import gevent
import websocket

from topcalls import call_trace
from topcalls.errors import TopCallsError
from topcalls.net.tls import default_context
from topcalls.net.websocket import DEFAULT_MAX_QUEUED_BYTES, WebSocketConnection
from topcalls.net.websocket_frames import DEFAULT_MAX_MESSAGE_BYTES, Role

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_MAX_ERROR_BODY_BYTES = 65536


class WebSocketHandshakeError(TopCallsError):
    """No WebSocket came about.

    `status` and `body` are the server's HTTP answer; `status` is None when there was none
    (refused, unreachable, TLS, out of time). `retryable` for 408, 429, 5xx and for no answer.
    """

    code = "websocket_handshake_failed"

    def __init__(self, message: str, *, status: int | None = None, body: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retryable = status is None or status in (408, 429) or status >= 500


def connect(
    url: str,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
    *,
    ssl_context: Any = None,
    max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
    max_queued_bytes: int = DEFAULT_MAX_QUEUED_BYTES,
    close_timeout: float = 5.0,
) -> WebSocketConnection:
    """Open `url` (ws or wss), all within `timeout` seconds. Blocks the calling greenlet only.

    Set the callbacks on the returned connection before giving up control: reading begins with
    the next turn of the event loop. Redirects are not followed, since they would carry the
    headers, and the key in them, to another host. Proxies come from the usual environment
    variables. Raises `WebSocketHandshakeError`, or ValueError for a bad URL or header.
    """
    client: Any = websocket.WebSocket(
        sslopt={"context": ssl_context or default_context()}, skip_utf8_validation=True
    )
    limit = gevent.Timeout(timeout)
    limit.start()
    try:
        client.connect(
            url,
            header=_header_lines(headers or {}),
            timeout=timeout,
            suppress_origin=True,
            redirect_limit=0,
        )
    except gevent.Timeout as expired:
        if expired is not limit:
            raise
        raise WebSocketHandshakeError(f"no WebSocket within {timeout:g} s") from None
    except websocket.WebSocketBadStatusException as error:
        raise _refused(error) from None
    except (websocket.WebSocketException, OSError) as error:
        raise WebSocketHandshakeError(f"no WebSocket: {error}") from error
    finally:
        limit.close()
    sock, client.sock = client.sock, None
    return _start(
        sock,
        max_message_bytes=max_message_bytes,
        max_queued_bytes=max_queued_bytes,
        close_timeout=close_timeout,
    )


def _start(sock: Any, **options: Any) -> WebSocketConnection:
    try:
        connection = WebSocketConnection(sock, Role.CLIENT, **options)
    except OSError as error:
        sock.close()
        raise WebSocketHandshakeError("connection lost after the handshake") from error
    connection.trace = call_trace.current.get()
    connection.start()
    return connection


def _refused(error: websocket.WebSocketBadStatusException) -> WebSocketHandshakeError:
    return WebSocketHandshakeError(
        f"WebSocket refused with HTTP status {error.status_code}",
        status=error.status_code,
        body=(error.resp_body or b"")[:_MAX_ERROR_BODY_BYTES],
    )


def _header_lines(headers: Mapping[str, str]) -> list[str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"header {name!r} cannot be sent")
    return [f"{name}: {value}" for name, value in headers.items()]

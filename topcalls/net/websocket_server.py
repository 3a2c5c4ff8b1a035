"""Accepts WebSockets: one short-lived greenlet per handshake, then the connection's watchers."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import gevent
from gevent import socket
from gevent.server import StreamServer

from topcalls.log import get_logger
from topcalls.net.websocket import DEFAULT_MAX_QUEUED_BYTES, WebSocketConnection
from topcalls.net.websocket_frames import DEFAULT_MAX_MESSAGE_BYTES, CloseCode, Role
from topcalls.net.websocket_handshake import (
    END_OF_HEAD,
    MAX_HEAD_BYTES,
    HandshakeRefused,
    HandshakeRequest,
    Rejection,
    accept_response,
    parse_request,
    rejection_response,
)

# Called with the new connection before it reads anything: set the callbacks there.
WebSocketHandler = Callable[[WebSocketConnection], None]

_BACKLOG = 1024

log = get_logger(__name__)


class WebSocketServer:
    """Listens on `address`; port 0 picks a free one.

    `accept` is called for every valid handshake, in the handshake's own greenlet, and answers
    with a handler for the new connection or with a `Rejection`. The handshake, TLS included, has
    `handshake_timeout` seconds in all.
    """

    def __init__(
        self,
        address: tuple[str, int],
        accept: Callable[[HandshakeRequest], WebSocketHandler | Rejection],
        *,
        ssl_context: ssl.SSLContext | None = None,
        handshake_timeout: float = 5.0,
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
        max_queued_bytes: int = DEFAULT_MAX_QUEUED_BYTES,
        close_timeout: float = 5.0,
    ) -> None:
        self._address = address
        self._accept = accept
        self._ssl_context = ssl_context
        self._handshake_timeout = handshake_timeout
        self._connection_options: dict[str, Any] = {
            "max_message_bytes": max_message_bytes,
            "max_queued_bytes": max_queued_bytes,
            "close_timeout": close_timeout,
        }
        self._connections: set[WebSocketConnection] = set()
        self._server: _Acceptor | None = None

    @property
    def port(self) -> int:
        """The port listened on, once started."""
        if self._server is None:
            raise RuntimeError("the server is not started")
        return int(self._server.server_port)

    @property
    def connections(self) -> frozenset[WebSocketConnection]:
        """The connections that are not over yet."""
        return frozenset(self._connections)

    def start(self) -> None:
        """Bind and accept. Raises OSError when the address cannot be had."""
        self._server = _Acceptor(listening_socket(self._address), self._handle)
        self._server.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Accept no more, close every connection with 1001, reset those left after `timeout`."""
        if self._server is None:
            return
        self._server.stop()
        self._server = None
        for connection in self.connections:
            connection.close(CloseCode.GOING_AWAY, "server stops")
        with gevent.Timeout(timeout, False):
            _wait_for(self.connections)
        for connection in self.connections:
            connection.abort()
        _wait_for(self.connections)

    def _handle(self, sock: Any, address: Any) -> None:
        """Serve one accepted socket; closes it unless it became a connection."""
        agreed = None
        try:
            with gevent.Timeout(self._handshake_timeout, False):
                if self._ssl_context is not None:
                    sock = self._ssl_context.wrap_socket(
                        sock, server_side=True, do_handshake_on_connect=False
                    )
                    sock.do_handshake()
                agreed = self._shake_hands(sock, address)
            if agreed is not None:
                self._adopt(sock, *agreed)
        except OSError as error:  # TLS failures included
            agreed = None
            log.info("WebSocket handshake failed", error=type(error).__name__)
        finally:
            if agreed is None:
                sock.close()

    def _shake_hands(self, sock: Any, address: Any) -> tuple[WebSocketHandler, bytes] | None:
        """The handler and the bytes behind the handshake; None when it was refused."""
        try:
            head, received = _read_head(sock)
            request = parse_request(head, address[:2])
            answer = self._answer(request)
        except HandshakeRefused as refused:
            answer = refused.rejection
        if isinstance(answer, Rejection):
            log.info("WebSocket handshake refused", status=answer.status.value)
            sock.sendall(rejection_response(answer))
            return None
        sock.sendall(accept_response(request))
        return answer, received

    def _answer(self, request: HandshakeRequest) -> WebSocketHandler | Rejection:
        if self._server is None:
            return Rejection(HTTPStatus.SERVICE_UNAVAILABLE, "stopping")
        try:
            return self._accept(request)
        except Exception:
            log.exception("WebSocket accept callback failed")
            return Rejection(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _adopt(self, sock: Any, handler: WebSocketHandler, received: bytes) -> None:
        connection = WebSocketConnection(
            sock, Role.SERVER, received=received, **self._connection_options
        )
        self._connections.add(connection)
        connection.finished.rawlink(lambda _: self._connections.discard(connection))
        try:
            handler(connection)
        except Exception:
            log.exception("WebSocket handler failed")
            connection.close(CloseCode.INTERNAL_ERROR)
        connection.start()
        if self._server is None:  # stopped while this handshake was being answered
            connection.close(CloseCode.GOING_AWAY, "server stops")


def _wait_for(connections: Iterable[WebSocketConnection]) -> None:
    for connection in connections:
        connection.finished.wait()


class _Acceptor(StreamServer):
    """A stream server that leaves closing the sockets to its handler."""

    def do_close(self, sock: Any, *_: Any) -> None:
        pass


def listening_socket(address: tuple[str, int]) -> Any:
    """One whose accepted sockets send at once what they are given. Raises OSError."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _read_head(sock: Any) -> tuple[bytes, bytes]:
    """The request's head and the bytes behind it."""
    data = b""
    while END_OF_HEAD not in data and len(data) <= MAX_HEAD_BYTES:
        chunk = sock.recv(4096)
        if not chunk:
            raise ConnectionError("peer closed during the handshake")
        data += chunk
    head, _, received = data.partition(END_OF_HEAD)
    if len(head) > MAX_HEAD_BYTES:
        raise HandshakeRefused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "request head too large")
    return head, received

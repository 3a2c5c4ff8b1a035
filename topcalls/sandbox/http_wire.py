"""A small HTTP/1.1 and WebSocket server for the doubles: h11 and wsproto on gevent sockets.

It answers badly on request, which is what a double is for: streams in odd pieces, resets
connections, refuses upgrades.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import h11
from gevent import socket
from gevent.pool import Pool
from gevent.server import StreamServer

from topcalls.log import get_logger
from topcalls.sandbox.websocket_wire import WebSocket

_MAXIMUM_BODY = 64 * 1024 * 1024
_MAXIMUM_HEADER = 64 * 1024
_IDLE_SECONDS = 120.0

Headers = Iterable[tuple[str, str]]
log = get_logger("sandbox.http")


class Disconnected(Exception):
    """The peer has gone, or was sent away; there is nobody to answer."""


@dataclass(frozen=True)
class Request:
    """A complete request. Header names are lower case; of a repeated one the last counts, and in
    `query` of a repeated parameter; `parameters` has them all."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    parameters: tuple[tuple[str, str], ...] = ()

    def values(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [value for key, value in self.parameters if key == name]

    def json(self) -> Any:
        """The body as JSON; `ValueError` if it is none."""
        return json.loads(self.body)


class Exchange:
    """One request and the answer to it, which the handler gives by exactly one of its methods."""

    def __init__(self, sock: Any, connection: h11.Connection, request: Request) -> None:
        self._sock = sock
        self._connection = connection
        self.request = request
        self.is_taken_over = False

    def respond(self, status: int, body: bytes = b"", headers: Headers = ()) -> None:
        """A whole answer."""
        self.start(status, [*headers, ("Content-Length", str(len(body)))])
        if self.request.method != "HEAD":
            self.send(body)
        self.end()

    def respond_json(self, status: int, content: Any, headers: Headers = ()) -> None:
        """A whole answer in JSON."""
        body = json.dumps(content).encode()
        self.respond(status, body, [("Content-Type", "application/json"), *headers])

    def start(self, status: int, headers: Headers = ()) -> None:
        """Begin an answer; without a Content-Length it goes out in chunks."""
        given = [*headers, ("Date", formatdate(usegmt=True))]
        encoded = [(name.encode(), value.encode()) for name, value in given]
        self._write(h11.Response(status_code=status, headers=encoded))

    def send(self, data: bytes) -> None:
        """A piece of the answer's body. Raises `Disconnected` when nobody listens any more."""
        if data:
            self._write(h11.Data(data=data))

    def end(self) -> None:
        """The answer is complete."""
        self._write(h11.EndOfMessage())

    def drop(self) -> None:
        """Reset the connection."""
        self.is_taken_over = True
        reset(self._sock)

    def upgrade(self) -> WebSocket:
        """Accept a WebSocket handshake. Raises `ValueError` if the request is none."""
        headers = [(name.encode(), value.encode()) for name, value in self.request.headers.items()]
        websocket = WebSocket(self._sock, self.request.path, headers)
        self.is_taken_over = True
        websocket.accept(self._connection.trailing_data[0])
        return websocket

    def _write(self, event: Any) -> None:
        data = self._connection.send(event)
        try:
            if data:
                self._sock.sendall(data)
        except OSError:
            raise Disconnected from None


class HttpServer:
    """Serves `handle` on a gevent loop; every connection in its own greenlet."""

    def __init__(self, address: tuple[str, int], handle: Callable[[Exchange], None]) -> None:
        """Port 0 takes a free one."""
        self._handle = handle
        self._pool = Pool()
        self._server = StreamServer(address, self._serve, spawn=self._pool)

    @property
    def port(self) -> int:
        """The port it listens on, once started."""
        return int(self._server.server_port)

    @property
    def host(self) -> str:
        """The address it listens on."""
        return str(self._server.server_host)

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """Close the listener and every connection."""
        self._server.stop(timeout=0)
        self._pool.kill()

    def _serve(self, sock: Any, _: Any) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(_IDLE_SECONDS)
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAXIMUM_HEADER)
        try:
            while (exchange := self._next(sock, connection)) is not None:
                self._handle(exchange)
                if exchange.is_taken_over or connection.our_state is not h11.DONE:
                    break
                connection.start_next_cycle()
        except (Disconnected, OSError, h11.RemoteProtocolError):
            log.debug("A client of a double went away in the middle.")
        finally:
            sock.close()

    def _next(self, sock: Any, connection: h11.Connection) -> Exchange | None:
        request, body = None, bytearray()
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                if connection.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    sock.sendall(connection.send(go_on))
                connection.receive_data(sock.recv(65536))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _MAXIMUM_BODY:
                    raise Disconnected
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                return Exchange(sock, connection, _request(request, bytes(body)))
            else:
                return None


def reset(sock: Any) -> None:
    """End a TCP connection by RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def _request(event: h11.Request, body: bytes) -> Request:
    target = urlsplit(event.target.decode("latin-1"))
    parameters = tuple(parse_qsl(target.query, keep_blank_values=True))
    return Request(
        method=event.method.decode(),
        path=unquote(target.path),
        query=dict(parameters),
        headers={name.decode().lower(): value.decode("latin-1") for name, value in event.headers},
        body=body,
        parameters=parameters,
    )

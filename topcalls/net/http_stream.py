"""HTTP to a server that the operator chose, answers read as they come.

Connections are kept and used again: a TLS handshake per sentence would be heard. Every wait has a
limit: `connect_timeout` for the connection, `timeout` for each next piece of the answer. A greenlet
that is killed while it reads closes its connection, and with it whatever the server still does for
it. Only gevent's own sockets are used, so the event loop never waits.
"""

from __future__ import annotations

import http.client
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import socket

from topcalls.errors import ConfigError
from topcalls.net.http import HttpError
from topcalls.net.tls import default_context

_MOST_KEPT = 8
_MAX_ERROR_BYTES = 65536
_MAX_LINE_BYTES = 1 << 20


@dataclass
class StreamedAnswer:
    """Status and headers (lower case) are there; the body comes piece by piece.

    Reading raises `HttpError`: "timeout" when nothing comes for too long, "protocol" when the
    answer breaks off.
    """

    status: int
    headers: Mapping[str, str]
    _response: http.client.HTTPResponse
    _timeout: float

    def pieces(self, size: int = 16384) -> Iterator[bytes]:
        """The body as it comes."""
        while data := self._guarded(lambda: self._response.read1(size)):
            yield data
        if self._response.length:
            raise HttpError("protocol", "the answer broke off")

    def lines(self) -> Iterator[bytes]:
        """The body line by line, without the ends of lines."""
        rest = b""
        for piece in self.pieces():
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > _MAX_LINE_BYTES:
                raise HttpError("too_large", "a line without end")
            for line in whole:
                yield line.rstrip(b"\r")
        if rest:
            yield rest.rstrip(b"\r")

    def error_body(self) -> bytes:
        """The body of an answer that is an error, as far as it is needed."""
        body = b""
        for piece in self.pieces():
            body += piece
            if len(body) > _MAX_ERROR_BYTES:
                break
        return body

    def _guarded(self, read: Any) -> bytes:
        try:
            with gevent.Timeout(self._timeout, TimeoutError):
                return bytes(read())
        except TimeoutError:
            raise HttpError("timeout", f"nothing for {self._timeout:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise HttpError("protocol", "the answer broke off") from error


@dataclass
class StreamingClient:
    """One server, by the base URL that its paths are added to."""

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    connect_timeout: float = 5.0
    _idle: list[_Connection] = field(default_factory=list)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"{self.base_url!r} is no web address.")
        self._tls = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        weakref.finalize(self, _close_all, self._idle)  # they go when nobody can ask any more

    @contextmanager
    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float = 10.0,
    ) -> Iterator[StreamedAnswer]:
        """Send a request; within the block its answer can be read. Raises `HttpError`.

        The connection is kept if the answer was read to its end.
        """
        wanted = {**self.headers, **(headers or {})}
        connection, response = self._ask(method, self._prefix + path, body, wanted, timeout)
        try:
            names = {name.lower(): value for name, value in response.getheaders()}
            yield StreamedAnswer(response.status, names, response, timeout)
            if response.isclosed() and not response.will_close and len(self._idle) < _MOST_KEPT:
                self._idle.append(connection)
                return
        except BaseException:
            connection.close()
            raise
        connection.close()

    def close(self) -> None:
        """Let go of the connections that are kept."""
        _close_all(self._idle)

    def _ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> tuple[_Connection, http.client.HTTPResponse]:
        while self._idle:
            connection = self._idle.pop()
            try:
                return connection, connection.ask(method, path, body, headers, timeout)
            except HttpError as error:
                if error.kind != "protocol":
                    raise  # a connection that the server had closed meanwhile tells nothing
        connection = _Connection(self._host, self._port, self._tls, self.connect_timeout)
        return connection, connection.ask(method, path, body, headers, timeout)


def _close_all(connections: list[_Connection]) -> None:
    while connections:
        connections.pop().close()


class _Connection(http.client.HTTPConnection):
    def __init__(self, host: str, port: int, tls: bool, connect_timeout: float) -> None:
        super().__init__(host, port)
        self.default_port = 443 if tls else 80  # so that it is left out of Host
        self._tls = tls
        self._limit = connect_timeout

    def ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> http.client.HTTPResponse:
        """Send, and wait for the head of the answer."""
        try:
            if self.sock is None:
                self.connect()
            with gevent.Timeout(timeout, TimeoutError):
                self.request(method, path, body or None, dict(headers))
                return self.getresponse()
        except TimeoutError:
            self.close()
            raise HttpError("timeout", f"no answer within {timeout:g} s") from None
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise HttpError("protocol", "the connection was lost") from error
        except BaseException:
            self.close()
            raise

    def connect(self) -> None:
        try:
            with gevent.Timeout(self._limit, TimeoutError):
                sock: Any = socket.create_connection((self.host, self.port))
                try:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    if self._tls:
                        sock = default_context().wrap_socket(sock, server_hostname=self.host)
                except BaseException:
                    sock.close()
                    raise
        except OSError as error:  # a time-out included
            raise HttpError("connect", "the server cannot be reached") from error
        self.sock = sock

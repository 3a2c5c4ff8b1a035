"""The HTTP server of the API process: gevent's, with small writes sent at once.

TLS ends at a reverse proxy in front of it.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable
from typing import Any

from gevent import socket
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from topcalls.errors import ConfigError
from topcalls.log import get_logger

MAX_CONNECTIONS = 1000
IDLE_SECONDS = 65.0
MAX_UNREAD_BYTES = 10_000_000
_BACKLOG = 1024
_CHUNK = 16_384
log = get_logger("api.server")


class _Handler(WSGIHandler):
    """One connection: drops idle and stalled peers, and ends after its answer when we stop."""

    answering = False
    close_connection: bool
    wsgi_input: Any

    def handle(self) -> None:
        self.socket.settimeout(IDLE_SECONDS)
        self.server.handlers.add(self)
        try:
            super().handle()
        finally:
            self.server.handlers.discard(self)

    def handle_one_response(self) -> None:
        self.answering = True
        try:
            super().handle_one_response()
        finally:
            self.answering = False
            self.close_connection = self.close_connection or self.server.stopping

    def run_application(self) -> None:
        try:
            super().run_application()
        finally:
            self._read_refused_body()

    def _read_refused_body(self) -> None:
        """Read what the application left of a body, so that the client gets to its answer.

        Beyond a limit hang up instead: gevent alone would read an endless body for ever.
        """
        left = MAX_UNREAD_BYTES
        with contextlib.suppress(OSError):  # the client went away, or sent nonsense
            while left > 0:
                data = self.wsgi_input.read(_CHUNK)
                if not data:
                    return
                left -= len(data)
        self.close_connection = True
        self.wsgi_input._chunked_input_error = True  # as after nonsense: nothing more is read


class ApiServer(WSGIServer):
    """Serves one WSGI application until it is stopped."""

    def __init__(
        self,
        listener: Any,
        application: Callable[..., Any],
        on_stop: Callable[[], None] | None = None,
    ) -> None:
        """`on_stop` ends the answers that would go on."""
        self._on_stop = on_stop
        self.handlers: set[_Handler] = set()
        self.stopping = False
        super().__init__(
            listener,
            application,
            spawn=Pool(MAX_CONNECTIONS),
            handler_class=_Handler,
            log=None,
            error_log=None,
        )

    @property
    def port(self) -> int:
        """The port it listens on, also when it was asked for port 0."""
        return int(self.address[1])

    def stop(self, timeout: float | None = None) -> None:
        """Take no new requests, let those under way finish within `timeout` seconds."""
        self.stopping = True
        self.close()
        if self._on_stop is not None:
            self._on_stop()
        for handler in list(self.handlers):
            if not handler.answering:
                _hang_up(handler.socket)
        super().stop(timeout)


def _hang_up(connection: Any) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("An idle connection was gone before it was closed.")


def build(
    application: Callable[..., Any],
    host: str,
    port: int,
    on_stop: Callable[[], None] | None = None,
) -> ApiServer:
    """A server bound to `host` and `port`, not yet started. `on_stop`: see `ApiServer`.

    Raises:
        ConfigError: the address cannot be bound; names the setting and the remedy.
    """
    return ApiServer(_listen(host, port), application, on_stop)


def _listen(host: str, port: int) -> Any:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (socket.gaierror, OSError) as error:
        raise _bind_error(error, host, port) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit this. Without it an answer waits 40 ms for the peer's
        # delayed acknowledgement, because header and body leave in two writes.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _bind_error(error, host, port) from None
    return listener


def _bind_error(error: OSError, host: str, port: int) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"Port {port} on {host} is in use by another process.",
            field="api_port",
            remedy="Set TOPCALLS_API_PORT to a free port, or end the other process.",
        )
    if error.errno == errno.EACCES:
        return ConfigError(
            f"Port {port} needs rights that this process does not have.",
            field="api_port",
            remedy="Set TOPCALLS_API_PORT to 1024 or above, and put a proxy in front.",
        )
    return ConfigError(
        f"The API cannot listen on {host}: {error.strerror or error}.",
        field="api_host",
        remedy="Set TOPCALLS_API_HOST to an address of this machine, or 0.0.0.0 for all.",
    )

"""Live calls as sound over HTTP: a WAV that goes on until the call ends, or the listener does.

The address is the permission: it was signed for one call and a short time. Each listener has a
greenlet and a bounded queue of its own, so a slow one holds up itself alone.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from topcalls.core.listening import parse_path
from topcalls.errors import ConfigError
from topcalls.log import get_logger
from topcalls.media.call_sound import FORMAT, Listener
from topcalls.net.websocket_server import listening_socket

MOST_LISTENERS: Final = 100
SEND_SECONDS: Final = 10.0
"""A listener who takes nothing for so long is gone."""

SILENCE_SECONDS: Final = 1.0
"""A line that brings nothing for so long sounds silent, by which a dead listener is noticed."""

_ENDLESS: Final = 0xFFFFFFFF

log = get_logger(__name__)


class NotHere(Exception):
    """Nobody can listen: why, in words for whoever wants to."""

    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


def wav_header() -> bytes:
    """Of a WAV of which nobody knows how long it will be."""
    rate, frame = FORMAT.rate, FORMAT.frame_bytes
    head = struct.pack("<4sI4s4sI", b"RIFF", _ENDLESS, b"WAVE", b"fmt ", 16)
    kind = struct.pack("<HHIIHH", 1, FORMAT.channels, rate, rate * frame, frame, 16)
    return head + kind + struct.pack("<4sI", b"data", _ENDLESS)


class _Handler(WSGIHandler):
    def handle(self) -> None:
        self.socket.settimeout(SEND_SECONDS)
        super().handle()


class ListeningServer:
    """Listens on `host:port`, 0 for a free port. `url`: how listeners reach it; "": by that
    address. `admit(call_id, token)` lets one listen, or raises `NotHere`."""

    def __init__(
        self, host: str, port: int, url: str, admit: Callable[[str, str], Listener]
    ) -> None:
        self._address = (host, port)
        self._url = url.rstrip("/")
        self._admit = admit
        self._pool = Pool(MOST_LISTENERS)
        self._server: WSGIServer | None = None

    @property
    def url(self) -> str:
        """Under which the addresses begin, once it is started."""
        if self._url or self._server is None:
            return self._url
        return f"http://{self._address[0]}:{self._server.server_port}"

    def start(self) -> None:
        """Raises `ConfigError` when the address cannot be had."""
        try:
            listener = listening_socket(self._address)
        except OSError as error:
            raise ConfigError(
                f"The server for listeners cannot listen: {error.strerror or error}.",
                field="listen_port",
                remedy="Set listen_host to an address of this machine and listen_port to a free "
                "port, or to 0.",
            ) from None
        self._server = WSGIServer(
            listener,
            self._answer,
            spawn=self._pool,
            handler_class=_Handler,
            log=None,
            error_log=None,
        )
        self._server.start()

    def stop(self) -> None:
        """Whoever listens hears no more."""
        if self._server is not None:
            self._server.stop(timeout=0)

    def _answer(
        self, environ: Mapping[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        address = parse_path(environ.get("PATH_INFO", ""))
        try:
            if environ["REQUEST_METHOD"] != "GET":
                raise NotHere(HTTPStatus.METHOD_NOT_ALLOWED, "GET only.")
            if address is None:
                raise NotHere(HTTPStatus.NOT_FOUND, "There is nothing here.")
            listener = self._admit(*address)
        except NotHere as refusal:
            body = f"{refusal.words}\n".encode()
            start_response(_line(refusal.status), _headers("text/plain; charset=utf-8"))
            return [body]
        start_response(_line(HTTPStatus.OK), _headers("audio/wav"))
        return _sound(listener)


def _sound(listener: Listener) -> Iterator[bytes]:
    silence = bytes(FORMAT.size_of(20))
    try:
        yield wav_header()
        while (sound := listener.take(SILENCE_SECONDS)) is not None:
            yield sound or silence
    finally:
        if listener.dropped:
            log.info("A listener was too slow", dropped_ms=FORMAT.milliseconds(listener.dropped))
        listener.end()


def _line(status: HTTPStatus) -> str:
    return f"{status.value} {status.phrase}"


def _headers(content_type: str) -> list[tuple[str, str]]:
    return [
        ("Content-Type", content_type),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Accel-Buffering", "no"),
    ]

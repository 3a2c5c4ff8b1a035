"""What Deepgram's two recognisers have in common: the socket, the key, and staying connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import gevent
import orjson

from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.net.websocket import WebSocketConnection
from topcalls.net.websocket_client import WebSocketHandshakeError, connect
from topcalls.providers import vendor_errors
from topcalls.providers.base import AudioFormat
from topcalls.providers.stages import HearingEvent, HearingFailed

VENDOR = "Deepgram"
BASE_URL = "https://api.deepgram.com"
MOST_KEYTERMS = 100
MOST_KEYTERM_CHARACTERS = 1200  # of 500 tokens
KEEP_ALIVE_SECONDS = 4.0  # the service hangs up after ten without audio
ENCODINGS: dict[AudioFormat, str] = {"audio/pcmu": "mulaw", "audio/pcma": "alaw"}
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}

log = get_logger(__name__)


def boosted(keywords: Sequence[str]) -> list[str]:
    """As many keywords as a stream may be given: the service ends one that is given more than 500
    tokens of them."""
    kept, left = [], MOST_KEYTERM_CHARACTERS
    for word in keywords[:MOST_KEYTERMS]:
        left -= len(word) + 1
        if left < 0:
            break
        kept.append(word)
    return kept


def open_socket(
    base_url: str, path: str, query: list[tuple[str, str]], api_key: str, timeout: float
) -> WebSocketConnection:
    """A connection to `path` under the base URL. Raises `ProviderError`."""
    parts = urlsplit(base_url)
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.netloc:
        raise ProviderError("Deepgram's base URL is not a web address.")
    address = (scheme, parts.netloc, parts.path.rstrip("/") + path, urlencode(query), "")
    try:
        return connect(urlunsplit(address), {"Authorization": f"Token {api_key}"}, timeout)
    except WebSocketHandshakeError as error:
        raise vendor_errors.from_handshake(VENDOR, error) from None


class ListenSession:
    """One socket. A recogniser adds its messages' handlers and how it stays connected."""

    def __init__(
        self, connection: WebSocketConnection, on_event: Callable[[HearingEvent], None]
    ) -> None:
        self._connection = connection
        self._on_event = on_event
        self._closed = False
        self._fed = False
        self._handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {}
        connection.on_text = self._on_text
        connection.on_close = self._on_close
        self._keeper = gevent.spawn(self._keep_alive)

    def append_audio(self, audio: bytes) -> None:
        self._fed = True
        self._connection.send_binary(audio)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._keeper.kill(block=False)
        self._connection.send_text('{"type":"CloseStream"}')
        self._connection.close()

    def stay(self) -> None:
        """Nothing was sent for a while: have the service wait for more."""
        self._connection.send_text('{"type":"KeepAlive"}')

    def fail(self, error: ProviderError) -> None:
        """The session is of no use any more."""
        if not self._closed:
            self._closed = True
            self._keeper.kill(block=False)
            self._connection.close()
            self._on_event(HearingFailed(error))

    def _on_text(self, text: str) -> None:
        if self._closed:
            return
        try:
            message = orjson.loads(text)
            handler = self._handlers.get(message["type"])
            if handler is not None:
                handler(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on without it
            log.warning("Unintelligible message from Deepgram", error=type(error).__name__)

    def _on_close(self, code: int, _: str) -> None:
        self.fail(vendor_errors.closed(VENDOR, code))

    def _keep_alive(self) -> None:
        while True:
            gevent.sleep(KEEP_ALIVE_SECONDS)
            if not self._fed:
                self.stay()
            self._fed = False

"""Where mod_audio_stream connects: one WebSocket per call, admitted by a one-time address.

The switch does not authenticate itself, and its metadata may come late or never, so the address
it is told to connect to is the identity: it holds a secret made for one call, good for one
connection and a short time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from http import HTTPStatus

from gevent.event import AsyncResult

from topcalls.clock import Clock, SystemClock
from topcalls.errors import ConfigError, TopCallsError
from topcalls.ids import new_secret
from topcalls.log import get_logger
from topcalls.media.audio_stream import MediaStream
from topcalls.net.websocket import WebSocketConnection
from topcalls.net.websocket_handshake import HandshakeRequest, Rejection
from topcalls.net.websocket_server import WebSocketHandler, WebSocketServer

_PATH = "/media"
_MAX_MESSAGE_BYTES = 1 << 16  # mod_audio_stream sends at most a second of 16 kHz stereo
_ALLOWED_HOST = re.compile(r"[A-Za-z0-9.-]+")
_UNREACHABLE_HOSTS = ("", "0.0.0.0", "::")

log = get_logger(__name__)


class StreamTimeout(TopCallsError):
    """The switch did not connect the call's audio in time."""

    code = "stream_timeout"
    retryable = True


class ExpectedStream:
    """A connection the switch has been, or is about to be, told to make to `url`."""

    def __init__(self, server: MediaServer, call_id: str, token: str, expires_at: float) -> None:
        self.call_id = call_id
        self.url = server.url_of(token)
        self.token = token
        self.expires_at = expires_at
        self._server = server
        self._stream: AsyncResult[MediaStream] = AsyncResult()
        self._cancelled = False
        self._taken = False

    def wait(self, timeout: float) -> MediaStream:
        """The stream, once the switch is connected.

        Raises `StreamTimeout` after `timeout` seconds; the address is then worth nothing.
        """
        stream: MediaStream | None = self._stream.wait(timeout)
        if stream is None:
            self.cancel()
            raise StreamTimeout(f"no audio stream within {timeout:g} s")
        self._taken = True
        return stream

    def cancel(self) -> None:
        """Withdraw the address; a stream that came already but was not taken is closed."""
        self._cancelled = True
        self._server.forget(self)
        if self._stream.ready() and not self._taken:
            self._stream.get().close()

    def connected(self, stream: MediaStream) -> None:
        """For the server: the switch is here."""
        if self._cancelled:
            stream.close()
        else:
            self._stream.set(stream)


class MediaServer:
    """Listens on `host:port` and pairs every connection with a call.

    `advertised_host` is how the switch reaches us, `host` unless given. mod_audio_stream accepts
    only letters, digits, "-" and "." in it, and only IPv4. `token_ttl` is how many seconds an
    address stays good.
    """

    def __init__(
        self,
        host: str,
        port: int,
        advertised_host: str | None = None,
        *,
        clock: Clock | None = None,
        token_ttl: float = 60.0,
    ) -> None:
        self._advertised_host = _checked_host(advertised_host or host)
        self._clock = clock or SystemClock()
        self._token_ttl = token_ttl
        self._expected: dict[bytes, ExpectedStream] = {}  # by digest, oldest first
        self._server = WebSocketServer(
            (host, port), self._accept, max_message_bytes=_MAX_MESSAGE_BYTES
        )

    @property
    def port(self) -> int:
        """The port listened on, once started."""
        return self._server.port

    def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        self._server.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Accept no more and end every stream."""
        self._server.stop(timeout)

    def expect(self, call_id: str) -> ExpectedStream:
        """A new address for the audio of one call."""
        self._forget_expired()
        expires_at = self._clock.monotonic() + self._token_ttl
        expected = ExpectedStream(self, call_id, new_secret(), expires_at)
        self._expected[_digest(expected.token)] = expected
        return expected

    def forget(self, expected: ExpectedStream) -> None:
        """Admit nobody at this address any more."""
        self._expected.pop(_digest(expected.token), None)

    def url_of(self, token: str) -> str:
        """The address for `uuid_audio_stream start`."""
        return f"ws://{self._advertised_host}:{self.port}{_PATH}/{token}"

    def _accept(self, request: HandshakeRequest) -> WebSocketHandler | Rejection:
        prefix, _, token = request.path.rpartition("/")
        expected = self._redeem(token) if prefix == _PATH else None
        if expected is None:
            log.warning("Audio stream with an unknown address refused")
            return Rejection(HTTPStatus.NOT_FOUND, "no such stream")

        def handler(connection: WebSocketConnection) -> None:
            expected.connected(MediaStream(expected.call_id, connection, self._clock))

        return handler

    def _redeem(self, token: str) -> ExpectedStream | None:
        """Take the token out of circulation. Looked up by digest and then compared in constant
        time, so that the time an answer takes says nothing about the tokens there are."""
        self._forget_expired()
        expected = self._expected.pop(_digest(token), None)
        if expected is None or not hmac.compare_digest(expected.token.encode(), token.encode()):
            return None
        return expected

    def _forget_expired(self) -> None:
        now = self._clock.monotonic()
        while self._expected:
            digest, oldest = next(iter(self._expected.items()))
            if oldest.expires_at > now:
                return
            del self._expected[digest]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _checked_host(host: str) -> str:
    if host in _UNREACHABLE_HOSTS:
        raise ConfigError(
            f"The media server listens on every address ({host or 'empty'}), so FreeSWITCH "
            "cannot be told where to connect.",
            field="media_advertised_host",
            remedy="Set media_advertised_host to a name or IPv4 address that FreeSWITCH reaches.",
        )
    if not _ALLOWED_HOST.fullmatch(host):
        raise ConfigError(
            f"mod_audio_stream cannot connect to the host {host!r}: it accepts only letters, "
            'digits, "-" and ".", so no underscore and no IPv6 address.',
            field="media_advertised_host",
            remedy="Use an IPv4 address or a host name without underscore.",
        )
    return host

"""The server side of one WebSocket: wsproto's protocol on a gevent socket."""

from __future__ import annotations

import struct
from collections import deque
from contextlib import suppress
from typing import Any

from gevent import Timeout, socket
from gevent.lock import RLock
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

_HALF_A_FRAME = b"\x81\x7e\x02\x00" + b'{"type":"response.output_audio.delta","delta":"'
_MAXIMUM_MESSAGE = 32 * 1024 * 1024


class WebSocketClosed(Exception):
    """The connection is over. `code` 1006: without a close frame."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class WebSocket:
    """Text and binary messages; pings and closing are answered by itself."""

    def __init__(self, sock: Any, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        """From a handshake that has been read; `ValueError` if it is not one."""
        self._sock = sock
        self._protocol = WSConnection(ConnectionType.SERVER)
        try:
            self._protocol.initiate_upgrade_connection(headers, path)
        except RemoteProtocolError as error:
            raise ValueError(str(error)) from None
        if not any(isinstance(event, Request) for event in self._protocol.events()):
            raise ValueError("Not a WebSocket handshake.")
        self._lock = RLock()
        self._messages: deque[str | bytes] = deque()
        self._parts: list[Any] = []
        self._size = 0
        self.is_closed = False

    def accept(self, early: bytes = b"") -> None:
        """Answer the handshake; `early` is what came right behind it."""
        self._send(AcceptConnection())
        if early:
            self._feed(early)

    def receive(self, timeout: float | None) -> str | bytes | None:
        """The next message, or None after `timeout` seconds. Raises `WebSocketClosed`."""
        while not self._messages:
            if self.is_closed:
                raise WebSocketClosed(1006)
            self._sock.settimeout(timeout)
            try:
                data = self._sock.recv(65536)
            except TimeoutError:
                return None
            except OSError:
                data = b""
            if not data:
                self.is_closed = True
                raise WebSocketClosed(1006)
            self._feed(data)
        return self._messages.popleft()

    def send_text(self, text: str) -> None:
        """A text message. Raises `WebSocketClosed` when the peer is gone."""
        self._send(Message(data=text))

    def close(self, code: int, reason: str = "") -> None:
        """A close frame, then the end of the connection. Harmless when closed already."""
        if not self.is_closed:
            try:
                self._send(CloseConnection(code=code, reason=reason))
            except WebSocketClosed:
                return
            self.is_closed = True
            self._end()

    def cut(self) -> None:
        """The end by TCP reset in the middle of a frame, without a close frame."""
        self.is_closed = True
        with suppress(OSError):
            self._sock.sendall(_HALF_A_FRAME)
        linger = struct.pack("ii", 1, 0)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._sock.close()

    def drain(self, seconds: float) -> None:
        """Read what the peer still sends, so that our close frame is not lost in a reset."""
        with Timeout(seconds, False):
            try:
                self._sock.settimeout(None)
                while self._sock.recv(65536):
                    pass
            except OSError:
                return

    def _feed(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        try:
            for event in self._protocol.events():
                self._handle(event)
        except RemoteProtocolError as error:
            code = int(getattr(error.event_hint, "code", 1002))
            self.close(code, str(error)[:100])
            raise WebSocketClosed(code, str(error)) from None

    def _handle(self, event: Any) -> None:
        if isinstance(event, TextMessage | BytesMessage):
            self._parts.append(event.data)
            self._size += len(event.data)
            if self._size > _MAXIMUM_MESSAGE:
                self.close(1009, "Message too big")
                raise WebSocketClosed(1009)
            if event.message_finished:
                empty: Any = "" if isinstance(event, TextMessage) else b""
                self._messages.append(empty.join(self._parts))
                self._parts, self._size = [], 0
        elif isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, CloseConnection):
            if not self.is_closed:
                self._send(event.response())
                self.is_closed = True
                self._end()
            raise WebSocketClosed(int(event.code), event.reason or "")

    def _send(self, event: Any) -> None:
        if self.is_closed:
            raise WebSocketClosed(1006)
        with self._lock:
            try:
                self._sock.settimeout(30)
                self._sock.sendall(self._protocol.send(event))
            except (OSError, LocalProtocolError):
                self.is_closed = True
                raise WebSocketClosed(1006) from None

    def _end(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            return

"""A WebSocket on gevent without a greenlet per connection.

Each connection keeps one persistent read watcher on the event loop and parses in its callback;
writes are tried at once and what the kernel does not take waits for a write watcher. A message
therefore costs a few microseconds and no greenlet switch, which is what lets one core carry
hundreds of calls. The price: `on_binary`, `on_text` and `on_close` run in the hub, so they must
never block or switch greenlets. An exception in one of them closes the connection with 1011.

The end of a connection is told once, by `on_close(code, reason)`, always from the hub:

| code | the connection ended because |
|---|---|
| what the peer sent, 1005 for none | a close frame came (also as the answer to our `close()`) |
| 1002, 1007, 1009 | the peer broke the protocol; it was sent this code |
| 1013 | it did not take what we send: more than `max_queued_bytes` waited; dropped at once |
| 1006 | there was no close frame: reset, end of file, or no answer to our `close()` in time |

Not thread-safe: a connection belongs to the thread whose hub created it.
"""

from __future__ import annotations

import contextlib
import socket as stdlib_socket
import ssl
import struct
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import gevent
from gevent.event import Event

from topcalls.call_trace import FROM_PROVIDER, TO_PROVIDER, CallTrace
from topcalls.log import get_logger
from topcalls.net.websocket_frames import (
    BINARY,
    CLOSE,
    DEFAULT_MAX_MESSAGE_BYTES,
    PING,
    PONG,
    TEXT,
    CloseCode,
    FrameDecoder,
    Role,
    encode_close,
    encode_frame,
)

DEFAULT_MAX_QUEUED_BYTES: Final = 1 << 20

_READ = 1
_WRITE = 2
_READ_SIZE = 65536
_LINGER_SECONDS = 1.0
_KEEPALIVE_IDLE_SECONDS = 20
_UNACKNOWLEDGED_MILLISECONDS = 20_000
_KERNEL_BUFFER_BYTES = 1 << 18  # the default grows to megabytes, minutes of audio nobody hears
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_NO_LINGER = struct.pack("ii", 1, 0)

log = get_logger(__name__)


def _ignore(*_: Any) -> None:
    """The default of every callback."""


class WebSocketConnection:
    """One open WebSocket, after its handshake.

    `sock` may be a gevent or a standard-library socket, plain or TLS; the connection owns it.
    `received` are bytes that came behind the handshake. Set the callbacks, then `start()`.
    """

    on_binary: Callable[[bytes], None]
    on_text: Callable[[str], None]
    on_close: Callable[[int, str], None]

    def __init__(
        self,
        sock: Any,
        role: Role,
        *,
        received: bytes = b"",
        max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES,
        max_queued_bytes: int = DEFAULT_MAX_QUEUED_BYTES,
        close_timeout: float = 5.0,
    ) -> None:
        self.on_binary = self.on_text = self.on_close = _ignore
        self.trace: CallTrace | None = None
        self.finished = Event()  # set after `on_close`
        self.queued_bytes = 0
        self.remote_address = sock.getpeername()
        self._sock = sock
        self._masked = role is Role.CLIENT
        self._decoder = FrameDecoder(role, max_message_bytes=max_message_bytes)
        self._received = received
        self._queue: deque[bytes] = deque()
        self._max_queued_bytes = max_queued_bytes
        self._close_timeout = close_timeout
        self._open = True  # no close frame sent or received, socket alive
        self._outcome: tuple[int, str] | None = None  # decided; only the queue is still to go out
        self._ended = False  # `on_close` is called or about to be
        self._lingering = False
        self._tls = hasattr(sock, "pending")
        _configure(sock)
        self._loop = gevent.get_hub().loop
        self._reader = self._loop.io(sock.fileno(), _READ)
        self._writer = self._loop.io(sock.fileno(), _WRITE)
        self._timer: Any = None

    def start(self) -> None:
        """Begin to read. No callback runs before the caller gives up control to the loop."""
        if not self._ended:
            self._reader.start(self._on_readable)
            self._loop.run_callback(self._read_backlog)

    @property
    def closed(self) -> bool:
        """True from the first close frame in either direction, or from the loss of the peer."""
        return not self._open

    def send_binary(self, data: bytes) -> bool:
        """Send or queue a binary message. False when the connection is closed."""
        if self.trace is not None:
            self.trace.add(TO_PROVIDER, data)
        return self._open and self._write(encode_frame(BINARY, data, masked=self._masked))

    def send_text(self, text: str) -> bool:
        """Send or queue a text message. False when the connection is closed."""
        if self.trace is not None:
            self.trace.add(TO_PROVIDER, text)
        return self._open and self._write(encode_frame(TEXT, text.encode(), masked=self._masked))

    def ping(self) -> bool:
        """Send a ping; a peer that is gone is then found by TCP within twenty seconds."""
        return self._open and self._write(encode_frame(PING, b"", masked=self._masked))

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Send a close frame and wait, in the background, for the peer's. Idempotent."""
        if self._open:
            self._send_close(code, reason)
            if not self._ended:
                self._start_timer(self._close_timeout, self._give_up)

    def abort(self, code: int = CloseCode.ABNORMAL, reason: str = "aborted") -> None:
        """Reset the connection at once: nothing more is sent, not even a close frame."""
        if not self._ended:
            with contextlib.suppress(OSError):
                self._sock.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_LINGER, _NO_LINGER)
            self._end(code, reason)

    # Reading

    def _on_readable(self) -> None:
        try:
            data = self._sock.recv(_READ_SIZE)
        except _WOULD_BLOCK:
            return
        except OSError as error:
            self._lose_peer(f"connection lost: {error.strerror or type(error).__name__}")
            return
        if self._lingering:
            if not data:
                self._release()
        elif data:
            self._take(data)
            self._read_pending()
        else:
            self._at_end_of_file()

    def _read_backlog(self) -> None:
        received, self._received = self._received, b""
        if received:
            self._take(received)
        self._read_pending()

    def _read_pending(self) -> None:
        """Fetch what the TLS layer has decrypted already: no watcher will ever announce it."""
        if self._tls and not self._ended and self._sock.pending():
            self._loop.run_callback(self._on_pending)

    def _on_pending(self) -> None:
        if not self._ended:
            self._on_readable()

    def _take(self, data: bytes) -> None:
        for opcode, payload in self._decoder.feed(data):
            if opcode == CLOSE:
                self._on_close_frame(payload.code, payload.reason)
            elif not self._open:
                return  # data that crossed our close frame
            elif opcode == BINARY:
                self._call(self.on_binary, payload)
            elif opcode == TEXT:
                self._call(self.on_text, payload)
            elif opcode == PING:
                self._write(encode_frame(PONG, payload, masked=self._masked))
        violation = self._decoder.violation
        if violation is not None and self._outcome is None:
            log.warning("WebSocket peer broke the protocol", offence=violation.reason)
            if self._open:
                self._send_close(violation.code, violation.reason)
            self._finish(violation.code, violation.reason)

    def _call(self, callback: Callable[[Any], None], payload: Any) -> None:
        if self.trace is not None:
            self.trace.add(FROM_PROVIDER, payload)
        try:
            callback(payload)
        except Exception:
            log.exception("WebSocket callback failed")
            self.close(CloseCode.INTERNAL_ERROR)

    def _at_end_of_file(self) -> None:
        if self._outcome is None:
            self._lose_peer("connection ended without a close frame")
        else:
            self._reader.stop()  # half-closed: what is queued may still go out

    # Writing

    def _write(self, frame: bytes) -> bool:
        """Hand `frame` to the kernel or to the queue. False when that ended the connection."""
        if not self._queue:
            sent = self._send_now(frame)
            if sent == len(frame):
                return True
            if sent < 0:
                return False
            frame = frame[sent:]
            self._writer.start(self._on_writable)
        self._queue.append(frame)
        self.queued_bytes += len(frame)
        if self.queued_bytes > self._max_queued_bytes:
            log.warning("WebSocket peer too slow", queued_bytes=self.queued_bytes)
            self.abort(CloseCode.TRY_AGAIN_LATER, "peer too slow")
            return False
        return True

    def _send_now(self, data: bytes) -> int:
        """Bytes the kernel took, 0 when it is full, -1 when the connection is lost."""
        try:
            return int(self._sock.send(data))
        except _WOULD_BLOCK:
            return 0
        except OSError as error:
            self._lose_peer(f"connection lost: {error.strerror or type(error).__name__}")
            return -1

    def _on_writable(self) -> None:
        while self._queue:
            frame = self._queue[0]
            sent = self._send_now(frame)
            if sent < 0:
                return
            self.queued_bytes -= sent
            if sent < len(frame):
                self._queue[0] = frame[sent:]
                return
            self._queue.popleft()
        self._writer.stop()
        if self._outcome is not None:
            self._end(*self._outcome, linger=True)

    # Ending

    def _send_close(self, code: int, reason: str) -> None:
        self._open = False
        self._write(encode_close(code, reason, masked=self._masked))

    def _on_close_frame(self, code: int, reason: str) -> None:
        if self._open:
            self._send_close(code, "")
        self._finish(code, reason)

    def _finish(self, code: int, reason: str) -> None:
        """Both sides are done: end once the queue is out, or after the time limit."""
        self._outcome = (code, reason)
        if not self._queue:
            self._end(code, reason, linger=True)
        else:
            self._start_timer(self._close_timeout, self._give_up)

    def _give_up(self) -> None:
        self.abort(*(self._outcome or (CloseCode.ABNORMAL, "no answer to the close frame")))

    def _lose_peer(self, reason: str) -> None:
        if self._lingering:
            self._release()
        else:
            self._end(*(self._outcome or (CloseCode.ABNORMAL, reason)))

    def _end(self, code: int, reason: str, *, linger: bool = False) -> None:
        """Tell `on_close`, once, and let go of the socket; `linger` lets our last frame out."""
        if self._ended:
            return
        self._ended = True
        self._open = False
        self._queue.clear()
        self.queued_bytes = 0
        self._writer.stop()
        self._loop.run_callback(self._report, code, reason)
        if linger:
            self._linger()
        else:
            self._release()

    def _report(self, code: int, reason: str) -> None:
        try:
            self.on_close(int(code), reason)
        except Exception:
            log.exception("WebSocket callback failed")
        self.finished.set()

    def _linger(self) -> None:
        """Wait a moment for the peer to close first.

        Closing a socket that has unread bytes resets it, and the reset can overtake our close
        frame.
        """
        try:
            self._sock.shutdown(stdlib_socket.SHUT_WR)
        except OSError:
            self._release()
            return
        self._lingering = True
        self._start_timer(_LINGER_SECONDS, self._release)

    def _release(self) -> None:
        self._stop_timer()
        for watcher in (self._reader, self._writer):
            watcher.stop()
            watcher.close()
        self._sock.close()

    def _start_timer(self, seconds: float, callback: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self._loop.timer(seconds)
        self._timer.start(callback)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer.close()
            self._timer = None


def _configure(sock: Any) -> None:
    """Never block, never delay a frame, and notice a peer that vanished without a word."""
    sock.setblocking(False)
    if sock.family not in (stdlib_socket.AF_INET, stdlib_socket.AF_INET6):
        return
    tcp = stdlib_socket.IPPROTO_TCP
    sock.setsockopt(tcp, stdlib_socket.TCP_NODELAY, 1)
    sock.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)
    sock.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_KEEPALIVE, 1)
    if hasattr(stdlib_socket, "TCP_USER_TIMEOUT"):  # Linux
        sock.setsockopt(tcp, stdlib_socket.TCP_KEEPIDLE, _KEEPALIVE_IDLE_SECONDS)
        sock.setsockopt(tcp, stdlib_socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MILLISECONDS)

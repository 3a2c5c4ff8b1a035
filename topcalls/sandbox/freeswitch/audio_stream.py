"""mod_audio_stream, community edition: a WebSocket client that sends a call's audio away.

`start` succeeding means "attached", not "connected": the truth comes as a CUSTOM event. Text from
the server becomes `json` or, as `streamAudio`, a file and `play`; binary is ignored. A CLOSE from
the server leaves the stream attached; any error detaches it. Nothing reconnects.
"""

from __future__ import annotations

import audioop
import base64
import binascii
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import socket
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import LocalProtocolError, ProtocolError, RemoteProtocolError

from topcalls.log import get_logger
from topcalls.sandbox.freeswitch.codec import FRAME_BYTES, RATE
from topcalls.sandbox.freeswitch.stream_settings import StreamSettings

CONNECT_TIMEOUT = 1.0
SEND_QUEUE_MESSAGES = 1024
CLOSE_TIMEOUT = 1.0
ERROR_IO, ERROR_CONNECT, ERROR_TIMEOUT = 1, 6, 10
_SILENCE = b"\0" * FRAME_BYTES * 2
_UNHEARD_FRAMES = 1638  # the media bug's 512 kB
_UNHEARD_KEPT = 2  # frames: the bug catches up to this
_RAW_RATES = (8000, 16000, 24000, 32000, 48000, 64000)
_FILE_TYPES = ("wav", "mp3", "ogg", "pcmu", "pcma")

log = get_logger("sandbox.audio_stream")


@dataclass(frozen=True)
class StreamHabits:
    """What depends on chance, not on settings."""

    metadata_delay: float = 0.0  # seconds after the connection: audio may overtake it
    offers_compression: bool = False


class AudioStream:
    """One attached stream. `frame` is called by the media clock and never blocks."""

    def __init__(
        self,
        settings: StreamSettings,
        fire: Callable[[str, str], None],
        detach: Callable[[], None],
        *,
        habits: StreamHabits,
    ) -> None:
        """`fire(subclass, body)` raises an event; `detach()` takes the stream off its channel."""
        self.settings = settings
        self.paused = False
        self.connected = False
        self.messages_sent = 0
        self._fire = fire
        self._detach = detach
        self._habits = habits
        self._socket: socket.socket | None = None
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._unsent: deque[bytes] = deque()
        self._flusher: gevent.Greenlet | None = None
        self._pending = b""
        self._unheard: deque[bytes] = deque(maxlen=_UNHEARD_FRAMES)
        self._resampler: Any = None
        self._text: list[str] = []
        self._files: list[Path] = []
        self._file_count = 0
        self._ended = False
        self._stalled = False
        self._reader = gevent.spawn(self._run)

    def frame(self, said: bytes | None, played: bytes | None) -> None:
        """20 ms of 16-bit samples: the caller, and what is played (None: nothing is)."""
        if self.paused or self._ended or (played is None and self.settings.mix != "mono"):
            return
        played = self._next_unheard(played)
        self._pending += self._mixed(said or _SILENCE, played or _SILENCE)
        channels = 2 if self.settings.mix == "stereo" else 1
        size = 2 * FRAME_BYTES * self.settings.rate // RATE * channels
        size *= self.settings.frames_per_message
        while len(self._pending) >= size:
            message, self._pending = self._pending[:size], self._pending[size:]
            self._send(BytesMessage(data=message))
            self.messages_sent += self.connected

    def frame_on_hold(self, played: bytes | None) -> None:
        """20 ms in which the caller is not read: what is played waits for frames that are."""
        if self.settings.mix != "mono" and played is not None:
            self._unheard.append(played)

    def pause(self, paused: bool) -> None:
        """Send nothing, or go on. Either throws away what waits."""
        self._unheard.clear()
        self.paused = paused

    def _next_unheard(self, played: bytes | None) -> bytes | None:
        """What goes beside the caller's present frame. A backlog shrinks by a frame each time."""
        if played is None or not self._unheard:
            return played
        self._unheard.append(played)
        if len(self._unheard) > _UNHEARD_KEPT:
            self._unheard.popleft()
        return self._unheard.popleft()

    def send_text(self, text: str) -> None:
        """To the server; into nothing when not connected."""
        self._send(TextMessage(data=text))

    def stop(self, text: str = "") -> None:
        """Our own end: final text, CLOSE 1000, and no event. Waits for the server's CLOSE, 1 s."""
        if text:
            self.send_text(text)
        self._ended = True
        self._send(CloseConnection(code=1000, reason="Normal closure"))
        self._reader.join(CLOSE_TIMEOUT)
        self._reader.kill(block=False)
        self._end()

    def abort(self) -> None:
        """The TCP connection breaks: reset for the server, an error event here."""
        if self._socket is not None:
            linger = b"\1\0\0\0\0\0\0\0"
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._fail(ERROR_IO, "Connection reset by peer (system error 104)")
        self._end()

    def stall(self) -> None:
        """From now on nothing leaves; it is kept like what the connection does not take."""
        self._stalled = True

    def resume(self) -> None:
        """Everything kept leaves."""
        self._stalled = False
        if self._unsent and self._flusher is None:
            self._flusher = gevent.spawn(self._flush)

    def half_close(self) -> None:
        """FIN without a CLOSE: the server reads an end, and could still write."""
        if self._socket is not None:
            self._socket.shutdown(socket.SHUT_WR)

    def _mixed(self, said: bytes, played: bytes) -> bytes:
        channels = 1
        samples = said
        if self.settings.mix == "mixed":
            samples = audioop.add(said, played, 2)
        elif self.settings.mix == "stereo":
            channels = 2
            samples = audioop.add(
                audioop.tostereo(said, 2, 1, 0), audioop.tostereo(played, 2, 0, 1), 2
            )
        if self.settings.rate != RATE:
            samples, self._resampler = audioop.ratecv(
                samples, 2, channels, RATE, self.settings.rate, self._resampler
            )
        return samples

    def _run(self) -> None:
        try:
            with gevent.Timeout(CONNECT_TIMEOUT):
                self._connect()
        except gevent.Timeout:
            return self._fail(ERROR_TIMEOUT, "Connection/handshake timeout")
        except (OSError, RemoteProtocolError, _Refused) as error:
            return self._fail(ERROR_CONNECT, _describe(error))
        if self._ended:
            return self._close_socket()
        self._fire("connect", _compact({"status": "connected"}))
        if self.settings.metadata:
            delay = self._habits.metadata_delay
            gevent.spawn_later(delay, self.send_text, self.settings.metadata)
        if self.settings.heart_beat:
            gevent.spawn(self._beat)
        self._read()
        return None

    def _connect(self) -> None:
        address = urlsplit(self.settings.url)
        connection = socket.create_connection((address.hostname, address.port or 80))
        self._socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        target = address.path or "/"
        offer = self.settings.compression and self._habits.offers_compression
        request = Request(
            host=address.netloc,
            target=f"{target}?{address.query}" if address.query else target,
            extensions=[PerMessageDeflate()] if offer else [],
            extra_headers=[
                (k.encode(), v.encode()) for k, v in self.settings.extra_headers.items()
            ],
        )
        connection.sendall(self._protocol.send(request))
        while not self.connected:
            data = connection.recv(65536)
            self._protocol.receive_data(data or None)
            for event in self._protocol.events():
                if isinstance(event, AcceptConnection):
                    self.connected = True
                    break  # what came along with the answer is for `_read`
                if isinstance(event, RejectConnection | CloseConnection):
                    raise _Refused("WebSocket upgrade failed" if data else "")

    def _beat(self) -> None:
        while not self._ended and self.connected:
            self._send(Ping())
            gevent.sleep(self.settings.heart_beat)

    def _read(self) -> None:
        """Until the connection ends, one way or the other."""
        while self._socket is not None and not self._handle_events():
            try:
                data = self._socket.recv(65536)
            except OSError as error:
                return self._fail(ERROR_IO, _describe(error))
            if not data:
                message = "Connection closed without WebSocket CLOSE (abnormal EOF)"
                return self._fail(ERROR_IO, message)
            try:
                self._protocol.receive_data(data)
            except ProtocolError as error:
                return self._fail(ERROR_IO, _describe(error))
        return None

    def _handle_events(self) -> bool:
        """What has arrived; True when the server closed."""
        for event in self._protocol.events():
            if isinstance(event, Ping):
                self._send(event.response())
            elif isinstance(event, CloseConnection):
                self._closed_by_server(event)
                return True
            elif isinstance(event, TextMessage):
                self._take_text(event)
        return False

    def _closed_by_server(self, event: CloseConnection) -> None:
        if not self._ended:
            self._send(event.response())
            message = {"code": int(event.code), "reason": event.reason or ""}
            self._fire("disconnect", _compact({"status": "disconnected", "message": message}))
        self._close_socket()

    def _take_text(self, event: TextMessage) -> None:
        self._text.append(event.data)
        if not event.message_finished:
            return
        text, self._text = "".join(self._text), []
        if self._ended:
            return
        played = self._stored(text)
        self._fire("play" if played else "json", played or text)

    def _stored(self, text: str) -> str:
        """The body of `play` for a `streamAudio` message; "" for any other."""
        try:
            message = json.loads(text)
            data = message["data"] if message["type"] == "streamAudio" else {}
            audio = base64.b64decode(data.pop("audioData"), validate=True)
            extension = _extension(data)
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            return ""
        name = f"{self.settings.uuid}_{self._file_count}.tmp.{extension}"
        path = self.settings.temporary / name
        path.write_bytes(audio)
        self._file_count += 1
        self._files.append(path)
        return _compact({**data, "file": str(path)})

    def _send(self, message: Event) -> None:
        if not self.connected or self._socket is None:
            return
        try:
            data = self._protocol.send(message)
        except LocalProtocolError:  # the closing handshake has begun
            return
        if self._unsent and len(self._unsent) >= SEND_QUEUE_MESSAGES:
            return
        if not self._unsent and not self._stalled:
            data = data[self._send_now(data) :]
        if data:
            self._unsent.append(data)
            if self._flusher is None and not self._stalled:
                self._flusher = gevent.spawn(self._flush)

    def _send_now(self, data: bytes) -> int:
        """How many bytes the kernel took without waiting."""
        try:
            return int(self._socket.send(data, timeout=0.0)) if self._socket else 0
        except BlockingIOError:
            return 0
        except OSError:  # the reader finds out and reports
            return len(data)

    def _flush(self) -> None:
        try:
            while self._unsent and self._socket is not None and not self._stalled:
                self._socket.sendall(self._unsent[0])
                self._unsent.popleft()
        except OSError:
            self._unsent.clear()
        self._flusher = None

    def _fail(self, code: int, text: str) -> None:
        """An error event; the stream is off the channel."""
        if self._ended:
            return
        self._ended = True
        self._detach()
        message = {"code": code, "error": text}
        self._fire("error", _compact({"status": "error", "message": message}))
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._close_socket()
        for path in self._files:
            path.unlink(missing_ok=True)
        self._files.clear()

    def _close_socket(self) -> None:
        self.connected = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Refused(Exception):
    """The server did not upgrade the connection."""


def _extension(data: dict[str, Any]) -> str:
    kind, rate = data["audioDataType"], data.get("sampleRate")
    if kind == "raw" and rate in _RAW_RATES:
        return f"r{rate // 1000}"
    if kind in _FILE_TYPES:
        return str(kind)
    raise ValueError(kind)


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return f"{error.strerror} (system error {error.errno})"
    return str(error) or "Connection closed during handshake (EOF)"


def _compact(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)

"""One call's connection from mod_audio_stream: the caller's audio in, text out."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import gevent

from topcalls.clock import Clock
from topcalls.log import get_logger
from topcalls.net.websocket import WebSocketConnection

_BACKLOG_BYTES: Final = 32_000  # two seconds of L16 at 8 kHz

log = get_logger(__name__)


class MediaStream:
    """The audio of one call as it arrives.

    `on_audio` gets L16 little-endian as sent (8 kHz mono unless the stream was started
    otherwise). It runs in the hub: it must not block. What arrives before it is set, the caller's
    first "Hello?" among it, is kept (the last two seconds) and delivered when it is set.
    `on_closed(code, reason)` is called once, also when it is set after the end.

    mod_audio_stream may send audio before its metadata: `metadata` is None until that comes.
    """

    def __init__(self, call_id: str, connection: WebSocketConnection, clock: Clock) -> None:
        self.call_id = call_id
        self.metadata: dict[str, Any] | None = None
        self.frames_received = 0
        self.bytes_received = 0
        self.odd_frames = 0  # cut to whole samples; mod_audio_stream itself sends none
        self.last_audio_at: float | None = None
        self._connection = connection
        self._clock = clock
        self._on_audio: Callable[[bytes], None] | None = None
        self._on_closed: Callable[[int, str], None] | None = None
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0
        self._end: tuple[int, str] | None = None
        connection.on_binary = self._take_audio
        connection.on_text = self._take_text
        connection.on_close = self._take_end

    @property
    def on_audio(self) -> Callable[[bytes], None] | None:
        return self._on_audio

    @on_audio.setter
    def on_audio(self, callback: Callable[[bytes], None]) -> None:
        self._on_audio = callback
        backlog, self._backlog = self._backlog, deque()
        self._backlog_bytes = 0
        for audio in backlog:
            callback(audio)

    @property
    def on_closed(self) -> Callable[[int, str], None] | None:
        return self._on_closed

    @on_closed.setter
    def on_closed(self, callback: Callable[[int, str], None]) -> None:
        self._on_closed = callback
        if self._end is not None:
            gevent.get_hub().loop.run_callback(callback, *self._end)

    @property
    def closed(self) -> bool:
        return self._connection.closed

    def send_text(self, text: str) -> bool:
        """Send a text message to mod_audio_stream. False when the stream is closed."""
        return self._connection.send_text(text)

    def close(self) -> None:
        """End the stream; the call itself goes on."""
        self._connection.close()

    def _take_audio(self, audio: bytes) -> None:
        self.last_audio_at = self._clock.monotonic()
        self.frames_received += 1
        self.bytes_received += len(audio)
        if len(audio) & 1:
            self.odd_frames += 1
            audio = audio[:-1]
        if self._on_audio is not None:
            self._on_audio(audio)
        else:
            self._keep(audio)

    def _keep(self, audio: bytes) -> None:
        self._backlog.append(audio)
        self._backlog_bytes += len(audio)
        while self._backlog_bytes > _BACKLOG_BYTES:
            self._backlog_bytes -= len(self._backlog.popleft())

    def _take_text(self, text: str) -> None:
        """The metadata given to `uuid_audio_stream start`; nothing else is expected."""
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if self.metadata is None and isinstance(value, dict):
            self.metadata = value
        else:
            log.info("Unexpected text on an audio stream", call_id=self.call_id, size=len(text))

    def _take_end(self, code: int, reason: str) -> None:
        self._end = (code, reason)
        if self._on_closed is not None:
            self._on_closed(code, reason)

"""Caller audio on its way to the model: L16 in, G.711 out, and never a gap.

`on_audio` runs in the event loop. The model's ears count audio time, so while the line sends
nothing (hold, discontinuous transmission, a torn stream) silence goes out at the same pace. With
no session open, only the last half second is kept: older speech would come out of season.
"""

from __future__ import annotations

import math
from typing import Protocol

from topcalls.audio import g711
from topcalls.bridge.codec import codec_of
from topcalls.bridge.local_ears import LocalEars, ToldSession
from topcalls.clock import Clock
from topcalls.providers.base import BYTES_PER_MS, AudioFormat

PREROLL_MS = 500
GAP_SECONDS = 0.2  # longer without audio than any jitter: the line is silent
FILL_SECONDS = 0.04  # pace of the silence
_LONGEST_FILL_MS = 1000


class AudioSink(Protocol):
    """The part of a session that takes caller audio."""

    def append_audio(self, audio: bytes) -> None: ...


class Uplink:
    """One direction of one call. `batch_ms` trades delay for fewer messages; `ears` of our own
    hear all that a session gets. `keep_ms` of it are kept for `recent`."""

    def __init__(
        self,
        clock: Clock,
        audio_format: AudioFormat,
        batch_ms: int = 40,
        ears: LocalEars | None = None,
        keep_ms: int = 0,
    ) -> None:
        self._clock = clock
        self._codec = codec_of(audio_format)
        self._batch_bytes = batch_ms * BYTES_PER_MS
        self._pending = bytearray()
        self._ears = ears
        self._sink: AudioSink | None = None
        self._fed_at: float | None = None  # None: the line is not up yet
        self._filling = False
        self._sent = 0
        self._kept = bytearray()
        self._keep_bytes = keep_ms * BYTES_PER_MS

    @property
    def sent_ms(self) -> int:
        """Audio given to the present session."""
        return self._sent // BYTES_PER_MS

    def recent(self, audio_ms: int) -> bytes:
        """What the present session was given since that place, as far as it is kept."""
        size = max(0, self._sent - max(0, audio_ms) * BYTES_PER_MS)
        return bytes(self._kept[max(0, len(self._kept) - size) :])

    def connect(self, session: ToldSession) -> None:
        """A session is open: it gets what was said in the last moment, and all from now on."""
        self._sink = session
        if self._ears is not None:
            self._ears.connect(session)
            self._sink = self._ears
        self._sent = 0
        self._send_pending()

    def disconnect(self) -> None:
        """The session is gone."""
        self._sink = None

    def start(self) -> None:
        """The line is up: from now on no audio means silence."""
        self._fed_at = self._clock.monotonic()

    def on_audio(self, l16: bytes) -> None:
        """Audio of the caller, 16 bit little endian at 8 kHz, any length."""
        self._fed_at = self._clock.monotonic()
        self._filling = False
        self._pending += g711.encode(l16, self._codec)
        if self._sink is None:
            del self._pending[: -PREROLL_MS * BYTES_PER_MS]
        elif len(self._pending) >= self._batch_bytes:
            self._send_pending()

    def fill(self) -> None:
        """Send the silence that is due; to be called again at `look_at()`."""
        if self._fed_at is None:
            return
        now = self._clock.monotonic()
        gap = now - self._fed_at
        if self._filling or gap >= GAP_SECONDS:
            self._filling = True
            self._fed_at = now
            self.add_silence(min(round(gap * 1000), _LONGEST_FILL_MS))

    def look_at(self) -> float:
        """The monotonic moment at which silence is due, unless there is audio before."""
        if self._fed_at is None:
            return math.inf
        return self._fed_at + (FILL_SECONDS if self._filling else GAP_SECONDS)

    def add_silence(self, milliseconds: int) -> None:
        """Send silence now."""
        if self._sink is not None:
            self._pending += g711.silence(self._codec, milliseconds)
            self._send_pending()

    def _send_pending(self) -> None:
        if self._pending and self._sink is not None:
            self._sent += len(self._pending)
            if self._keep_bytes:
                self._kept += self._pending
                del self._kept[: -self._keep_bytes]
            self._sink.append_audio(bytes(self._pending))
            self._pending.clear()

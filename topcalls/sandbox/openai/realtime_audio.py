"""Audio of a Realtime session: wire formats, the input buffer, and server voice activity detection.

Inside the double sound is 16-bit PCM at 8 kHz; on the wire it is PCMU, PCMA or PCM at 24 kHz.
"""

from __future__ import annotations

import audioop
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RATE = 8000
BYTES_PER_MS = RATE * 2 // 1000
_FRAME_MS = 20
_FRAME = _FRAME_MS * BYTES_PER_MS
_ATTACK_MS = 60
_SEMANTIC_SILENCE_MS = {"high": 300, "medium": 500, "auto": 500, "low": 800}
_LONGEST_BUFFER_MS = 30 * 60 * 1000


class Decoder:
    """Wire bytes of one format to PCM at 8 kHz; keeps what an odd piece leaves over."""

    def __init__(self, wire_format: Mapping[str, Any]) -> None:
        self._kind = wire_format["type"]
        self._rest = b""
        self._state: Any = None

    def decode(self, data: bytes) -> bytes:
        """PCM of the next piece."""
        if self._kind == "audio/pcmu":
            return audioop.ulaw2lin(data, 2)
        if self._kind == "audio/pcma":
            return audioop.alaw2lin(data, 2)
        data = self._rest + data
        whole = len(data) & ~1
        self._rest = data[whole:]
        pcm, self._state = audioop.ratecv(data[:whole], 2, 1, 24000, RATE, self._state)
        return pcm


class Encoder:
    """PCM at 8 kHz to wire bytes of one format."""

    def __init__(self, wire_format: Mapping[str, Any]) -> None:
        self._kind = wire_format["type"]
        self._state: Any = None

    def encode(self, pcm: bytes) -> bytes:
        """Wire bytes of the next piece."""
        if self._kind == "audio/pcmu":
            return audioop.lin2ulaw(pcm, 2)
        if self._kind == "audio/pcma":
            return audioop.lin2alaw(pcm, 2)
        data, self._state = audioop.ratecv(pcm, 2, 1, RATE, 24000, self._state)
        return data


@dataclass(frozen=True)
class SpeechStarted:
    """Speech began; `audio_ms` includes the prefix padding."""

    audio_ms: int


@dataclass(frozen=True)
class SpeechStopped:
    """Speech ended; `audio_ms` includes the silence that proved it."""

    audio_ms: int


class InputBuffer:
    """The audio a client has written, and where in it somebody speaks.

    Positions are milliseconds of audio written in this session. Speech is energy above a level set
    by `threshold` (0.5 = -35 dBFS) for 60 ms; it ends after `silence_duration_ms` below a level
    6 dB lower.
    """

    def __init__(self, turn_detection: Mapping[str, Any] | None) -> None:
        self._pcm = bytearray()
        self._start = 0
        self._judged = 0
        self._speech_from: int | None = None
        self._run_ms = 0
        self.configure(turn_detection)

    def configure(self, turn_detection: Mapping[str, Any] | None) -> None:
        """New VAD settings (None: manual turns). What is buffered stays, and so does speech."""
        if turn_detection is None:
            self._forget_speech()
        self._is_manual = turn_detection is None
        settings = turn_detection or {}
        level_db = -50.0 + 30.0 * float(settings.get("threshold", 0.5))
        self._loud = 32768 * 10 ** (level_db / 20)
        self._quiet = self._loud / 2
        self._prefix_ms = int(settings.get("prefix_padding_ms", 300))
        if settings.get("type") == "semantic_vad":
            self._silence_ms = _SEMANTIC_SILENCE_MS[settings.get("eagerness") or "auto"]
        else:
            self._silence_ms = int(settings.get("silence_duration_ms", 200))

    @property
    def written_ms(self) -> int:
        """All audio written in this session."""
        return self._start + len(self._pcm) // BYTES_PER_MS

    @property
    def held_ms(self) -> int:
        """Audio that a commit would take."""
        return len(self._pcm) // BYTES_PER_MS

    @property
    def is_speech(self) -> bool:
        """Whether somebody is speaking at the end of the buffer."""
        return self._speech_from is not None

    def write(self, pcm: bytes) -> list[SpeechStarted | SpeechStopped]:
        """Append audio; what it reveals, in order. Fetch a segment before the next write."""
        if self._is_manual:
            self._judged = self.written_ms + len(pcm) // BYTES_PER_MS
        self._pcm += pcm
        found: list[SpeechStarted | SpeechStopped] = []
        while not self._is_manual and self._judged + _FRAME_MS <= self.written_ms:
            offset = (self._judged - self._start) * BYTES_PER_MS
            self._judged += _FRAME_MS
            if event := self._judge(audioop.rms(self._pcm[offset : offset + _FRAME], 2)):
                found.append(event)
        return found

    def take(self, from_ms: int, to_ms: int) -> bytes:
        """Remove everything up to `to_ms` from the buffer; the PCM from `from_ms` on."""
        begin = max(0, from_ms - self._start) * BYTES_PER_MS
        end = max(0, to_ms - self._start) * BYTES_PER_MS
        pcm = bytes(self._pcm[begin:end])
        self._drop(end)
        return pcm

    def take_all(self) -> bytes:
        """Commit: empty the buffer."""
        pcm = bytes(self._pcm)
        self.clear()
        return pcm

    def clear(self) -> None:
        """Drop what is buffered; positions go on counting."""
        self._drop(len(self._pcm))
        self._judged = max(self._judged, self._start)
        self._forget_speech()

    def trim(self) -> None:
        """Let go of audio that no turn can contain any more."""
        keep_ms = _LONGEST_BUFFER_MS
        if not self._is_manual and not self.is_speech:
            keep_ms = self._prefix_ms + _ATTACK_MS + _FRAME_MS
        if self.held_ms > keep_ms:
            self._drop((self.held_ms - keep_ms) * BYTES_PER_MS)

    def _judge(self, level: int) -> SpeechStarted | SpeechStopped | None:
        if self._speech_from is None:
            self._run_ms = self._run_ms + _FRAME_MS if level >= self._loud else 0
            if self._run_ms >= _ATTACK_MS:
                self._run_ms = 0
                self._speech_from = max(0, self._judged - _ATTACK_MS - self._prefix_ms)
                return SpeechStarted(self._speech_from)
            return None
        self._run_ms = self._run_ms + _FRAME_MS if level < self._quiet else 0
        if self._run_ms >= max(_FRAME_MS, self._silence_ms):
            self._forget_speech()
            return SpeechStopped(self._judged)
        return None

    def _forget_speech(self) -> None:
        self._speech_from = None
        self._run_ms = 0

    def _drop(self, size: int) -> None:
        size = min(size, len(self._pcm)) // BYTES_PER_MS * BYTES_PER_MS
        del self._pcm[:size]
        self._start += size // BYTES_PER_MS

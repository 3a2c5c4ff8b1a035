"""`speech-to-text/realtime`: partial transcripts while somebody speaks, committed ones after."""

from __future__ import annotations

import audioop
import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from topcalls.ids import new_id
from topcalls.sandbox.hearing import UNINTELLIGIBLE, Listener
from topcalls.sandbox.openai.realtime_audio import InputBuffer, SpeechStarted
from topcalls.sandbox.waveforms import samples_of

MODEL = "scribe_v2_realtime"
FORMATS = ("ulaw_8000", "pcm_8000")
MOST_KEYTERMS, LONGEST_KEYTERM = 50, 20
_BARRED = frozenset("<>{}[]\\")
_PARTIAL_MS = 400
_BYTES_PER_MS = 16


class InputError(Exception):
    """A message that the service refuses; `kind` is the type of its answer."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def problem_of(query: Mapping[str, str], keyterms: Sequence[str] = ()) -> str:
    """What the service does not take in an address, or ""."""
    if len(keyterms) > MOST_KEYTERMS:
        return f"keyterms cannot exceed {MOST_KEYTERMS} entries."
    if any(not 0 < len(term) <= LONGEST_KEYTERM or _BARRED & set(term) for term in keyterms):
        return f"Each keyterm must have 1 to {LONGEST_KEYTERM} plain characters."
    if query.get("model_id", "").partition("+")[0].partition(" ")[0] != MODEL:
        return "Invalid model_id."
    if query.get("audio_format", "pcm_16000") not in FORMATS:
        return "The sandbox hears ulaw_8000 and pcm_8000 only; set audio_format."
    silence = float(query.get("vad_silence_threshold_secs", "1.5"))
    if not 0.3 <= silence <= 3.0:
        return "vad_silence_threshold_secs must be between 0.3 and 3.0."
    if not 0.1 <= float(query.get("vad_threshold", "0.4")) <= 0.9:
        return "vad_threshold must be between 0.1 and 0.9."
    return ""


class Scribe:
    """One session."""

    def __init__(
        self, query: Mapping[str, str], ears: Listener, send: Callable[[str], None]
    ) -> None:
        silence = float(query.get("vad_silence_threshold_secs", "1.5"))
        by_vad = query.get("commit_strategy", "manual") == "vad"
        self._is_ulaw = query.get("audio_format") == "ulaw_8000"
        self._ears = ears
        self._send = send
        self._buffer = InputBuffer(
            {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": round(silence * 1000),
            }
            if by_vad
            else None
        )
        self._pcm = bytearray()
        self._speaking = False
        self._partial_at = 0
        config = {key: query[key] for key in sorted(query)}
        self._say("session_started", session_id=new_id(), config=config)

    def receive(self, text: str) -> None:
        """One message. Raises `InputError`."""
        try:
            message = json.loads(text)
            if message["message_type"] != "input_audio_chunk":
                raise InputError("input_error", "Unknown message_type.")
            data = base64.b64decode(message["audio_base_64"], validate=True)
        except (ValueError, KeyError, TypeError, binascii.Error):
            raise InputError("input_error", "The message cannot be read.") from None
        self._listen(audioop.ulaw2lin(data, 2) if self._is_ulaw else data)
        if message.get("commit"):
            self._commit(bytes(self._pcm))
            self._pcm.clear()

    def _listen(self, pcm: bytes) -> None:
        self._ears.listen(pcm)
        self._pcm += pcm
        for event in self._buffer.write(pcm):
            self._speaking = isinstance(event, SpeechStarted)
            if self._speaking:
                keep = self._buffer.written_ms - event.audio_ms
                del self._pcm[: -keep * _BYTES_PER_MS]
                self._partial_at = event.audio_ms + _PARTIAL_MS
            else:
                self._commit(bytes(self._pcm))
                self._pcm.clear()
        if self._speaking and self._buffer.written_ms >= self._partial_at:
            self._partial_at = self._buffer.written_ms + _PARTIAL_MS
            if words := self._heard(bytes(self._pcm)):
                self._say("partial_transcript", text=words)
        self._buffer.trim()

    def _commit(self, pcm: bytes) -> None:
        words = self._heard(pcm)
        if words:
            self._say("committed_transcript", text=words)

    def _heard(self, pcm: bytes) -> str:
        words = self._ears.transcript(samples_of(pcm)) if pcm else ""
        return "" if words == UNINTELLIGIBLE else words

    def _say(self, kind: str, **fields: Any) -> None:
        self._send(json.dumps({"message_type": kind, **fields}))

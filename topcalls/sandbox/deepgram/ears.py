"""The two recognisers of the double, without a socket: audio in, messages out, by audio time."""

from __future__ import annotations

import audioop
import json
from collections.abc import Callable, Mapping
from typing import Any

from topcalls.ids import new_id
from topcalls.sandbox.deepgram import wire
from topcalls.sandbox.hearing import UNINTELLIGIBLE, Listener
from topcalls.sandbox.openai.realtime_audio import InputBuffer, SpeechStarted
from topcalls.sandbox.waveforms import samples_of

_BYTES_PER_MS = 16
_INTERIM_MS = 500
_FRAME_MS = 20
_FRAME = _FRAME_MS * _BYTES_PER_MS
_LOUD = 32768 * 10 ** (-38 / 20)
_ATTACK_MS = 60
_UPDATE_MS = 240
_CERTAIN_MS = 800  # of silence: the turn is over for sure

Send = Callable[[str], None]


def pcm_of(data: bytes, encoding: str) -> bytes:
    """16-bit samples of what came in."""
    if encoding == "mulaw":
        return audioop.ulaw2lin(data, 2)
    return audioop.alaw2lin(data, 2) if encoding == "alaw" else data


class Nova:
    """`/v1/listen`: interim and final results, ends of speech and of utterances."""

    def __init__(self, query: Mapping[str, str], ears: Listener, send: Send) -> None:
        endpointing = query.get("endpointing", "10")
        self._query = query
        self._ears = ears
        self._send = send
        self._is_endpointing = endpointing != "false"
        silence_ms = int(endpointing) if endpointing.isdigit() else 10
        self._buffer = InputBuffer(
            {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": max(silence_ms, 20),
            }
        )
        self._pcm = bytearray()
        self._dropped_ms = 0
        self._started_ms: int | None = None
        self._interim_at = 0
        self._last_word_ms: int | None = None  # of an utterance whose end was not told
        self.request_id = new_id()

    def listen(self, data: bytes) -> None:
        """Audio as it comes."""
        pcm = pcm_of(data, self._query["encoding"])
        self._ears.listen(pcm)
        self._pcm += pcm
        for event in self._buffer.write(pcm):
            if isinstance(event, SpeechStarted):
                self._began(event.audio_ms)
            else:
                self._ended(event.audio_ms)
        now = self._buffer.written_ms
        if self._started_ms is not None and now >= self._interim_at:
            self._interim_at = now + _INTERIM_MS
            if self._query.get("interim_results") == "true":
                self._tell(now, self._words(self._started_ms, now))
        self._utterance_may_end(now)
        self._buffer.trim()
        self._trim()

    def control(self, message: Mapping[str, Any]) -> bool:
        """A text message; False for one that there is not."""
        kind = message.get("type")
        if kind == "Finalize":
            self._finish(from_finalize=True)
        return kind in ("KeepAlive", "Finalize", "CloseStream", "Configure")

    def close(self) -> None:
        """`CloseStream`: what is left, then the summary."""
        self._finish(from_finalize=False)
        self._send(wire.metadata(self.request_id, self._buffer.written_ms / 1000))

    def _began(self, at_ms: int) -> None:
        self._started_ms = at_ms
        self._interim_at = at_ms + _INTERIM_MS
        self._last_word_ms = None
        if self._query.get("vad_events") == "true":
            self._send(wire.speech_started((at_ms + 300) / 1000))

    def _ended(self, at_ms: int) -> None:
        started, self._started_ms = self._started_ms, None
        if started is None:
            return
        words = self._words(started, at_ms)
        self._tell_span(started, at_ms, words, is_final=True, speech_final=self._is_endpointing)
        if words:
            silence = int(self._query.get("endpointing", "10").replace("false", "10"))
            self._last_word_ms = at_ms - silence

    def _finish(self, *, from_finalize: bool) -> None:
        if self._started_ms is not None:
            now = self._buffer.written_ms
            started, self._started_ms = self._started_ms, None
            words = self._words(started, now)
            self._tell_span(started, now, words, is_final=True, from_finalize=from_finalize)

    def _utterance_may_end(self, now: int) -> None:
        wait = self._query.get("utterance_end_ms")
        if wait and self._last_word_ms is not None and now - self._last_word_ms >= int(wait):
            self._send(wire.utterance_end(self._last_word_ms / 1000))
            self._last_word_ms = None

    def _tell(self, now: int, words: str) -> None:
        self._tell_span(self._started_ms or 0, now, words)

    def _tell_span(self, start_ms: int, end_ms: int, words: str, **flags: bool) -> None:
        model = self._query.get("model", "base").replace(" ", "+").partition("+")[0]
        silence = int(self._query.get("endpointing", "10").replace("false", "10"))
        end = end_ms - silence if flags.get("speech_final") else end_ms
        span = (start_ms / 1000, max(start_ms, end) / 1000)
        self._send(wire.results(words, span, self.request_id, model, **flags))

    def _words(self, from_ms: int, to_ms: int) -> str:
        begin = max(0, from_ms - self._dropped_ms) * _BYTES_PER_MS
        end = max(0, to_ms - self._dropped_ms) * _BYTES_PER_MS
        return _heard(self._ears, bytes(self._pcm[begin:end]))

    def _trim(self) -> None:
        keep_from = self._buffer.written_ms - 1000
        if self._started_ms is not None:
            keep_from = min(keep_from, self._started_ms)
        drop = keep_from - self._dropped_ms
        if drop > 1000:
            del self._pcm[: drop * _BYTES_PER_MS]
            self._dropped_ms += drop


class Flux:
    """`/v2/listen`: turns. How sure it is that one is over grows with the silence behind it."""

    def __init__(self, query: Mapping[str, str], ears: Listener, send: Send) -> None:
        self._encoding = query["encoding"]
        self._end_at = float(query.get("eot_threshold", "0.7"))
        eager = query.get("eager_eot_threshold")
        self._eager_at = float(eager) if eager else None
        self._timeout_ms = int(query.get("eot_timeout_ms", "5000"))
        self._ears = ears
        self._send = send
        self._pcm = bytearray()
        self._offset_ms = 0
        self._loud_ms = self._quiet_ms = self._since_update = 0
        self._began_ms: int | None = None
        self._sound_ms = 0
        self._eager = ""
        self._index = 0
        self._sequence = 0
        self.request_id = new_id()
        send(wire.connected(self.request_id))

    @property
    def _now(self) -> int:
        return self._offset_ms + self._judged // _BYTES_PER_MS

    _judged = 0

    def listen(self, data: bytes) -> None:
        """Audio as it comes."""
        pcm = pcm_of(data, self._encoding)
        self._ears.listen(pcm)
        self._pcm += pcm
        while self._judged + _FRAME <= len(self._pcm):
            frame = self._pcm[self._judged : self._judged + _FRAME]
            self._judged += _FRAME
            self._frame(audioop.rms(frame, 2) >= _LOUD)
        if self._began_ms is None and len(self._pcm) > 1000 * _BYTES_PER_MS:
            drop = self._judged - 500 * _BYTES_PER_MS
            if drop > 0:
                del self._pcm[:drop]
                self._judged -= drop
                self._offset_ms += drop // _BYTES_PER_MS

    def control(self, message: Mapping[str, Any]) -> bool:
        """A text message; False for one that there is not."""
        kind = message.get("type")
        if kind == "Configure":
            thresholds = message.get("thresholds") or {}
            self._end_at = float(thresholds.get("eot_threshold", self._end_at))
            self._send(json.dumps({"type": "ConfigureSuccess", "request_id": self.request_id}))
        elif kind == "ForceEndTurn" and self._began_ms is not None:
            self._end(self._transcript())
        return kind in ("CloseStream", "Configure", "ForceEndTurn")

    def close(self) -> None:
        """`CloseStream`: a turn under way is over."""
        if self._began_ms is not None:
            self._end(self._transcript())

    def _frame(self, loud: bool) -> None:
        self._loud_ms = self._loud_ms + _FRAME_MS if loud else 0
        self._quiet_ms = 0 if loud else self._quiet_ms + _FRAME_MS
        if self._began_ms is None:
            if self._loud_ms >= _ATTACK_MS:
                self._began_ms = self._now - _ATTACK_MS
                self._since_update = 0
                self._tell("StartOfTurn", self._transcript())
            return
        if loud:
            self._sound_ms = self._now
            if self._eager and self._loud_ms >= _ATTACK_MS:
                self._eager = ""
                self._tell("TurnResumed", self._transcript())
        self._since_update += _FRAME_MS
        self._judge()

    def _judge(self) -> None:
        sure = min(1.0, self._quiet_ms / _CERTAIN_MS)
        if sure >= self._end_at or self._quiet_ms >= self._timeout_ms:
            self._end(self._eager or self._transcript())
        elif self._eager_at is not None and sure >= self._eager_at and not self._eager:
            self._eager = self._transcript()
            if self._eager:
                self._tell("EagerEndOfTurn", self._eager)
        elif self._since_update >= _UPDATE_MS:
            self._since_update = 0
            self._tell("Update", self._eager or self._transcript())

    def _end(self, transcript: str) -> None:
        if transcript:
            self._tell("EndOfTurn", transcript)
            self._index += 1
        self._began_ms, self._eager = None, ""

    def _tell(self, event: str, transcript: str) -> None:
        self._sequence += 1
        begin = self._began_ms or 0
        turn = {
            "index": self._index,
            "start": begin / 1000,
            "end": self._now / 1000,
            "transcript": transcript,
            "confidence": min(1.0, self._quiet_ms / _CERTAIN_MS),
        }
        self._send(wire.turn_info(event, turn, self.request_id, self._sequence))

    def _transcript(self) -> str:
        begin = max(0, (self._began_ms or 0) - 300 - self._offset_ms) * _BYTES_PER_MS
        return _heard(self._ears, bytes(self._pcm[begin : self._judged]))


def _heard(ears: Listener, pcm: bytes) -> str:
    """Speech that nobody said is not made into words here: this recogniser leaves it out."""
    words = ears.transcript(samples_of(pcm)) if pcm else ""
    return "" if words == UNINTELLIGIBLE else words

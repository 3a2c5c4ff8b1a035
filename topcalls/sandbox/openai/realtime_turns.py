"""The caller's side of a Realtime session: written audio becomes turns, turns become items.

Idle time is counted in audio written, like everything else about the input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from topcalls.sandbox.hearing import Listener
from topcalls.sandbox.openai.conversation import MINIMUM_COMMIT_MS, Item
from topcalls.sandbox.openai.realtime_audio import Decoder, InputBuffer, SpeechStarted
from topcalls.sandbox.openai.realtime_output import Equipment
from topcalls.sandbox.openai.realtime_wire import Agenda
from topcalls.sandbox.openai.validation import Refusal
from topcalls.sandbox.waveforms import samples_of


@dataclass(frozen=True)
class TurnEvents:
    """What a session is told of its caller. `on_turn` gets whether it was an idle time-out."""

    on_speech: Callable[[], None]
    on_turn: Callable[[bool], None]


class Turns:
    """Input buffer, voice activity, commits and transcription of one session."""

    def __init__(
        self,
        audio_input: Mapping[str, Any],
        equipment: Equipment,
        ears: Listener,
        events: TurnEvents,
    ) -> None:
        self._equipment = equipment
        self._outbox = equipment.outbox
        self._ears = ears
        self._events = events
        self._buffer = InputBuffer(audio_input["turn_detection"])
        self._item_id = ""
        self._started_ms = 0
        self._idle_from_ms = 0
        self._idle_at_ms: int | None = None
        self.transcription = Transcription(equipment)
        self._settings: Mapping[str, Any] = {}
        self.configure(audio_input)

    def configure(self, audio_input: Mapping[str, Any]) -> None:
        """The session's `audio.input` has changed, or is set for the first time."""
        if audio_input["format"] != self._settings.get("format"):
            self._decoder = Decoder(audio_input["format"])
        if audio_input["turn_detection"] != self._settings.get("turn_detection", {}):
            self._buffer.configure(audio_input["turn_detection"])
            self._idle_at_ms = None
        self._settings = audio_input
        self.transcription.settings = audio_input["transcription"]

    @property
    def _vad(self) -> Mapping[str, Any]:
        return self._settings["turn_detection"] or {}

    def append(self, data: bytes) -> None:
        """`input_audio_buffer.append`: decoded wire bytes."""
        pcm = self._decoder.decode(data)
        self._ears.listen(pcm)
        for event in self._buffer.write(pcm):
            if isinstance(event, SpeechStarted):
                self._speech_started(event.audio_ms)
            else:
                self._speech_stopped(event.audio_ms)
        if self._idle_at_ms is not None and self._buffer.written_ms >= self._idle_at_ms:
            self._timed_out()
        self._buffer.trim()

    def commit(self) -> None:
        """`input_audio_buffer.commit`."""
        held = self._buffer.held_ms
        if held < MINIMUM_COMMIT_MS:
            raise Refusal(
                "input_audio_buffer_commit_empty",
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{MINIMUM_COMMIT_MS}ms of audio, but buffer only has {held:.2f}ms of audio.",
            )
        item_id = self._item_id if self._buffer.is_speech else self._outbox.new_id("item")
        self._add_turn(item_id, self._buffer.take_all())

    def clear(self) -> None:
        """`input_audio_buffer.clear`."""
        self._buffer.clear()
        self._outbox.send("input_audio_buffer.cleared")

    def start_idle_time(self, playing_ms: int) -> None:
        """A response is done whose audio plays for `playing_ms` more: the caller may now answer."""
        idle_ms = self._vad.get("idle_timeout_ms")
        if idle_ms is not None and not self._buffer.is_speech:
            self._idle_from_ms = self._buffer.written_ms + playing_ms
            self._idle_at_ms = self._idle_from_ms + idle_ms

    def stop_idle_time(self) -> None:
        """Somebody speaks, or is about to."""
        self._idle_at_ms = None

    def hear(self, pcm: bytes) -> str:
        """The words in a stretch of sound."""
        return self._ears.transcript(samples_of(pcm))

    def _speech_started(self, audio_ms: int) -> None:
        self.stop_idle_time()
        self._item_id = self._outbox.new_id("item")
        self._started_ms = audio_ms
        self._outbox.send(
            "input_audio_buffer.speech_started", audio_start_ms=audio_ms, item_id=self._item_id
        )
        self._events.on_speech()

    def _speech_stopped(self, audio_ms: int) -> None:
        self._outbox.send(
            "input_audio_buffer.speech_stopped", audio_end_ms=audio_ms, item_id=self._item_id
        )
        self._add_turn(self._item_id, self._buffer.take(self._started_ms, audio_ms))
        self._events.on_turn(False)

    def _timed_out(self) -> None:
        self.stop_idle_time()
        item_id = self._outbox.new_id("item")
        self._outbox.send(
            "input_audio_buffer.timeout_triggered",
            audio_start_ms=self._idle_from_ms,
            audio_end_ms=self._buffer.written_ms,
            item_id=item_id,
        )
        self._add_turn(item_id, self._buffer.take_all())
        self._events.on_turn(True)

    def _add_turn(self, item_id: str, pcm: bytes) -> None:
        """Buffered audio becomes a user item; its transcript follows when it is ready."""
        conversation = self._equipment.conversation
        words = self.hear(pcm)
        content = {"type": "input_audio", "transcript": None}
        data = {
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [content],
        }
        item = Item(data, pcm=pcm, words=words or None)
        previous = conversation.last_id
        self._outbox.send(
            "input_audio_buffer.committed", item_id=item_id, previous_item_id=previous
        )
        conversation.add(item)
        for kind in ("conversation.item.added", "conversation.item.done"):
            self._outbox.send(kind, item=dict(data), previous_item_id=previous)
        self.transcription.plan(item, words)


class Transcription:
    """What the caller said, in writing: before or after the model's answer, it is asynchronous."""

    _LATEST = 3.0

    def __init__(self, equipment: Equipment) -> None:
        self.settings: Mapping[str, Any] | None = None
        self.agenda = Agenda()
        self._equipment = equipment
        self._outbox = equipment.outbox
        self._waiting: list[tuple[Item, str]] = []
        self._fresh: list[tuple[Item, str]] = []

    def plan(self, item: Item, words: str) -> None:
        """The transcript of an item is wanted, if the session wants any."""
        if self.settings:
            self._fresh.append((item, words))

    def schedule(self, now: float) -> None:
        """Decide when the transcripts of new items come."""
        behaviour = self._equipment.behaviour
        for item, words in self._fresh:
            order = behaviour.transcription
            if order == "random":
                order = self._equipment.dice.choice(("before", "after"))
            delay = behaviour.transcription_delay
            if order == "after":
                self._waiting.append((item, words))
                delay = self._LATEST
            self.agenda.at(now + delay, item.id, partial(self._deliver, item, words))
        self._fresh = []

    def answer_is_done(self) -> None:
        """A response is over: transcripts that were to follow it come now."""
        for entry in list(self._waiting):
            self.agenda.call_off(entry[0].id)
            self._deliver(*entry)

    def _deliver(self, item: Item, words: str) -> None:
        self._waiting = [entry for entry in self._waiting if entry[0] is not item]
        kind = "conversation.item.input_audio_transcription"
        ids = {"item_id": item.id, "content_index": 0}
        if self._equipment.behaviour.transcription_fails:
            error = {
                "type": "transcription_error",
                "code": "audio_unintelligible",
                "message": "The audio could not be transcribed.",
                "param": None,
            }
            self._outbox.send(f"{kind}.failed", **ids, error=error)
            return
        for index, word in enumerate(words.split()):
            self._outbox.send(f"{kind}.delta", **ids, delta=f" {word}" if index else word)
        item.data["content"] = [{"type": "input_audio", "transcript": words}]
        self._outbox.send(f"{kind}.completed", **ids, transcript=words, usage=self._usage(item))

    def _usage(self, item: Item) -> dict[str, Any]:
        if str((self.settings or {}).get("model", "")).startswith("whisper"):
            return {"type": "duration", "seconds": item.audio_ms / 1000}
        text, audio = item.tokens()
        return {
            "type": "tokens",
            "input_tokens": audio,
            "output_tokens": text,
            "total_tokens": audio + text,
            "input_token_details": {"text_tokens": 0, "audio_tokens": audio},
        }

"""One response of the model: its events in the service's order, at the service's pace.

`Response.perform` is a generator that sends events and yields the seconds until it wants to go on;
whoever runs it may instead `cancel` it at any of these points.
"""

from __future__ import annotations

import audioop
from collections.abc import Callable, Iterator

from topcalls.sandbox.openai.realtime_audio import BYTES_PER_MS
from topcalls.sandbox.openai.realtime_output import Equipment, OutputItem, Terms
from topcalls.sandbox.openai.realtime_wire import Event
from topcalls.sandbox.openai.script import GO_ON, Answer
from topcalls.sandbox.scenario import ToolUse

Tokens = tuple[int, int]

_AUDIO_TOKENS_PER_SECOND = 20
_ERRORS = {
    "server_error": {
        "type": "server_error",
        "code": "server_error",
        "message": "The server had an error while processing your request. Sorry about that!",
    },
    "rate_limit": {
        "type": "rate_limit_error",
        "code": "rate_limit_exceeded",
        "message": "Rate limit reached for requests. Please try again later.",
    },
}
GARBAGE = (
    "this is not JSON",
    '["not an object"]',
    '{"event_id":"event_without_type"}',
    '{"type":"response.brand_new_event","event_id":"event_new","surprise":true}',
    '{"type":"response.output_audio.delta","event_id":"event_bad","delta":"%%% not base64 %%%"}',
)
"""What the fault `garbage` sends before an answer."""


class Response:
    """A response in progress. `on_done` is called once, right after `response.done`."""

    def __init__(
        self,
        terms: Terms,
        answer: Answer,
        equipment: Equipment,
        context: tuple[Tokens, Tokens],
        on_done: Callable[[Response], None],
    ) -> None:
        """`context`: the (text, audio) tokens it reads, and those of them that were cached."""
        self.terms = terms
        self.audio_ms = 0
        self.was_called_off = False
        """It was cancelled before anything of it was out."""
        self._answer = answer
        self._equipment = equipment
        self._context = context
        self._on_done = on_done
        self._output: list[OutputItem] = []
        self._open: list[OutputItem] = []
        self._chunks: list[bytes] = []
        self._text_tokens = 0
        self._is_over = False

    @property
    def id(self) -> str:
        return self.terms.response_id

    def perform(self) -> Iterator[float]:
        """The whole life of the response."""
        outbox, dice = self._equipment.outbox, self._equipment.dice
        outbox.send("response.created", response=self._view("in_progress", None))
        limits_come_first = dice.random() < 0.3
        if limits_come_first:
            self._send_rate_limits()
        if self._answer.fail == "silent":
            return
        yield self._equipment.behaviour.first_audio
        if self._answer.fail in _ERRORS:
            error = _ERRORS[self._answer.fail]
            self._finish("failed", {"type": "failed", "error": error})
        if self._answer.fail == "garbage":
            for text in GARBAGE:
                self._equipment.wire.send_raw(text)
        for text in self._speeches():
            yield from self._say(text)
        for call in self._answer.calls:
            yield from self._call(call)
        self._finish("completed", None)
        if not limits_come_first:
            self._send_rate_limits()

    def cancel(self, reason: str) -> None:
        """Stop: `turn_detected` or `client_cancelled`. A few deltas may be under way already."""
        self.was_called_off = not (self._output or self._answer.fail)
        late = self._equipment.dice.randint(0, self._equipment.behaviour.late_deltas)
        for chunk in self._chunks[:late]:
            self._send_audio(self._open[-1], chunk)
        self._finish("cancelled", {"type": "cancelled", "reason": reason})

    def _speeches(self) -> tuple[str, ...]:
        if self._answer.speeches or (self._answer.calls and not self._answer.fail):
            return self._answer.speeches
        return (GO_ON,)

    def _say(self, text: str) -> Iterator[float]:
        """One message. The one before it is finished after this one's first delta."""
        is_audio = self.terms.modalities == ["audio"] and not self._is_over
        sound = audioop.ulaw2lin(self._equipment.speak(text), 2) if is_audio else b""
        if self._is_over:
            return
        earlier = list(self._open)
        current = self._begin(OutputItem.message(self.terms, self._equipment, len(self._output)))
        self._chunks = self._cut_up(sound)
        for words in _ahead(text, len(self._chunks)):
            for word in words:
                self._text_tokens += current.add_text(word)
            if self._is_over_limit():
                self._finish("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
                return
            chunk = self._chunks.pop(0) if self._chunks else b""
            if chunk:
                self._send_audio(current, chunk)
            while earlier:
                self._end(earlier.pop(0))
            if self._answer.fail == "cut" and len(current.item.pcm) > len(chunk):
                break
            yield len(chunk) / BYTES_PER_MS / 1000 / self._equipment.behaviour.speed
        if self._answer.fail == "cut":
            self._is_over = True
            self._equipment.wire.cut()

    def _call(self, call: ToolUse) -> Iterator[float]:
        """One function call, after everything said is finished."""
        if self._is_over:
            return
        while self._open:
            self._end(self._open[0])
        arguments = call.written
        index = len(self._output)
        current = self._begin(OutputItem.call(self.terms, self._equipment, index, call.name))
        for start in range(0, len(arguments), 8):
            self._text_tokens += current.add_text(arguments[start : start + 8])
            yield 0.01 / self._equipment.behaviour.speed
        self._end(current)

    def _begin(self, output: OutputItem) -> OutputItem:
        self._output.append(output)
        self._open.append(output)
        return output

    def _end(self, output: OutputItem, status: str = "completed") -> None:
        self._open.remove(output)
        output.finish(status)

    def _cut_up(self, pcm: bytes) -> list[bytes]:
        """Deltas of uneven length; the first is short."""
        shortest, longest = self._equipment.behaviour.delta_ms
        chunks: list[bytes] = []
        while pcm:
            length = self._equipment.dice.randint(shortest, longest) if chunks else shortest
            chunks.append(pcm[: length * BYTES_PER_MS])
            pcm = pcm[length * BYTES_PER_MS :]
        return chunks

    def _send_audio(self, current: OutputItem, chunk: bytes) -> None:
        self.audio_ms += len(chunk) // BYTES_PER_MS
        current.add_audio(chunk)

    def _finish(self, status: str, details: Event | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._chunks = []
        while self._open:
            self._end(self._open[0], "completed" if status == "completed" else "incomplete")
        self._equipment.outbox.send("response.done", response=self._view(status, details))
        self._on_done(self)

    def _is_over_limit(self) -> bool:
        limit = self.terms.max_output_tokens
        return isinstance(limit, int) and self._text_tokens + self._audio_tokens() >= limit

    def _audio_tokens(self) -> int:
        return self.audio_ms * _AUDIO_TOKENS_PER_SECOND // 1000

    def _send_rate_limits(self) -> None:
        limits = [
            {"name": "requests", "limit": 5000, "remaining": 4999, "reset_seconds": 0.012},
            {"name": "tokens", "limit": 400000, "remaining": 398000, "reset_seconds": 0.3},
        ]
        self._equipment.outbox.send("rate_limits.updated", rate_limits=limits)

    def _view(self, status: str, details: Event | None) -> Event:
        terms = self.terms
        conversation_id = self._equipment.conversation.id if terms.in_conversation else None
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [dict(output.item.data) for output in self._output],
            "conversation_id": conversation_id,
            "output_modalities": terms.modalities,
            "max_output_tokens": terms.max_output_tokens,
            "audio": {"output": {"format": terms.output_format, "voice": terms.voice}},
            "usage": None if status == "in_progress" else self._usage(),
            "metadata": terms.metadata,
        }

    def _usage(self) -> Event:
        (text, audio), (cached_text, cached_audio) = self._context
        spoken = self._audio_tokens()
        return {
            "total_tokens": text + audio + self._text_tokens + spoken,
            "input_tokens": text + audio,
            "output_tokens": self._text_tokens + spoken,
            "input_token_details": {
                "text_tokens": text,
                "audio_tokens": audio,
                "image_tokens": 0,
                "cached_tokens": cached_text + cached_audio,
                "cached_tokens_details": {
                    "text_tokens": cached_text,
                    "audio_tokens": cached_audio,
                    "image_tokens": 0,
                },
            },
            "output_token_details": {"text_tokens": self._text_tokens, "audio_tokens": spoken},
        }


def _ahead(text: str, deltas: int) -> list[list[str]]:
    """The words to send before each audio delta, so that text is ahead of sound.

    Without audio every word comes by itself.
    """
    words = [word if index == 0 else f" {word}" for index, word in enumerate(text.split())]
    if not deltas:
        return [[word] for word in words]
    spread: list[list[str]] = [[] for _ in range(deltas)]
    for index, word in enumerate(words):
        spread[max(0, index * deltas // len(words) - 1)].append(word)
    return spread

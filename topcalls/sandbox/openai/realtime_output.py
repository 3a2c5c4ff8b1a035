"""One output item of a response: the events that add it, fill it and finish it."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from topcalls.sandbox.openai.conversation import Conversation, Item, text_tokens
from topcalls.sandbox.openai.realtime_audio import Encoder
from topcalls.sandbox.openai.realtime_wire import Behaviour, Event, Outbox, Wire


@dataclass(frozen=True)
class Equipment:
    """What a session and its responses work with. `speak` gives PCMU at 8 kHz for a text."""

    conversation: Conversation
    outbox: Outbox
    wire: Wire
    speak: Callable[[str], bytes]
    behaviour: Behaviour
    dice: random.Random


@dataclass(frozen=True)
class Terms:
    """What a response is made under: session settings with those of its `response.create`."""

    response_id: str
    output_format: dict[str, Any]
    voice: Any
    modalities: list[str]
    max_output_tokens: Any
    metadata: dict[str, str] | None
    in_conversation: bool


class OutputItem:
    """A message or a function call that the model makes, event by event."""

    def __init__(self, terms: Terms, equipment: Equipment, index: int, data: Event) -> None:
        """Adds the item; `data` is its wire form without id and status."""
        self._terms = terms
        self._outbox = equipment.outbox
        self._conversation = equipment.conversation
        self._encoder = Encoder(terms.output_format)
        self._text = ""
        self.index = index
        item_id = self._outbox.new_id("item")
        common = {"id": item_id, "object": "realtime.item", "status": "in_progress"}
        self.item = Item({**common, **data}, answered=True)
        self._send_item("response.output_item.added")
        if terms.in_conversation:
            previous = self._conversation.add(self.item)
            self._outbox.send(
                "conversation.item.added", item=dict(self.item.data), previous_item_id=previous
            )

    @classmethod
    def message(cls, terms: Terms, equipment: Equipment, index: int) -> OutputItem:
        """A message with one part, audio or text."""
        data: Event = {"type": "message", "role": "assistant", "content": []}
        output = cls(terms, equipment, index, data)
        kind, key = ("text", "text") if terms.modalities == ["text"] else ("audio", "transcript")
        output.item.data["content"] = [{"type": f"output_{kind}", key: ""}]
        output._send_part("response.content_part.added", part={"type": kind, key: ""})
        return output

    @classmethod
    def call(cls, terms: Terms, equipment: Equipment, index: int, name: str) -> OutputItem:
        """A call of a function."""
        call_id = equipment.outbox.new_id("call")
        data = {"type": "function_call", "name": name, "call_id": call_id, "arguments": ""}
        return cls(terms, equipment, index, data)

    @property
    def _is_call(self) -> bool:
        return bool(self.item.data["type"] == "function_call")

    def add_audio(self, pcm: bytes) -> None:
        """A piece of speech."""
        self.item.pcm += pcm
        delta = base64.b64encode(self._encoder.encode(pcm)).decode()
        self._send_part("response.output_audio.delta", delta=delta)

    def add_text(self, piece: str) -> int:
        """A piece of transcript, text or arguments; the tokens it takes."""
        self._text += piece
        if self._is_call:
            self._send_ids("response.function_call_arguments.delta", delta=piece)
        elif self._terms.modalities == ["text"]:
            self._send_part("response.output_text.delta", delta=piece)
        else:
            self._send_part("response.output_audio_transcript.delta", delta=piece)
        return text_tokens(piece)

    def finish(self, status: str) -> None:
        """`completed` or `incomplete`: the tail, in the service's order."""
        data = self.item.data
        data["status"] = status
        if self._is_call:
            self._finish_call(status)
        else:
            self._finish_content(data["content"][0])
        self._send_item("response.output_item.done")
        if self.item in self._conversation.items:
            previous = self._conversation.previous_id(self.item.id)
            self._outbox.send("conversation.item.done", item=dict(data), previous_item_id=previous)

    def _finish_call(self, status: str) -> None:
        self.item.data["arguments"] = self._text
        if status == "completed":
            self._send_ids(
                "response.function_call_arguments.done",
                name=self.item.data["name"],
                arguments=self._text,
            )

    def _finish_content(self, content: Event) -> None:
        if content["type"] == "output_text":
            content["text"] = self._text
            self._send_part("response.output_text.done", text=self._text)
            part = {"type": "text", "text": self._text}
        else:
            if content["transcript"] is not None:
                content["transcript"] = self._text
            self._send_part("response.output_audio.done")
            self._send_part("response.output_audio_transcript.done", transcript=self._text)
            part = {"type": "audio", "transcript": self._text}
        self._send_part("response.content_part.done", part=part)

    def _send_item(self, kind: str) -> None:
        self._outbox.send(
            kind,
            response_id=self._terms.response_id,
            output_index=self.index,
            item=dict(self.item.data),
        )

    def _send_part(self, kind: str, **fields: Any) -> None:
        self._send_ids(kind, content_index=0, **fields)

    def _send_ids(self, kind: str, **fields: Any) -> None:
        if self._is_call:
            fields["call_id"] = self.item.data["call_id"]
        self._outbox.send(
            kind,
            response_id=self._terms.response_id,
            item_id=self.item.id,
            output_index=self.index,
            **fields,
        )

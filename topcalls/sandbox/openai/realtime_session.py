"""A Realtime session without its socket: client events in, server events out, timed by a clock.

`receive` takes one text frame; `advance` does what is due; `due` says when that is next.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from topcalls.clock import Clock
from topcalls.sandbox.hearing import Listener
from topcalls.sandbox.openai.conversation import Conversation, Item, caller_words, text_tokens
from topcalls.sandbox.openai.minds import Minds, SessionMind
from topcalls.sandbox.openai.realtime_audio import Decoder, Encoder
from topcalls.sandbox.openai.realtime_config import (
    check_response_settings,
    default_session,
    updated,
)
from topcalls.sandbox.openai.realtime_output import Equipment, Terms
from topcalls.sandbox.openai.realtime_response import GARBAGE, Response, Tokens
from topcalls.sandbox.openai.realtime_shapes import LONGEST_APPEND, check_client_event
from topcalls.sandbox.openai.realtime_turns import TurnEvents, Turns
from topcalls.sandbox.openai.realtime_wire import (
    CLOSE_EXPIRED,
    Agenda,
    Behaviour,
    Event,
    Outbox,
    Wire,
)
from topcalls.sandbox.openai.script import Situation
from topcalls.sandbox.openai.validation import Refusal


@dataclass(frozen=True)
class SessionRequest:
    """What a client connects for: `realtime` with a model, or `transcription` without."""

    kind: str = "realtime"
    model: str = "gpt-realtime-2.1"


@dataclass(frozen=True)
class SessionParts:
    """What a session is built from."""

    wire: Wire
    ears: Listener
    minds: Minds
    speak: Callable[[str], bytes]
    behaviour: Behaviour
    dice: random.Random
    clock: Clock


class RealtimeSession:
    """The service's side of one connection."""

    def __init__(self, request: SessionRequest, parts: SessionParts) -> None:
        self._parts = parts
        outbox = Outbox(parts.wire.send, parts.dice)
        self._outbox = outbox
        self.id = outbox.new_id("sess")
        expires_at = int(parts.clock.now().timestamp() + parts.behaviour.session_seconds)
        self.config = default_session(request.kind, request.model, self.id, expires_at)
        self.conversation = Conversation(outbox.new_id("conv"))
        self._equipment = Equipment(
            self.conversation, outbox, parts.wire, parts.speak, parts.behaviour, parts.dice
        )
        events = TurnEvents(self._on_speech, self._on_turn)
        self.turns = Turns(self.config["audio"]["input"], self._equipment, parts.ears, events)
        self._agenda = Agenda()
        self._mind = SessionMind(parts.minds, parts.ears)
        self._responses: dict[str, Response] = {}
        self._has_spoken = False
        self._cached: Tokens = (0, 0)

    def open(self) -> None:
        """The socket is up: greet the client, start the session's hour."""
        self._outbox.send("session.created", session=self.config)
        expiry = self._parts.clock.monotonic() + self._parts.behaviour.session_seconds
        self._agenda.at(expiry, "expiry", self.expire)

    def close(self) -> None:
        """The socket is gone."""
        self._mind.close()
        self._parts.ears.close()
        self._responses.clear()

    @property
    def due(self) -> float | None:
        """When `advance` has something to do (monotonic seconds)."""
        times = [self._agenda.due, self.turns.transcription.agenda.due]
        return min((time for time in times if time is not None), default=None)

    @property
    def active_response(self) -> Response | None:
        """The response in progress in the default conversation."""
        active = (item for item in self._responses.values() if item.terms.in_conversation)
        return next(active, None)

    def advance(self) -> None:
        """Do what is due."""
        now = self._parts.clock.monotonic()
        self._agenda.run(now)
        self.turns.transcription.agenda.run(now)

    def receive(self, frame: str) -> None:
        """One text frame of the client. What is wrong with it is answered, never raised."""
        event = _parsed(frame)
        self._parts.wire.note(event, frame)
        event_id = event.get("event_id") if event else None
        try:
            if event is None:
                raise Refusal("invalid_json", "Expected a JSON object in a text frame.")
            check_client_event(event)
            self._HANDLERS[event["type"]](self, event)
        except Refusal as refusal:
            self._outbox.refuse(refusal, event_id if isinstance(event_id, str) else None)
        self.turns.transcription.schedule(self._parts.clock.monotonic())

    def expire(self) -> None:
        """The session's hour is over."""
        refusal = Refusal("session_expired", CLOSE_EXPIRED[1])
        self._outbox.refuse(refusal)
        self._parts.wire.close(*CLOSE_EXPIRED)

    def send_garbage(self) -> None:
        """Frames that no client expects."""
        for text in GARBAGE:
            self._parts.wire.send_raw(text)

    def _on_session_update(self, event: Event) -> None:
        self.config = updated(self.config, event["session"], has_spoken=self._has_spoken)
        self.turns.configure(self.config["audio"]["input"])
        self._outbox.send("session.updated", session=self.config)

    def _on_append(self, event: Event) -> None:
        self.turns.append(_decoded(event["audio"], "audio"))

    def _on_commit(self, _: Event) -> None:
        self.turns.commit()

    def _on_clear(self, _: Event) -> None:
        self.turns.clear()

    def _on_item_create(self, event: Event) -> None:
        data = {
            "id": self._outbox.new_id("item"),
            "object": "realtime.item",
            **event["item"],
            "status": "completed",
        }
        if data["type"] == "function_call":
            data.setdefault("call_id", self._outbox.new_id("call"))
        item = self._client_item(data, "item")
        previous = self.conversation.add(item, event.get("previous_item_id"))
        if data.get("role") == "assistant":
            self._mind.remember(caller_words(self.conversation.unanswered()))
        for kind in ("conversation.item.added", "conversation.item.done"):
            self._outbox.send(kind, item=dict(item.data), previous_item_id=previous)

    def _on_item_retrieve(self, event: Event) -> None:
        item = self.conversation.find(event["item_id"], "retrieve")
        data = dict(item.data)
        if item.pcm:
            side = "output" if item.is_model_audio else "input"
            wire_bytes = Encoder(self.config["audio"][side]["format"]).encode(item.pcm)
            audio = base64.b64encode(wire_bytes).decode()
            data["content"] = [{**data["content"][0], "audio": audio}]
        self._outbox.send("conversation.item.retrieved", item=data)

    def _on_item_truncate(self, event: Event) -> None:
        ids = {key: event[key] for key in ("item_id", "content_index", "audio_end_ms")}
        self.conversation.truncate(**ids)
        self._outbox.send("conversation.item.truncated", **ids)

    def _on_item_delete(self, event: Event) -> None:
        self.conversation.delete(event["item_id"])
        self._outbox.send("conversation.item.deleted", item_id=event["item_id"])

    def _on_response_create(self, event: Event) -> None:
        self._respond(event.get("response") or {})

    def _on_response_cancel(self, event: Event) -> None:
        wanted = event.get("response_id")
        response = self._responses.get(wanted) if wanted else self.active_response
        if response is None:
            raise Refusal(
                "response_cancel_not_active", "Cancellation failed: no active response found"
            )
        self._cancel(response, "client_cancelled")

    def _on_output_clear(self, _: Event) -> None:
        raise Refusal(
            "invalid_value",
            "'output_audio_buffer.clear' is only supported over WebRTC and SIP.",
            "type",
        )

    _HANDLERS: dict[str, Callable[[RealtimeSession, Event], None]] = {
        "session.update": _on_session_update,
        "input_audio_buffer.append": _on_append,
        "input_audio_buffer.commit": _on_commit,
        "input_audio_buffer.clear": _on_clear,
        "conversation.item.create": _on_item_create,
        "conversation.item.retrieve": _on_item_retrieve,
        "conversation.item.truncate": _on_item_truncate,
        "conversation.item.delete": _on_item_delete,
        "response.create": _on_response_create,
        "response.cancel": _on_response_cancel,
        "output_audio_buffer.clear": _on_output_clear,
    }

    def _on_speech(self) -> None:
        active = self.active_response
        if active and self._vad.get("interrupt_response"):
            self._cancel(active, "turn_detected")

    def _on_turn(self, is_timeout: bool) -> None:
        if self.config["type"] != "realtime":
            return
        if is_timeout or self._vad.get("create_response"):
            try:
                self._respond({})
            except Refusal as refusal:
                self._outbox.refuse(refusal)

    @property
    def _vad(self) -> Event:
        return self.config["audio"]["input"]["turn_detection"] or {}

    def _respond(self, wanted: Event) -> None:
        """Begin a response; `wanted` is the client's `response.create`, {} for one by itself."""
        if self.config["type"] != "realtime":
            raise Refusal("invalid_value", "Transcription sessions cannot respond.", "type")
        in_conversation = wanted.get("conversation") != "none"
        if in_conversation and (active := self.active_response):
            raise Refusal(
                "conversation_already_has_active_response",
                f"Conversation already has an active response in progress: {active.id}. Wait until "
                "the response is finished before creating a new one.",
            )
        check_response_settings(wanted, self.config, has_spoken=self._has_spoken)
        situation, items, context = self._situation(wanted)
        self.turns.stop_idle_time()
        answer = self._mind.answer(situation)
        response = Response(
            self._terms(wanted, in_conversation),
            answer,
            self._equipment,
            (context, self._cached),
            partial(self._on_response_done, situation, items),
        )
        self._cached = (context[0] // 64 * 64, context[1] // 64 * 64)
        self._responses[response.id] = response
        self._go_on(response, response.perform())

    def _go_on(self, response: Response, steps: Iterator[float]) -> None:
        """Let the response act until it wants to wait, and plan its next step."""
        delay = next(steps, None)
        if response.audio_ms:
            self._has_spoken = True
        if delay is not None and response.id in self._responses:
            when = self._parts.clock.monotonic() + delay
            self._agenda.at(when, response.id, lambda: self._go_on(response, steps))

    def _cancel(self, response: Response, reason: str) -> None:
        self._agenda.call_off(response.id)
        response.cancel(reason)

    def _on_response_done(
        self, situation: Situation, items: list[Item], response: Response
    ) -> None:
        del self._responses[response.id]
        if response.was_called_off:
            self._mind.take_back(situation)
            self.conversation.give_back(items)
        if response.terms.in_conversation:
            self.turns.start_idle_time(response.audio_ms)
            self.turns.transcription.answer_is_done()

    def _situation(self, wanted: Event) -> tuple[Situation, list[Item], Tokens]:
        """What the model has to go on, the items that are news in it, the size of what it reads."""
        config = {**self.config, **wanted}
        if "input" in wanted:
            items = [self._input_item(data) for data in wanted["input"]]
            read = Conversation("")
            read.items = items
            given = " ".join(item.words for item in items if item.words)
        else:
            items, given, read = self.conversation.unanswered(), "", self.conversation
        tools = {tool["name"]: tool.get("parameters", {}) for tool in _functions(config["tools"])}
        situation = Situation(
            heard=caller_words(items),
            instructions=wanted.get("instructions", ""),
            has_tool_results=any(item.data["type"] == "function_call_output" for item in items),
            tools=tools,
            tool_choice=config["tool_choice"],
            given=given,
            prompt=str(self.config["instructions"] or ""),
        )
        text, audio = read.tokens()
        prompt = text_tokens(str(config["instructions"])) + text_tokens(json.dumps(tools))
        return situation, items, (text + prompt, audio)

    def _terms(self, wanted: Event, in_conversation: bool) -> Terms:
        output = {**self.config["audio"]["output"], **wanted.get("audio", {}).get("output", {})}
        voice = output["voice"]
        config = {**self.config, **wanted}
        return Terms(
            response_id=self._outbox.new_id("resp"),
            output_format=output["format"],
            voice=voice["id"] if isinstance(voice, dict) else voice,
            modalities=config["output_modalities"],
            max_output_tokens=config["max_output_tokens"],
            metadata=wanted.get("metadata"),
            in_conversation=in_conversation,
        )

    def _input_item(self, data: Event) -> Item:
        if data["type"] != "item_reference":
            return self._client_item(data, "response.input")
        return replace(self.conversation.find(data["id"], "retrieve"))

    def _client_item(self, data: Event, path: str) -> Item:
        """An item as a client sends it: its audio is listened to, and not kept in `data`."""
        item = Item({"id": "", **data})
        words, content = [], []
        for index, part in enumerate(data.get("content") or ()):
            if part["type"] == "input_audio":
                pcm = _decoded(part["audio"], f"{path}.content[{index}].audio")
                item.pcm = Decoder(self.config["audio"]["input"]["format"]).decode(pcm)
                words.append(self.turns.hear(item.pcm))
                content.append({"type": "input_audio", "transcript": part.get("transcript")})
            else:
                words.append(part.get("text", ""))
                content.append(part)
        if content:
            item.data["content"] = content
        item.words = " ".join(word for word in words if word) or None
        return item


def _functions(tools: list[Event]) -> list[Event]:
    return [tool for tool in tools if tool["type"] == "function"]


def _parsed(frame: str) -> Event | None:
    try:
        event = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _decoded(audio: str, path: str) -> bytes:
    if len(audio) * 3 // 4 > LONGEST_APPEND + 2:
        raise Refusal(
            "string_above_max_length", f"Invalid '{path}': audio is longer than 15 MiB.", path
        )
    try:
        return base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(
            "invalid_value",
            f"Invalid '{path}'. Expected base64-encoded audio bytes.",
            path,
        ) from None

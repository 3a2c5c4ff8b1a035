"""Clients of the Realtime double, on a socket and without one, that validate all they are sent.

Both have the same face: `send`, `append`, `until`, `closed`. Every event goes through the `openai`
package's own model for its type.
"""

from __future__ import annotations

import base64
import json
import random
import typing
from datetime import UTC, datetime

import gevent
import websocket
from gevent.event import Event
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from sandbox_openai_speech import spoken

from topcalls.clock import ManualClock, SystemClock
from topcalls.sandbox.hearing import Hearing
from topcalls.sandbox.openai.http_server import OpenAIDouble
from topcalls.sandbox.openai.minds import Minds
from topcalls.sandbox.openai.realtime_response import GARBAGE
from topcalls.sandbox.openai.realtime_server import Studio
from topcalls.sandbox.openai.realtime_session import (
    RealtimeSession,
    SessionParts,
    SessionRequest,
)
from topcalls.sandbox.openai.realtime_wire import Behaviour
from topcalls.sandbox.scenario import Answer, HangUp, ModelRule, Scenario, ToolUse

GONE = "(connection lost)"
QUICK = Behaviour(first_audio=0.02, speed=100.0, transcription_delay=0.01)
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def _models(union):
    """{value of the literal `type`: pydantic model} of a discriminated union."""
    members = typing.get_args(typing.get_args(union)[0])
    return {typing.get_args(item.model_fields["type"].annotation)[0]: item for item in members}


SERVER_EVENTS = _models(RealtimeServerEvent)
CLIENT_EVENTS = _models(RealtimeClientEvent)


def validate(event):
    """Raise unless the event is what the vendor's package says it is, with the right Content."""
    SERVER_EVENTS[event["type"]].model_validate(event, strict=False)
    assert event["event_id"].startswith("event_")


def scenario(*rules, name="talk", number="+12025550100"):
    """A scenario of which only the model's rules matter, each a mapping as in the YAML."""
    return Scenario(name, number, "test", (Answer(), HangUp()), tuple(_rule(**r) for r in rules))


def _rule(tool=None, **rule):
    return ModelRule(tool=ToolUse(**tool) if tool else None, **rule)


def hearing_with_calls(clock):
    """A hearing whose live calls a test sets in `calls`."""
    calls = {}
    hearing = Hearing(clock, lambda: calls)
    hearing.calls = calls
    return hearing


class Peer:
    """What both clients can do; `events` are all that came, `mark` how far they were looked at."""

    def __init__(self):
        self.events = []
        self.raw = []
        self.sent = []
        self.closed = None
        self.mark = 0

    def arrived(self, event):
        validate(event)
        self.events.append(event)

    def append(self, *sounds, frame=160):
        """Caller's audio, PCMU, in pieces of `frame` bytes; all at once if 0."""
        data = b"".join(sounds)
        size = frame or len(data)
        for start in range(0, len(data), size):
            audio = base64.b64encode(data[start : start + size]).decode()
            self.send("input_audio_buffer.append", audio=audio)

    def configure(self, **session):
        """`session.update`; returns what the session then is."""
        self.send("session.update", session={"type": "realtime", **session})
        return self.until("session.updated")[-1]["session"]

    def telephone(self, **settings):
        """PCMU both ways and the given VAD settings; None = manual turns."""
        vad = settings.pop("vad", {})
        turn_detection = None if vad is None else {"type": "server_vad", **vad}
        fmt = {"type": "audio/pcmu"}
        audio_input = {"format": fmt, "turn_detection": turn_detection, **settings.pop("input", {})}
        return self.configure(audio={"input": audio_input, "output": {"format": fmt}}, **settings)

    def until(self, kind, timeout=5.0):
        """The events since the last call, up to the first of type `kind`."""
        raise NotImplementedError

    def fresh(self):
        """The events since the last call that have come already."""
        found = self.events[self.mark :]
        self.mark = len(self.events)
        return found

    def _found(self, kind):
        for index in range(self.mark, len(self.events)):
            if self.events[index]["type"] == kind:
                found = self.events[self.mark : index + 1]
                self.mark = index + 1
                return found
        return None

    def of(self, kind):
        """Every event of a type so far."""
        return [event for event in self.events if event["type"] == kind]


class PureClient(Peer):
    """Drives a session without a socket; time is turned by hand."""

    def __init__(self, scenarios=(), behaviour=QUICK, seed=1, request=None, hearing=None):
        super().__init__()
        self.clock = ManualClock(START)
        self.hearing = hearing or hearing_with_calls(self.clock)
        parts = SessionParts(
            wire=_Wire(self),
            ears=self.hearing.listener(),
            minds=Minds(scenarios),
            speak=spoken,
            behaviour=behaviour,
            dice=random.Random(seed),
            clock=self.clock,
        )
        self.session = RealtimeSession(request or SessionRequest(), parts)
        self._wire_is_up = True
        self.session.open()

    def send(self, kind, **fields):
        self.send_text(json.dumps({"type": kind, **fields}))

    def send_text(self, text):
        if self._wire_is_up:
            self.session.receive(text)

    def until(self, kind, timeout=60.0):
        end = self.clock.monotonic() + timeout
        while (found := self._found(kind)) is None:
            due = self.session.due
            seen = [event["type"] for event in self.events[self.mark :]]
            assert due is not None and due <= end and self._wire_is_up, f"no {kind} after {seen}"
            self.clock.advance(max(0.0, due - self.clock.monotonic()))
            self.session.advance()
        return found

    def run(self, seconds):
        """Let time pass; what was sent meanwhile."""
        end = self.clock.monotonic() + seconds
        while (due := self.session.due) is not None and due <= end and self._wire_is_up:
            self.clock.advance(max(0.0, due - self.clock.monotonic()))
            self.session.advance()
        self.clock.advance(end - self.clock.monotonic())
        return self.fresh()

    def end(self, code, reason):
        self.closed = (code, reason)
        self._wire_is_up = False

    def wait_closed(self):
        """(code, reason) of the end; time passes until then."""
        while self.closed is None:
            self.clock.advance(max(0.0, self.session.due - self.clock.monotonic()))
            self.session.advance()
        return self.closed


class _Wire:
    """A session's way to its `PureClient`."""

    def __init__(self, client):
        self._client = client

    def note(self, event, frame):
        self._client.sent.append(event)

    def send(self, event):
        self._client.arrived(json.loads(json.dumps(event)))

    def send_raw(self, text):
        self._client.raw.append(text)

    def close(self, code, reason):
        self._client.end(code, reason)

    def cut(self):
        self._client.end(1006, GONE)


class SocketClient(Peer):
    """The same over a real WebSocket, with the library that the product uses."""

    def __init__(self, double, *, key="sk-test", query="?model=gpt-realtime-2.1", headers=()):
        super().__init__()
        url = double.base_url.replace("http://", "ws://") + "/realtime" + query
        self._socket = websocket.create_connection(
            url,
            header=[f"Authorization: Bearer {key}", *headers],
            enable_multithread=True,
            skip_utf8_validation=True,
            timeout=5,
        )
        self._changed = Event()
        self._failure = None
        self._reader = gevent.spawn(self._read)

    def send(self, kind, **fields):
        self.send_text(json.dumps({"type": kind, **fields}))

    def send_text(self, text):
        self._socket.send(text)

    def until(self, kind, timeout=5.0):
        with gevent.Timeout(timeout, TimeoutError(f"no {kind} after {self._kinds()}")):
            while (found := self._found(kind)) is None:
                assert self.closed is None, f"closed before {kind}"
                self._wait()
        return found

    def wait_closed(self, timeout=5.0):
        """(code, reason) of the end."""
        with gevent.Timeout(timeout, TimeoutError("still open")):
            while self.closed is None:
                self._wait()
        return self.closed

    def hang_up(self):
        self._reader.kill()
        self._socket.close(timeout=1)
        self._socket.shutdown()

    def _wait(self):
        self._changed.wait()
        if self._failure is not None:
            raise self._failure

    def _kinds(self):
        return [event["type"] for event in self.events[self.mark :]]

    def _read(self):
        try:
            while self.closed is None:
                self._read_one()
                self._changed.set()
                self._changed.clear()
            self._socket.shutdown()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self._failure = error
        self._changed.set()

    def _read_one(self):
        try:
            code, frame = self._socket.recv_data_frame(True)
        except (websocket.WebSocketConnectionClosedException, OSError):
            self.closed = (1006, GONE)
            return
        if code == websocket.ABNF.OPCODE_CLOSE:
            reason = frame.data[2:].decode()
            self.closed = (int.from_bytes(frame.data[:2], "big"), reason)
        elif code == websocket.ABNF.OPCODE_TEXT:
            self._text(frame.data.decode())

    def _text(self, text):
        if text in GARBAGE:
            self.raw.append(text)
        else:
            self.arrived(json.loads(text))


def studio(*scenarios, behaviour=QUICK, seed=1, **more):
    """What a double is made of, on the machine's clock."""
    clock = SystemClock()
    return Studio(
        hearing=hearing_with_calls(clock),
        minds=Minds(scenarios),
        speak=spoken,
        behaviour=behaviour,
        clock=clock,
        seed=seed,
        **more,
    )


def double(*scenarios, **settings):
    """A started double of the vendor; stop it."""
    server = OpenAIDouble(studio(*scenarios, **settings))
    server.start()
    return server


def kinds(events):
    """Types only, equal neighbours counted once, for comparing sequences."""
    found = []
    for event in events:
        if not found or found[-1] != event["type"]:
            found.append(event["type"])
    return found

"""A Realtime server on a real socket that says exactly what a test tells it to."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from gevent.queue import Queue

from topcalls.net.websocket import WebSocketConnection
from topcalls.net.websocket_handshake import HandshakeRequest, Rejection
from topcalls.net.websocket_server import WebSocketServer
from topcalls.providers.base import ProviderEvent, SessionConfig, Spent
from topcalls.providers.openai.realtime import OpenAIRealtime, OpenAIRealtimeSession

LIMIT = 5.0


class RealtimePeer:
    """Takes one connection at a time; `refusal` answers the handshake with HTTP instead."""

    def __init__(self) -> None:
        self.refusal: Rejection | None = None
        self.answers_config = True
        self.requests: list[HandshakeRequest] = []
        self.connection: WebSocketConnection | None = None
        self.closed = Queue()
        self._received = Queue()
        self._server = WebSocketServer(("127.0.0.1", 0), self._accept)
        self._server.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.port}/v1"

    def stop(self) -> None:
        self._server.stop()

    def send(self, *events: dict[str, Any] | str) -> None:
        assert self.connection is not None
        for event in events:
            self.connection.send_text(event if isinstance(event, str) else json.dumps(event))

    def expect(self, kind: str) -> dict[str, Any]:
        """The next event the client sends, which must be of this type."""
        event: dict[str, Any] = self._received.get(timeout=LIMIT)
        assert event["type"] == kind, event
        return event

    def _accept(self, request: HandshakeRequest) -> Any:
        self.requests.append(request)
        return self.refusal or self._serve

    def _serve(self, connection: WebSocketConnection) -> None:
        self.connection = connection
        connection.on_text = self._on_text
        connection.on_close = lambda code, reason: self.closed.put((code, reason))

    def _on_text(self, text: str) -> None:
        event = json.loads(text)
        if event["type"] == "session.update" and self.answers_config:
            self.send({"type": "session.updated", "session": event["session"]})
        self._received.put(event)


class Heard:
    """The events that came up from the adapter, in order; those of what stages took are kept
    apart, in `spent`."""

    def __init__(self) -> None:
        self._events = Queue()
        self.spent: list[Spent] = []

    def __call__(self, event: ProviderEvent) -> None:
        if isinstance(event, Spent) and event.model:
            self.spent.append(event)
        else:
            self._events.put(event)

    def next(self) -> ProviderEvent:
        return self._events.get(timeout=LIMIT)

    def take(self, count: int) -> list[ProviderEvent]:
        return [self.next() for _ in range(count)]

    @property
    def nothing(self) -> bool:
        return self._events.empty()


def audio_delta(audio: bytes, *, item: str = "item_a", response: str = "resp_1") -> dict[str, Any]:
    return {
        "type": "response.output_audio.delta",
        "response_id": response,
        "item_id": item,
        "output_index": 0,
        "content_index": 0,
        "delta": base64.b64encode(audio).decode(),
    }


def response_event(kind: str, response_id: str = "resp_1", **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", "response": {"id": response_id, **fields}}


def unauthorized() -> Rejection:
    body = {"error": {"code": "invalid_api_key", "message": "Incorrect API key provided: sk-12"}}
    return Rejection(HTTPStatus.UNAUTHORIZED, json.dumps(body))


@contextmanager
def realtime_peer() -> Iterator[RealtimePeer]:
    peer = RealtimePeer()
    try:
        yield peer
    finally:
        peer.stop()


def open_session(
    peer: RealtimePeer, config: SessionConfig, heard: Heard, **options: Any
) -> OpenAIRealtimeSession:
    session = OpenAIRealtime("sk-secret", peer.base_url, **options).open(config, heard)
    peer.expect("session.update")
    return session

"""Realtime sessions over real WebSockets, with a handle on each for tests and faults."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import gevent
from gevent import Timeout
from gevent.event import Event as Signal

from topcalls.clock import Clock, SystemClock
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.sandbox.hearing import Hearing
from topcalls.sandbox.http_wire import Exchange
from topcalls.sandbox.openai.journal import Journal
from topcalls.sandbox.openai.minds import Minds
from topcalls.sandbox.openai.realtime_session import (
    RealtimeSession,
    SessionParts,
    SessionRequest,
)
from topcalls.sandbox.openai.realtime_wire import CLOSE_BETA, Behaviour, Event, Outbox
from topcalls.sandbox.openai.switches import HttpFailure, Switches, split_model
from topcalls.sandbox.openai.validation import Refusal
from topcalls.sandbox.websocket_wire import WebSocket, WebSocketClosed

_CONNECTIONS_KEPT = 50
_MESSAGES_BEFORE_YIELD = 50
_CLOSING_SECONDS = 2.0

log = get_logger("sandbox.openai")


@dataclass(frozen=True)
class Studio:
    """What the double's endpoints share. `speak` gives PCMU at 8 kHz in the agent's voice.

    With `recordings` every Realtime session is written to a file there, client and server events
    as JSON lines. With `seed` all that is random comes out the same again.
    """

    hearing: Hearing
    minds: Minds
    speak: Callable[[str], bytes]
    behaviour: Behaviour = field(default_factory=Behaviour)
    clock: Clock = field(default_factory=SystemClock)
    recordings: Path | None = None
    record_audio: bool = False
    seed: int | None = None


class RealtimeConnection:
    """One client's connection. `journal` has what went over it; the faults act at once."""

    def __init__(self, websocket: WebSocket, request: SessionRequest, studio: Studio) -> None:
        self._websocket = websocket
        dice = random.Random(studio.seed)
        path = None
        if studio.recordings is not None:
            stamp = studio.clock.now().strftime("%Y%m%dT%H%M%S")
            path = studio.recordings / f"realtime-{stamp}-{new_id()[:8]}.jsonl"
        self.journal = Journal(studio.clock, path, with_audio=studio.record_audio)
        self.ears = studio.hearing.listener()
        self._clock = studio.clock
        parts = SessionParts(
            self, self.ears, studio.minds, studio.speak, studio.behaviour, dice, studio.clock
        )
        self.session = RealtimeSession(request, parts)
        self.closed = Signal()

    def run(self) -> None:
        """Serve the client until either side ends it."""
        try:
            self.session.open()
            self._serve()
        except WebSocketClosed as closed:
            log.debug("A Realtime client has gone.", code=closed.code)
        finally:
            self.session.close()
            self.journal.close()
            self.closed.set()
            if self._websocket.is_closed:
                self._websocket.drain(_CLOSING_SECONDS)

    def expire(self) -> None:
        """The 60 minutes are over now."""
        self.session.expire()

    def garbage(self) -> None:
        """Send frames that no client expects."""
        self.session.send_garbage()

    def note(self, event: Event | None, frame: str) -> None:
        self.journal.add("client", event, "" if event is not None else frame)

    def send(self, event: Event) -> None:
        self.journal.add("server", event)
        self._send(json.dumps(event))

    def send_raw(self, text: str) -> None:
        self.journal.add("server", None, text)
        self._send(text)

    def close(self, code: int, reason: str) -> None:
        self._websocket.close(code, reason)

    def cut(self) -> None:
        """Reset the TCP connection now."""
        self._websocket.cut()

    def _send(self, text: str) -> None:
        try:
            self._websocket.send_text(text)
        except WebSocketClosed:
            log.debug("A Realtime client is gone, an event is lost.")

    def _serve(self) -> None:
        for number in count(1):
            self.session.advance()
            due = self.session.due
            wait = None if due is None else max(0.001, due - self._clock.monotonic())
            message = self._websocket.receive(wait)
            if message is None:
                continue
            text = message if isinstance(message, str) else message.decode("latin-1")
            self.session.receive(text)
            if number % _MESSAGES_BEFORE_YIELD == 0:
                gevent.sleep(0)


class RealtimeEndpoint:
    """`/v1/realtime`."""

    def __init__(self, studio: Studio, switches: Switches) -> None:
        self._studio = studio
        self._switches = switches
        self._changed = Signal()
        self._count = 0
        self.connections: deque[RealtimeConnection] = deque(maxlen=_CONNECTIONS_KEPT)
        if studio.recordings is not None:
            studio.recordings.mkdir(parents=True, exist_ok=True)

    def serve(self, exchange: Exchange) -> None:
        """A handshake whose key has been found good."""
        query = exchange.request.query
        model = query.get("model", "")
        failure = self._switches.failure(model) or _query_failure(query)
        if failure is not None:
            exchange.respond_json(failure.status, failure.body(), failure.headers)
            return
        try:
            websocket = exchange.upgrade()
        except ValueError:
            exchange.respond_json(426, _NO_HANDSHAKE.body(), [("Upgrade", "websocket")])
            return
        if "realtime=v1" in exchange.request.headers.get("openai-beta", ""):
            _send_away(websocket)
            return
        kind = query.get("intent", "realtime")
        connection = RealtimeConnection(
            websocket, SessionRequest(kind, split_model(model)[0]), self._studio
        )
        self.connections.append(connection)
        self._count += 1
        self._changed.set()
        self._changed.clear()
        connection.run()

    def wait_for_connection(self, index: int = 0, timeout: float = 5.0) -> RealtimeConnection:
        """The connection number `index` since the start, when it is there; old ones are let go."""
        with Timeout(timeout, TimeoutError(f"No Realtime connection in {timeout} s.")):
            while self._count <= index:
                self._changed.wait()
        return self.connections[index - self._count]


_NO_HANDSHAKE = HttpFailure(
    426, "invalid_request_error", None, "This endpoint is reached by WebSocket."
)


def _query_failure(query: dict[str, str]) -> HttpFailure | None:
    if query.get("intent") == "transcription":
        if "model" in query:
            return _bad_query("invalid_model", "Model is not supported in transcription mode.")
        return None
    if "intent" in query:
        return _bad_query("invalid_value", "Invalid intent.")
    if not query.get("model"):
        return _bad_query("missing_model", "You must provide a model parameter.")
    return None


def _bad_query(code: str, message: str) -> HttpFailure:
    return HttpFailure(400, "invalid_request_error", code, message)


def _send_away(websocket: WebSocket) -> None:
    """The beta protocol: the socket opens only to say that it is gone."""
    refusal = Refusal(
        "beta_api_shape_disabled",
        "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API.",
    )
    try:
        Outbox(lambda event: websocket.send_text(json.dumps(event)), random.Random()).refuse(
            refusal
        )
        websocket.close(*CLOSE_BETA)
        websocket.drain(_CLOSING_SECONDS)
    except WebSocketClosed:
        log.debug("A Realtime client has gone.")

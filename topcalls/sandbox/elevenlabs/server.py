"""The double of api.elevenlabs.io: both sockets, and what `rest.py` serves.

Any key that begins with `el-` is good; any voice is known but those that begin with `no` or were
deleted. A fault is part of the model's name: `+rate-limit`, `+server-error` and `+quota` refuse the
handshake, `+mute` never answers, `+cut` resets the connection at the first text or sound.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable

from gevent import Timeout
from gevent.event import Event

from topcalls.log import get_logger
from topcalls.sandbox.elevenlabs import rest, scribe, shelf, speaking
from topcalls.sandbox.hearing import Hearing
from topcalls.sandbox.http_wire import Exchange, HttpServer
from topcalls.sandbox.websocket_wire import WebSocket, WebSocketClosed

_KEPT = 50
_IDLE_SECONDS = 20.0
_LONGEST_IDLE = 180.0
_TTS, _MULTI, _STT = "/v1/text-to-speech/", "/multi-stream-input", "/v1/speech-to-text/realtime"
_FAULTS = {
    "rate-limit": (429, "too_many_concurrent_requests"),
    "server-error": (500, "internal_error"),
    "quota": (401, "quota_exceeded"),
}
_NO_KEY = (401, "invalid_api_key", "Invalid API key")

log = get_logger("sandbox.elevenlabs")


class Connection:
    """One client. `received` are its messages; `query` and `path` what it connected to, `keyterms`
    the words it wants to be expected."""

    def __init__(self, websocket: WebSocket, exchange: Exchange) -> None:
        self.path = exchange.request.path
        self.query = exchange.request.query
        self.keyterms = exchange.request.values("keyterms")
        self.received: list[str] = []
        self.closed = Event()
        self.spoken: list[tuple[str, str]] = []
        self._websocket = websocket
        self._fault = _fault(self.query)

    def cut(self) -> None:
        """Reset the TCP connection now."""
        self._websocket.cut()

    def speak(self, voice: Callable[[str], bytes]) -> None:
        """Serve as `multi-stream-input`."""
        contexts = speaking.Contexts(self.query, voice, self._websocket.send_text)
        self.spoken = contexts.spoken
        idle = min(float(self.query.get("inactivity_timeout", _IDLE_SECONDS)), _LONGEST_IDLE)
        try:
            while (message := self._next(idle)) is not None:
                if self._fault != "mute" and not contexts.receive(message):
                    self._websocket.close(1000)
                    return
            body = {"message": "No input received.", "error": "input_timeout_exceeded"}
            self._refuse({**body, "code": 1008})
        except speaking.Refused as refused:
            self._refuse(refused.body)

    def listen(self, hearing: Hearing) -> None:
        """Serve as `speech-to-text/realtime`."""
        ears = hearing.listener()
        try:
            session = scribe.Scribe(self.query, ears, self._websocket.send_text)
            while (message := self._next(None)) is not None:
                if self._fault != "mute":
                    session.receive(message)
        except scribe.InputError as error:
            self._refuse({"message_type": error.kind, "error": str(error)})
        finally:
            ears.close()

    def _next(self, timeout: float | None) -> str | None:
        message = self._websocket.receive(timeout)
        if message is None:
            return None
        text = message if isinstance(message, str) else message.decode("latin-1")
        self.received.append(text)
        if self._fault == "cut":
            self._websocket.cut()
            raise WebSocketClosed(1006)
        return text

    def _refuse(self, body: dict[str, object]) -> None:
        self._websocket.send_text(json.dumps(body))
        self._websocket.close(1008, str(body.get("error"))[:100])


class ElevenLabsDouble:
    """Listens; `connections` are the latest clients, `voices` those of the account."""

    def __init__(
        self,
        hearing: Hearing,
        speak: Callable[[str], bytes],
        address: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        """`speak` gives PCMU at 8 kHz."""
        self._hearing = hearing
        self._speak = speak
        self._server = HttpServer(address, self._serve)
        self._changed = Event()
        self._count = 0
        self.voices = shelf.VoiceShelf()
        self.connections: deque[Connection] = deque(maxlen=_KEPT)

    @property
    def base_url(self) -> str:
        """What goes into a client's base URL."""
        return f"http://{self._server.host}:{self._server.port}"

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """Close everything."""
        self._server.stop()

    def wait_for_connection(self, index: int = 0, timeout: float = 5.0) -> Connection:
        """The connection number `index` since the start, when it is there."""
        with Timeout(timeout, TimeoutError(f"No ElevenLabs connection in {timeout} s.")):
            while self._count <= index:
                self._changed.wait()
        return self.connections[index - self._count]

    def _serve(self, exchange: Exchange) -> None:
        has_key = exchange.request.headers.get("xi-api-key", "").startswith("el-")
        if has_key and rest.answer(exchange, self.voices):
            return
        refused = _refusal(exchange, self.voices) if has_key else _NO_KEY
        if refused is None:
            self._socket(exchange)
            return
        status, code, message = refused
        exchange.respond_json(status, {"detail": {"status": code, "message": message}})

    def _socket(self, exchange: Exchange) -> None:
        try:
            websocket = exchange.upgrade()
        except ValueError:
            exchange.respond_json(426, {"detail": {"status": "upgrade_required"}})
            return
        connection = Connection(websocket, exchange)
        self.connections.append(connection)
        self._count += 1
        self._changed.set()
        self._changed.clear()
        try:
            if exchange.request.path == _STT:
                connection.listen(self._hearing)
            else:
                connection.speak(self._speak)
        except WebSocketClosed as closed:
            log.debug("An ElevenLabs client has gone.", code=closed.code)
        finally:
            connection.closed.set()
            if websocket.is_closed:
                websocket.drain(2.0)


def _refusal(exchange: Exchange, voices: shelf.VoiceShelf) -> tuple[int, str, str] | None:
    request = exchange.request
    if fault := _FAULTS.get(_fault(request.query)):
        return *fault, "Refused."
    if request.path == _STT:
        problem = scribe.problem_of(request.query, request.values("keyterms"))
    elif request.path.startswith(_TTS) and request.path.endswith(_MULTI):
        problem = _problem_of_voice(request.path, request.query, voices)
    else:
        return 404, "not_found", "Not Found"
    return (400, "invalid_parameters", problem) if problem else None


def _problem_of_voice(path: str, query: dict[str, str], voices: shelf.VoiceShelf) -> str:
    voice = path.removeprefix(_TTS).removesuffix(_MULTI)
    if not voices.can_speak(voice):
        return f"A voice with voice_id {voice} does not exist."
    model = query.get("model_id", speaking.MODELS[0]).replace(" ", "+").partition("+")[0]
    if model not in speaking.MODELS:
        return f"A model with model_id {model} does not exist."
    if query.get("output_format", "mp3_44100_128") not in speaking.FORMATS:
        return "The sandbox speaks telephone and pcm formats only; set output_format."
    return ""


def _fault(query: dict[str, str]) -> str:
    """The part of the model's name behind its plus sign; a plain one arrives as a space."""
    return query.get("model_id", "").replace(" ", "+").partition("+")[2]

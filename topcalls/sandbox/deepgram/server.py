"""The double of api.deepgram.com: `/v1/listen` (Nova) and `/v2/listen` (Flux).

Any key that begins with `dg-` is good. A fault is part of the model's name: `nova-3+rate-limit`,
`+server-error`, `+forbidden` and `+quota` refuse the handshake; `+deaf` hears nothing, `+cut`
resets the connection when somebody speaks.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable

from gevent import Timeout
from gevent.event import Event

from topcalls.clock import Clock, SystemClock
from topcalls.log import get_logger
from topcalls.sandbox.deepgram import wire
from topcalls.sandbox.deepgram.ears import Flux, Nova
from topcalls.sandbox.hearing import Hearing
from topcalls.sandbox.http_wire import Exchange, HttpServer
from topcalls.sandbox.websocket_wire import WebSocket, WebSocketClosed

_KEPT = 50
_Recognizer = type[Nova] | type[Flux]
_PATHS: dict[str, tuple[Callable[[dict[str, str]], wire.Refused | None], _Recognizer]] = {
    "/v1/listen": (wire.refusal_of_nova, Nova),
    "/v2/listen": (wire.refusal_of_flux, Flux),
}

log = get_logger("sandbox.deepgram")


class Connection:
    """One client. `sent` and `received` are the text messages, for tests."""

    def __init__(self, websocket: WebSocket, exchange: Exchange, hearing: Hearing, clock: Clock):
        query = exchange.request.query
        self.query = query
        self.received: list[str] = []
        self.sent: list[str] = []
        self.closed = Event()
        self._websocket = websocket
        self._clock = clock
        self._fault = _fault(query)
        self._listener = hearing.listener()
        self._recognizer = _PATHS[exchange.request.path][1](query, self._listener, self._send)

    def run(self) -> None:
        """Serve until either side ends it."""
        try:
            self._serve()
        except WebSocketClosed as closed:
            log.debug("A Deepgram client has gone.", code=closed.code)
        finally:
            self._listener.close()
            self.closed.set()
            if self._websocket.is_closed:
                self._websocket.drain(2.0)

    def cut(self) -> None:
        """Reset the TCP connection now."""
        self._websocket.cut()

    def _serve(self) -> None:
        fed_at = self._clock.monotonic()
        while True:
            left = fed_at + wire.NO_AUDIO_SECONDS - self._clock.monotonic()
            message = self._websocket.receive(max(0.01, left))
            if message is None:
                self._websocket.close(*wire.CLOSE_NO_AUDIO)
                return
            fed_at = self._clock.monotonic()
            if isinstance(message, bytes):
                if self._fault != "deaf":
                    self._recognizer.listen(message)
            elif not self._control(message):
                return

    def _control(self, text: str) -> bool:
        self.received.append(text)
        try:
            message = json.loads(text)
        except ValueError:
            message = {}
        if not isinstance(message, dict) or not self._recognizer.control(message):
            self._websocket.close(*wire.CLOSE_NOT_AUDIO)
            return False
        if message["type"] == "CloseStream":
            self._recognizer.close()
            self._websocket.close(1000)
            return False
        return True

    def _send(self, text: str) -> None:
        if self._fault == "cut" and '"transcript"' in text:
            self._websocket.cut()
            raise WebSocketClosed(1006)
        self.sent.append(text)
        self._websocket.send_text(text)


class DeepgramDouble:
    """Listens; `connections` are the latest clients."""

    def __init__(
        self,
        hearing: Hearing,
        address: tuple[str, int] = ("127.0.0.1", 0),
        clock: Clock | None = None,
    ) -> None:
        self._hearing = hearing
        self._clock = clock or SystemClock()
        self._server = HttpServer(address, self._serve)
        self._changed = Event()
        self._count = 0
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
        with Timeout(timeout, TimeoutError(f"No Deepgram connection in {timeout} s.")):
            while self._count <= index:
                self._changed.wait()
        return self.connections[index - self._count]

    def _serve(self, exchange: Exchange) -> None:
        request = exchange.request
        known = _PATHS.get(request.path)
        if known is None:
            exchange.respond(404)
            return
        refused = (
            wire.refusal_of_key(request.headers)
            or known[0](request.query)
            or wire.refusal_of_keyterms(request.values("keyterm"))
            or wire.FAULTS.get(_fault(request.query))
        )
        if refused is not None:
            exchange.respond_json(refused.status, refused.body())
            return
        try:
            websocket = exchange.upgrade()
        except ValueError:
            exchange.respond_json(400, wire.Refused(400, "Bad Request", "No upgrade.").body())
            return
        connection = Connection(websocket, exchange, self._hearing, self._clock)
        self.connections.append(connection)
        self._count += 1
        self._changed.set()
        self._changed.clear()
        connection.run()


def _fault(query: dict[str, str]) -> str:
    """The part of the model's name behind its plus sign; a plain one arrives as a space."""
    name = query.get("model", "")
    return name.replace(" ", "+").partition("+")[2]

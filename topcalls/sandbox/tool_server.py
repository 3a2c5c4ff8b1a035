"""A customer's tool server: answers calls of tools, and behaves badly where it is asked to.

The path decides: a tool at `/slow` is slow, one at any other path gets what `FUNCTIONS` know, or
its arguments back. `GET /` lists what came. From another process:

- `PUT /-/answers` with `{"look_up_order": {"status": "lost"}}`: what a tool answers from now on
- `PUT /-/secret` with `"whsec_..."`: refuse what is not signed with this secret
- `DELETE /`: forget what came

It keeps the `Idempotency-Key` as a good server does: the same key gets the first answer again, and
nothing is done twice.

Paths: a status such as `/500`; `/slow` (answers after a while); `/drop` (the connection is reset);
`/html`; `/huge` (10 MB); `/text`; `/broken` (no JSON); `/redirect` (to a private address);
`/busy` (503 once, with Retry-After); `/later` (202, and the result by `result_url`);
`/never` (202, and no result); `/appointments` (a booking server: `sandbox/booking_desk.py`).
"""

from __future__ import annotations

import http.client
import json
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import Timeout, socket
from gevent.event import Event as Signal

from topcalls.log import get_logger
from topcalls.sandbox.booking_desk import BookingDesk
from topcalls.sandbox.http_wire import Exchange, HttpServer, Request
from topcalls.sandbox.signatures import Signatures

_KEPT = 1000
_CONTROL = "/-/"
_HUGE = 10 * 1024 * 1024
_PIECE = b"x" * 65_536
PRIVATE = "http://169.254.169.254/latest/meta-data/"
FUNCTIONS: dict[str, Any] = {
    "look_up_order": {"status": "shipped", "left": "this morning", "arrives": "tomorrow"},
    "check_stock": {"in_stock": 12},
}

log = get_logger("sandbox.tools")


@dataclass(frozen=True)
class ToolCalled:
    """One POST. `is_verified` is None when no secret is known; `is_repeated`: its key was known."""

    path: str
    headers: dict[str, str]
    body: bytes
    is_verified: bool | None
    is_repeated: bool

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    @property
    def tool(self) -> str:
        return str(self.json().get("tool"))


class ToolServer:
    """Listens; `calls` holds the latest thousand, oldest first."""

    def __init__(
        self,
        address: tuple[str, int] = ("127.0.0.1", 0),
        *,
        slow_seconds: float = 5.0,
        later_seconds: float = 2.0,
    ) -> None:
        self._slow_seconds = slow_seconds
        self._later_seconds = later_seconds
        self._signatures = Signatures()
        self._server = HttpServer(address, self._serve)
        self._given: dict[str, bytes] = {}  # by idempotency key
        self._busy: set[str] = set()
        self._arrived = Signal()
        self._bringing: list[Any] = []
        self.calls: deque[ToolCalled] = deque(maxlen=_KEPT)
        self.brought: list[tuple[int, bytes]] = []
        self.answers: dict[str, Any] = dict(FUNCTIONS)
        self.bookings = BookingDesk()
        self._paths: dict[str, Callable[[Exchange], None]] = {
            "/slow": self._slow,
            "/drop": Exchange.drop,
            "/html": lambda exchange: exchange.respond(200, _PAGE, [("Content-Type", "text/html")]),
            "/huge": _huge,
            "/text": lambda exchange: exchange.respond(200, b"in stock", _TEXT),
            "/broken": lambda exchange: exchange.respond(200, b'{"status": ', _JSON),
            "/redirect": lambda exchange: exchange.respond(302, b"", [("Location", PRIVATE)]),
            "/busy": self._be_busy,
            "/later": self._later,
            "/never": lambda exchange: exchange.respond(202),
            "/appointments": self._appointments,
        }

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """Close everything."""
        self._server.stop()
        gevent.killall(self._bringing, block=False)

    @property
    def url(self) -> str:
        """The address of a tool; a behaviour's path may follow."""
        return f"http://{self._server.host}:{self._server.port}/"

    def expect_secret(self, secret: str) -> None:
        """Refuse what is not signed with this secret, or another one that was named."""
        self._signatures.expect(secret)

    def wait_for(self, count: int, timeout: float = 5.0) -> list[ToolCalled]:
        """The calls, when there are at least `count`. Raises `TimeoutError`."""
        with Timeout(timeout, TimeoutError(f"Not {count} calls of tools in {timeout} s.")):
            while len(self.calls) < count:
                self._arrived.wait()
        return list(self.calls)

    def wait_for_brought(self, count: int, timeout: float = 5.0) -> list[tuple[int, bytes]]:
        """The answers to results that were brought. Raises `TimeoutError`."""
        with Timeout(timeout, TimeoutError(f"Not {count} results in {timeout} s.")):
            while len(self.brought) < count:
                self._arrived.wait()
        return self.brought

    def _serve(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.path.startswith(_CONTROL):
            self._control(exchange)
        elif request.method == "GET":
            views = [
                {"path": one.path, "signature_verified": one.is_verified, "body": one.json()}
                for one in self.calls
            ]
            exchange.respond_json(200, {"calls": views})
        elif request.method == "DELETE":
            self.calls.clear()
            exchange.respond(204)
        else:
            self._take(exchange)

    def _take(self, exchange: Exchange) -> None:
        request = exchange.request
        verified = self._signatures.verdict(request.headers, request.body)
        known = request.headers.get("idempotency-key", "") in self._given
        called = ToolCalled(request.path, dict(request.headers), request.body, verified, known)
        self.calls.append(called)
        self._notify()
        if verified is False:
            exchange.respond_json(401, {"error": "The signature is wrong."})
        elif (behaviour := self._paths.get(request.path)) is not None:
            behaviour(exchange)
        elif status := re.fullmatch("/([2-5][0-9][0-9])", request.path):
            exchange.respond_json(int(status[1]), {"error": "no such order"})
        else:
            exchange.respond(200, self._answer(request), _JSON)

    def _answer(self, request: Request) -> bytes:
        """The same key gets the same answer."""
        content = request.json()
        key = request.headers.get("idempotency-key", "")
        if key not in self._given:
            name, arguments = content.get("tool"), content.get("arguments")
            found = self.answers.get(name, {"you_called": name, "with": arguments})
            self._given[key] = json.dumps(found).encode()
        return self._given[key]

    def _slow(self, exchange: Exchange) -> None:
        gevent.sleep(self._slow_seconds)
        exchange.respond(200, self._answer(exchange.request), _JSON)

    def _be_busy(self, exchange: Exchange) -> None:
        key = exchange.request.headers.get("idempotency-key", "")
        if key in self._busy:
            exchange.respond(200, self._answer(exchange.request), _JSON)
        else:
            self._busy.add(key)
            exchange.respond(503, headers=[("Retry-After", "1")])

    def _appointments(self, exchange: Exchange) -> None:
        request = exchange.request
        key = request.headers.get("idempotency-key", "")
        exchange.respond_json(*self.bookings.answer(key, request.json()))

    def _later(self, exchange: Exchange) -> None:
        content = exchange.request.json()
        answer = self._answer(exchange.request)
        bring = gevent.spawn_later(
            self._later_seconds, self._bring, content["result_url"], content["result_token"], answer
        )
        self._bringing.append(bring)
        exchange.respond(202)

    def _bring(self, url: str, token: str, answer: bytes) -> None:
        """Post a result to where the call said."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        body = json.dumps({"result": json.loads(answer)}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"ToolResult {token}"}
        try:
            address = (parts.hostname or "", parts.port or 80)
            connection.sock = socket.create_connection(address, timeout=10)
            connection.request("POST", parts.path, body, headers)
            response = connection.getresponse()
            self.brought.append((response.status, response.read()))
            self._notify()
        except OSError as error:
            log.warning("A result could not be brought.", error=type(error).__name__)
        finally:
            connection.close()

    def _notify(self) -> None:
        self._arrived.set()
        self._arrived.clear()

    def _control(self, exchange: Exchange) -> None:
        request = exchange.request
        wanted = (request.method, request.path.removeprefix(_CONTROL))
        try:
            if wanted == ("PUT", "answers"):
                self.answers.update(dict(request.json()))
            elif wanted == ("PUT", "secret"):
                self.expect_secret(str(request.json()))
            else:
                exchange.respond_json(404, {"error": "PUT /-/answers or PUT /-/secret"})
                return
        except (ValueError, TypeError) as error:
            exchange.respond_json(400, {"error": str(error)})
            return
        exchange.respond(204)


_JSON = (("Content-Type", "application/json"),)
_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)
_PAGE = b"<!doctype html><title>Welcome</title><p>Please log in."


def _huge(exchange: Exchange) -> None:
    """Ten megabytes, which nobody has to read to the end."""
    exchange.start(200, [*_JSON, ("Content-Length", str(_HUGE))])
    for _ in range(_HUGE // len(_PIECE)):
        exchange.send(_PIECE)
    exchange.end()

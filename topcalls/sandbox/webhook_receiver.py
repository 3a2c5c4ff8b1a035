"""A customer's webhook endpoint: takes deliveries, checks signatures, answers as told.

For a newcomer: `GET /` lists what came. A delivery to the path of an answer gets that answer
(`POST /500`), and `answer_with` decides about the next ones wherever they go. From another process:

- `PUT /-/answers` with `["500", "drop"]`: how to answer the next deliveries
- `PUT /-/decision` with `{"action": "hangup"}`: what to say when asked what shall be done about
  what answered a call (`answer_webhook_url`); null: nothing
- `PUT /-/secret` with `"whsec_..."`: also check signatures with this secret
- `DELETE /`: forget what came

Answers: a status such as `200` or `500`; `slow` (200 after a while); `drop` (the connection is
reset); `redirect` (307 to another path of this server); `retry-after` (429 with Retry-After).
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import gevent
from gevent import Timeout
from gevent.event import Event as Signal

from topcalls.clock import Clock, SystemClock
from topcalls.sandbox.http_wire import Exchange, HttpServer
from topcalls.sandbox.signatures import Signatures

_KEPT = 1000
_CONTROL = "/-/"
_ASKS = "call.answer_detected"
_NAMED = ("slow", "drop", "redirect", "retry-after")


@dataclass(frozen=True)
class Delivery:
    """One POST. `is_verified` is None when no secret is known; `answer` is what it got."""

    path: str
    headers: dict[str, str]
    body: bytes
    received_at: datetime
    is_verified: bool | None
    answer: str

    @property
    def id(self) -> str:
        """The message's id: the same in every attempt to deliver it."""
        return self.headers.get("webhook-id", "")

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def view(self) -> dict[str, Any]:
        """For people to read."""
        try:
            body = self.json()
        except ValueError:
            body = self.body.decode("utf-8", "replace")
        return {
            "received_at": self.received_at.isoformat(),
            "path": self.path,
            "signature_verified": self.is_verified,
            "answer": self.answer,
            "headers": self.headers,
            "body": body,
        }


class WebhookReceiver:
    """Listens; `deliveries` holds the latest thousand, oldest first."""

    def __init__(
        self,
        address: tuple[str, int] = ("127.0.0.1", 0),
        *,
        secret: str | None = None,
        slow_seconds: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._slow_seconds = slow_seconds
        self._signatures = Signatures()
        self._answers: deque[str] = deque()
        self._decision: Any = None
        self._arrived = Signal()
        self._server = HttpServer(address, self._serve)
        self.deliveries: deque[Delivery] = deque(maxlen=_KEPT)
        if secret:
            self.expect_secret(secret)

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """Close everything."""
        self._server.stop()

    @property
    def url(self) -> str:
        """The address to register as a webhook."""
        return f"http://{self._server.host}:{self._server.port}/"

    def expect_secret(self, secret: str) -> None:
        """A signature by this secret is good, too. `ValueError` if it is not a secret."""
        self._signatures.expect(secret)

    def answer_with(self, answers: Iterable[str | int]) -> None:
        """How to answer the next deliveries, in turn; after that all is well again."""
        names = [str(answer) for answer in answers]
        for name in names:
            if not _is_answer(name):
                raise ValueError(f"Unknown answer {name!r}; known: a status, {', '.join(_NAMED)}.")
        self._answers.extend(names)

    def wait_for(self, count: int, timeout: float = 5.0) -> list[Delivery]:
        """The deliveries, when there are at least `count`. Raises `TimeoutError`."""
        message = f"Not {count} deliveries in {timeout} s."
        with Timeout(timeout, TimeoutError(message)):
            while len(self.deliveries) < count:
                self._arrived.wait()
        return list(self.deliveries)

    def _serve(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.path.startswith(_CONTROL):
            self._control(exchange)
        elif request.method == "GET":
            views = [delivery.view() for delivery in self.deliveries]
            exchange.respond_json(200, {"deliveries": views})
        elif request.method == "DELETE":
            self.deliveries.clear()
            exchange.respond(204)
        else:
            self._take(exchange)

    def _take(self, exchange: Exchange) -> None:
        request = exchange.request
        by_path = request.path.strip("/")
        answer = by_path if _is_answer(by_path) else "200"
        if self._answers:
            answer = self._answers.popleft()
        delivery = Delivery(
            path=request.path,
            headers=dict(request.headers),
            body=request.body,
            received_at=self._clock.now(),
            is_verified=self._signatures.verdict(request.headers, request.body),
            answer=answer,
        )
        self.deliveries.append(delivery)
        self._arrived.set()
        self._arrived.clear()
        if answer == "200" and request.headers.get("topcalls-event") == _ASKS:
            exchange.respond_json(200, self._decision or {})
        else:
            self._answer(exchange, answer)

    def _answer(self, exchange: Exchange, answer: str) -> None:
        if answer == "drop":
            exchange.drop()
        elif answer == "redirect":
            exchange.respond(307, headers=[("Location", f"{self.url}redirected")])
        elif answer == "retry-after":
            exchange.respond(429, b"Too many requests", [("Retry-After", "1")])
        elif answer == "slow":
            gevent.sleep(self._slow_seconds)
            exchange.respond(200, b"ok")
        else:
            exchange.respond(int(answer), b"" if answer in ("204", "304") else b"ok")

    def _control(self, exchange: Exchange) -> None:
        request = exchange.request
        wanted = (request.method, request.path.removeprefix(_CONTROL))
        try:
            if wanted == ("PUT", "answers"):
                self.answer_with(_list_of_texts(request.json()))
            elif wanted == ("PUT", "decision"):
                self._decision = request.json()
            elif wanted == ("PUT", "secret"):
                self.expect_secret(str(request.json()))
            else:
                exchange.respond_json(404, {"error": "PUT /-/answers, /-/decision or /-/secret"})
                return
        except ValueError as error:
            exchange.respond_json(400, {"error": str(error)})
            return
        exchange.respond(204)


def _is_answer(name: str) -> bool:
    return name in _NAMED or bool(re.fullmatch("[2-5][0-9][0-9]", name))


def _list_of_texts(content: Any) -> list[str]:
    if not isinstance(content, list):
        raise ValueError('Expected a list such as ["500", "drop"].')
    return [str(item) for item in content]

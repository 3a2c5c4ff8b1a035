"""A connection for tests that writes down what happens to it."""

from esl_server import LIMIT, PASSWORD, EventSocketServer
from gevent.event import AsyncResult
from gevent.queue import Queue

from topcalls.esl.connection import EventSocketConnection
from topcalls.esl.parser import ESLEvent


class Client(EventSocketConnection):
    """A connection that writes down what happens to it."""

    def __init__(self, server: EventSocketServer, **options: object) -> None:
        self.lost: AsyncResult[str] = AsyncResult()
        self.losses: list[str] = []
        self.events: Queue[ESLEvent] = Queue()
        super().__init__("127.0.0.1", server.port, PASSWORD, on_lost=self._note, **options)
        self.register_handle("*", self.events.put)

    def _note(self, reason: str) -> None:
        self.losses.append(reason)
        self.lost.set(reason)

    def why_lost(self) -> str:
        return str(self.lost.get(timeout=LIMIT))

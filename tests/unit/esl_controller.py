"""A controller for tests: a `SwitchClient` against the test server, and what it was told."""

from collections.abc import Iterator
from contextlib import contextmanager

from esl_server import LIMIT, PASSWORD, EventSocketServer, SwitchSide
from gevent.queue import Queue

from topcalls.esl.client import SwitchClient
from topcalls.esl.parser import ESLEvent

CHANNEL = "0b5c9f0e-8a51-4a35-9d0f-0d2f6a3f9d11"


class Controller:
    """What the controller would do with the client, written down in order."""

    def __init__(self, port: int, **options: object) -> None:
        self.events: Queue[ESLEvent] = Queue()
        self.notices: Queue[str] = Queue()
        self.overflows: Queue[int] = Queue()
        self.on_event = self.events.put
        settings: dict[str, object] = {
            "command_timeout": LIMIT,
            "backoff": lambda failures: 0.01,
            **options,
        }
        self.client = SwitchClient(
            "127.0.0.1",
            port,
            PASSWORD,
            owner="owner-1",
            node="n1",
            on_event=lambda event: self.on_event(event),
            on_up=lambda: self.notices.put("up"),
            on_down=self.notices.put,
            on_overflow=self.overflows.put,
            **settings,  # type: ignore[arg-type]
        )

    def next_notice(self) -> str:
        return str(self.notices.get(timeout=LIMIT))

    def next_event(self) -> ESLEvent:
        return self.events.get(timeout=LIMIT)


@contextmanager
def running_controller(server: EventSocketServer, **options: object) -> Iterator[Controller]:
    """A controller that is up."""
    made = Controller(server.port, **options)
    made.client.start()
    try:
        assert made.client.wait_up(LIMIT)
        assert made.next_notice() == "up"
        yield made
    finally:
        made.client.stop()


def side_of(server: EventSocketServer, prefix: str) -> SwitchSide:
    """The newest open connection that got a command with this prefix."""
    sides = [s for s in server.connections if any(c.startswith(prefix) for c in s.commands)]
    return sides[-1]


def events_side(server: EventSocketServer) -> SwitchSide:
    return side_of(server, "event json")


def commands_side(server: EventSocketServer) -> SwitchSide:
    sides = [s for s in server.connections if not any(c.startswith("event") for c in s.commands)]
    return sides[-1]

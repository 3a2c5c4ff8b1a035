"""A small Event Socket for tests: the switch's bytes on a real loopback socket, scripted by hand.

It speaks what `mod_event_socket` speaks and no more. A test may take over any command with
`server.on(prefix, handler)`, and may write any bytes to any connection.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from contextlib import contextmanager, suppress

from gevent import Timeout, socket
from gevent.event import Event
from gevent.server import StreamServer

PASSWORD = "secret"
LIMIT = 5.0
VICTIM = "11111111-2222-3333-4444-555555555555"


def block(content_type: str, body: bytes | None = None, **headers: str) -> bytes:
    """One message as the switch frames it."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.insert(0, f"Content-Length: {len(body)}")
    lines.append(f"Content-Type: {content_type}")
    return "\n".join(lines).encode() + b"\n\n" + (body or b"")


def json_event(name: str, body: str | None = None, **headers: object) -> bytes:
    """A `text/event-json` message; `__` in a keyword stands for `-`."""
    fields: dict[str, object] = {"Event-Name": name}
    fields |= {key.replace("__", "-"): value for key, value in headers.items()}
    if body is not None:
        fields |= {"Content-Length": str(len(body.encode())), "_body": body}
    return block("text/event-json", compact_json(fields))


def compact_json(fields: dict[str, object]) -> bytes:
    """JSON as the switch writes it: no blanks, UTF-8 as it is."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def plain_event(text: str) -> bytes:
    """A `text/event-plain` message around an already encoded block."""
    return block("text/event-plain", text.encode())


def job_result(job_uuid: str, result: str) -> bytes:
    """A BACKGROUND_JOB event."""
    return json_event("BACKGROUND_JOB", result, Job__UUID=job_uuid)


def reply(text: str, **headers: str) -> bytes:
    """A `command/reply` message."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\n".join(
        ["Content-Type: command/reply", f"Reply-Text: {text}", *lines, "", ""]
    ).encode()


class SwitchSide:
    """The switch's end of one connection."""

    def __init__(self, server: EventSocketServer, sock: socket.socket) -> None:
        self.server = server
        self.socket = sock
        self.commands: list[str] = []
        self.is_open = True

    def send(self, *messages: bytes) -> None:
        self.socket.sendall(b"".join(messages))

    def close(self) -> None:
        """Close in the orderly way (FIN)."""
        self.is_open = False
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def reset(self) -> None:
        """Vanish (RST)."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.is_open = False
        self.socket.close()

    def run(self) -> None:
        buffer = b""
        with suppress(OSError):
            while data := self.socket.recv(65536):
                buffer += data
                while (taken := _take_command(buffer)) is not None:
                    command, buffer = taken
                    self.commands.append(command)
                    self.server.handle(self, command)
        self.is_open = False
        self.server.changed.set()


def _take_command(buffer: bytes) -> tuple[str, bytes] | None:
    buffer = buffer.lstrip(b"\n")
    head, blank, rest = buffer.partition(b"\n\n")
    if not blank:
        return None
    match = re.search(rb"(?mi)^content-length: *(\d+)$", head)
    length = int(match.group(1)) if match else 0
    if len(rest) < length:
        return None
    body = b"\n\n" + rest[:length] if length else b""
    return (head + body).decode(), rest[length:]


Handler = Callable[[SwitchSide, str], None]


class EventSocketServer:
    """Listens on a free port; `connections` holds every connection ever accepted."""

    def __init__(self, password: str = PASSWORD, *, greet: bool = True) -> None:
        self.password = password
        self.greet = greet
        self.accepting = True
        self.connections: list[SwitchSide] = []
        self.changed = Event()
        self._handlers: dict[str, Handler] = {}
        self._server = StreamServer(("127.0.0.1", 0), self._accept)

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        for connection in self.connections:
            connection.close()
        self._server.stop(timeout=1)

    def on(self, prefix: str, handler: Handler) -> None:
        """Let `handler` answer (or not) every command that starts with `prefix`."""
        self._handlers[prefix] = handler

    def wait(self, predicate: Callable[[], object], limit: float = LIMIT) -> None:
        """Wait until something the server sees makes `predicate` true."""
        with Timeout(limit, AssertionError(f"not seen within {limit} s: {self.seen()}")):
            while not predicate():
                self.changed.clear()
                self.changed.wait()

    def command(self, prefix: str, count: int = 1) -> tuple[SwitchSide, str]:
        """Wait for the `count`-th command with this prefix, on whatever connection."""
        self.wait(lambda: len(self._matching(prefix)) >= count)
        return self._matching(prefix)[count - 1]

    def seen(self) -> list[str]:
        return [command for side in self.connections for command in side.commands]

    def handle(self, side: SwitchSide, command: str) -> None:
        handlers = [
            self._handlers[prefix] for prefix in self._handlers if command.startswith(prefix)
        ]
        (handlers[-1] if handlers else self.answer)(side, command)
        self.changed.set()

    def answer(self, side: SwitchSide, command: str) -> None:
        """What the real switch answers when nothing is wrong."""
        verb = command.split(maxsplit=1)[0]
        if verb == "auth":
            right = command == f"auth {self.password}"
            side.send(reply("+OK accepted" if right else "-ERR invalid"))
            if not right:
                side.close()
        elif verb == "api":
            side.send(block("api/response", b"+OK\n"))
        elif verb == "bgapi":
            job = job_uuid_of(command)
            side.send(reply(f"+OK Job-UUID: {job}", Job_UUID=job))
        elif verb == "exit":
            notice = b"Disconnected, goodbye.\n"
            side.send(reply("+OK bye"), block("text/disconnect-notice", notice))
            side.close()
        else:
            side.send(reply("+OK"))

    def _matching(self, prefix: str) -> list[tuple[SwitchSide, str]]:
        return [
            (side, command)
            for side in self.connections
            for command in side.commands
            if command.startswith(prefix)
        ]

    def _accept(self, sock: socket.socket, _: object) -> None:
        side = SwitchSide(self, sock)
        if not self.accepting:
            side.close()
            return
        self.connections.append(side)
        self.changed.set()
        if self.greet:
            side.send(b"Content-Type: auth/request\n\n")
        side.run()


def job_uuid_of(command: str) -> str:
    match = re.search(r"^Job-UUID: (\S+)$", command, re.MULTILINE)
    assert match, command
    return match.group(1)


def silence(_: SwitchSide, __: str) -> None:
    """A handler that never answers."""


@contextmanager
def running_server(**options: object):  # type: ignore[no-untyped-def]
    server = EventSocketServer(**options)  # type: ignore[arg-type]
    server.start()
    try:
        yield server
    finally:
        server.stop()

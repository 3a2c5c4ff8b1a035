"""HTTP whose answers are read as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent import socket
from gevent.event import Event
from gevent.server import StreamServer

from topcalls.errors import ConfigError
from topcalls.net.http import HttpError
from topcalls.net.http_stream import StreamingClient

pytestmark = pytest.mark.unit

LIMIT = 5.0
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Server:
    """Takes requests without bodies; `answers` are played one a request, piece by piece: bytes are
    sent, an event is waited for, None ends the connection."""

    def __init__(self) -> None:
        self.answers: list[list[Any]] = []
        self.connections = 0
        self.gone = Event()
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()

    @property
    def client(self) -> StreamingClient:
        return StreamingClient(f"http://127.0.0.1:{self._server.server_port}/v1/", {"X": "y"})

    def stop(self) -> None:
        self._server.stop()

    def _serve(self, sock: Any, _: Any) -> None:
        self.connections += 1
        try:
            while sock.recv(65536):
                for piece in self.answers.pop(0):
                    if piece is None:
                        return
                    if isinstance(piece, Event):
                        piece.wait(LIMIT)
                    else:
                        sock.sendall(piece)
        except OSError:
            pass
        finally:
            sock.close()
            self.gone.set()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def read(client: StreamingClient) -> bytes:
    with client.request("GET", "/x", timeout=LIMIT) as answer:
        return b"".join(answer.pieces())


def test_pieces_are_there_before_the_answer_is(server: Server) -> None:
    more = Event()
    server.answers = [[HEAD, chunk(b"one\ntw"), more, chunk(b"o\r\nthree"), chunk(b"")]]
    with server.client.request("GET", "/x") as answer:
        lines = answer.lines()
        assert next(lines) == b"one"
        more.set()
        assert list(lines) == [b"two", b"three"]


def test_a_connection_is_used_again(server: Server) -> None:
    client = server.client
    server.answers = [[HEAD, chunk(b"a"), chunk(b"")], [HEAD, chunk(b"b"), chunk(b"")]]
    assert (read(client), read(client)) == (b"a", b"b")
    assert server.connections == 1


def test_one_that_was_closed_meanwhile_is_replaced(server: Server) -> None:
    client = server.client
    server.answers = [[HEAD, chunk(b"a"), chunk(b""), None], [HEAD, chunk(b"b"), chunk(b"")]]
    assert read(client) == b"a"
    assert server.gone.wait(LIMIT)
    assert read(client) == b"b"
    assert server.connections == 2


def test_an_answer_left_unread_costs_its_connection(server: Server) -> None:
    server.answers = [[HEAD, chunk(b"a"), Event()]]
    client = server.client
    with client.request("GET", "/x") as answer:
        assert next(answer.pieces()) == b"a"
    assert client._idle == []


def test_who_is_killed_while_reading_hangs_up(server: Server) -> None:
    never = Event()
    server.answers = [[HEAD, chunk(b"a"), never]]
    begun = Event()

    def reading() -> None:
        with server.client.request("GET", "/x", timeout=60) as answer:
            for _ in answer.pieces():
                begun.set()

    greenlet = gevent.spawn(reading)
    assert begun.wait(LIMIT)
    greenlet.kill()
    never.set()
    assert server.gone.wait(LIMIT)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ([HEAD, chunk(b"a"), None], "protocol"),
        ([HEAD, chunk(b"a"), Event()], "timeout"),
        ([Event()], "timeout"),
        ([b"nonsense\r\n\r\n", None], "protocol"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", None], "protocol"),
    ],
)
def test_what_can_break(server: Server, answer: list[Any], kind: str) -> None:
    server.answers = [answer]
    with pytest.raises(HttpError) as caught, server.client.request("GET", "/x", timeout=0.2) as got:
        list(got.pieces())
    assert caught.value.kind == kind


def test_nobody_is_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        client = StreamingClient(f"http://127.0.0.1:{probe.getsockname()[1]}")
    with pytest.raises(HttpError) as caught, client.request("GET", "/"):
        pass
    assert caught.value.kind == "connect"


@pytest.mark.parametrize("url", ["", "ftp://x", "https://", "no url"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ConfigError):
        StreamingClient(url)

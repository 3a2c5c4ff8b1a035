"""Logging in to a switch, and to everything that only looks like one."""

import socket
from collections.abc import Iterator

import gevent
import pytest
from esl_connection import Client
from esl_server import (
    LIMIT,
    PASSWORD,
    EventSocketServer,
    SwitchSide,
    block,
    reply,
    running_server,
    silence,
)

from topcalls.errors import SwitchError
from topcalls.esl.connection import EventSocketConnection
from topcalls.esl.errors import (
    LoginRefused,
)

pytestmark = pytest.mark.unit


@pytest.fixture
def server() -> Iterator[EventSocketServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def client(server: EventSocketServer) -> Iterator[Client]:
    connection = Client(server)
    connection.connect()
    yield connection
    connection.abort("the test is over")


def test_a_connection_logs_in_with_the_password(server: EventSocketServer, client: Client) -> None:
    assert client.connected
    assert server.seen() == [f"auth {PASSWORD}"]


def test_a_wrong_password_is_an_error_of_its_own(server: EventSocketServer) -> None:
    server.password = "another"
    connection = Client(server)

    with pytest.raises(LoginRefused):
        connection.connect()

    assert not connection.connected
    assert connection.losses == []


def test_a_password_with_a_line_break_is_no_second_command(server: EventSocketServer) -> None:
    connection = EventSocketConnection("127.0.0.1", server.port, "secret\napi shutdown")

    with pytest.raises(LoginRefused):
        connection.connect()

    assert server.seen() == []


def test_a_rejection_by_the_access_list_says_what_to_do(server: EventSocketServer) -> None:
    server.greet = False
    connection = Client(server)
    logging_in = gevent.spawn(_error_of, connection.connect)
    server.wait(lambda: server.connections)
    server.connections[0].send(block("text/rude-rejection", b"Access Denied, go away.\n"))

    error = logging_in.get(timeout=LIMIT)

    assert isinstance(error, LoginRefused)
    assert "apply-inbound-acl" in str(error)


def _error_of(action: object) -> object:
    try:
        action()  # type: ignore[operator]
    except SwitchError as error:
        return error
    return None


def test_a_switch_that_accepts_and_never_greets_is_given_up(server: EventSocketServer) -> None:
    server.greet = False
    connection = Client(server, timeout=0.1)

    with pytest.raises(SwitchError, match="in time"):
        connection.connect()

    assert not connection.connected


def test_a_switch_that_never_answers_the_password_is_given_up(server: EventSocketServer) -> None:
    server.on("auth", silence)
    connection = Client(server, timeout=0.1)

    with pytest.raises(SwitchError, match="in time"):
        connection.connect()


def test_a_switch_that_hangs_up_on_us_is_an_error(server: EventSocketServer) -> None:
    server.accepting = False
    connection = Client(server)

    with pytest.raises(SwitchError):
        connection.connect()


def test_a_switch_that_hangs_up_right_after_the_login_is_an_error(
    server: EventSocketServer,
) -> None:
    def accept_and_go(side: SwitchSide, command: str) -> None:
        server.answer(side, command)
        side.close()

    server.on("auth", accept_and_go)
    connection = Client(server)
    try:
        connection.connect()
    except SwitchError:
        assert connection.losses == []
    else:
        assert "closed" in connection.why_lost()
    assert not connection.connected


def test_a_goodbye_in_the_same_packet_as_the_welcome_is_an_error(
    server: EventSocketServer,
) -> None:
    both = reply("+OK accepted") + block("text/disconnect-notice", b"Disconnected, goodbye.\n")
    server.on("auth", lambda side, _: side.send(both))
    connection = Client(server)

    with pytest.raises(SwitchError):
        connection.connect()

    assert not connection.connected
    assert connection.losses == []


def test_nobody_listening_is_an_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        connection = EventSocketConnection("127.0.0.1", unused.getsockname()[1], PASSWORD)

        with pytest.raises(SwitchError, match="refused"):
            connection.connect()


def test_a_failed_login_can_be_repeated(server: EventSocketServer) -> None:
    server.password = "another"
    connection = Client(server)
    with pytest.raises(LoginRefused):
        connection.connect()
    server.password = PASSWORD

    connection.connect()

    assert connection.send("api status").data == "+OK\n"
    connection.abort("done")


def test_a_connection_is_made_once(client: Client) -> None:
    with pytest.raises(SwitchError, match="already"):
        client.connect()

    assert client.send("api status").data == "+OK\n"


def test_a_dead_peer_is_looked_for(client: Client) -> None:
    sock = client._wire.socket

    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert 0 < sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 60
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_it_serves_as_a_context_manager(server: EventSocketServer) -> None:
    with EventSocketConnection("127.0.0.1", server.port, PASSWORD) as connection:
        assert connection.send("api status").data == "+OK\n"

    assert server.seen()[-1] == "exit"
    assert not connection.connected

"""Handshakes: what is accepted, how everything else is answered, and how a server stops."""

from http import HTTPStatus

import pytest
from gevent import socket
from gevent.event import AsyncResult
from hypothesis import given
from hypothesis import strategies as st
from net_peers import LIMIT, Recorder, WsprotoClient, read_head, reset
from structlog.testing import capture_logs
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, RejectConnection, Request
from wsproto.extensions import PerMessageDeflate

from topcalls.net.websocket_handshake import (
    HandshakeRefused,
    HandshakeRequest,
    Rejection,
    parse_request,
)
from topcalls.net.websocket_server import WebSocketServer

HEADERS = {
    "Host": "gateway:8080",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def request_bytes(line="GET /media/x?a=b HTTP/1.1", *more: str, **changed: str | None) -> bytes:
    headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([line, *lines, *more, "", ""]).encode()


@pytest.fixture
def serve():
    servers = []

    def start(accept=None, **options):
        accepted = AsyncResult()
        server = WebSocketServer(
            ("127.0.0.1", 0),
            accept or (lambda request: lambda connection: accepted.set(Recorder(connection))),
            **options,
        )
        server.start()
        servers.append(server)
        return server, accepted

    yield start
    for server in servers:
        server.stop(timeout=0.2)


def answer_to(server, request: bytes) -> bytes:
    """Everything the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.settimeout(LIMIT)
        sock.sendall(request)
        answer = b""
        while data := sock.recv(4096):
            answer += data
        return answer


def test_the_accept_key_of_the_rfc(serve):
    server, accepted = serve()
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(request_bytes())
        head = read_head(sock)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
        assert accepted.get(timeout=LIMIT).connection.remote_address == sock.getsockname()


def test_the_request_as_the_callback_sees_it(serve):
    seen = []
    server, _ = serve(lambda request: seen.append(request) or Rejection(HTTPStatus.NOT_FOUND, "no"))
    answer = answer_to(server, request_bytes("GET /media/x?a=b HTTP/1.1", "X-A: 1", "x-a:\t2 "))
    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert answer.endswith(b"\r\n\r\nno")
    (request,) = seen
    assert (request.target, request.path) == ("/media/x?a=b", "/media/x")
    assert request.headers["x-a"] == "1, 2"
    assert request.remote_address[0] == "127.0.0.1"


def test_wsproto_understands_a_rejection(serve):
    server, _ = serve(lambda request: Rejection(HTTPStatus.NOT_FOUND, "no such stream"))
    client = WSConnection(ConnectionType.CLIENT)
    client.receive_data(answer_to(server, client.send(Request(host="x", target="/"))))
    (rejected, *_) = client.events()
    assert isinstance(rejected, RejectConnection)
    assert rejected.status_code == 404


def test_compression_is_declined(serve):
    server, accepted = serve()
    client = WSConnection(ConnectionType.CLIENT)
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        offer = Request(host="x", target="/", extensions=[PerMessageDeflate()], subprotocols=["a"])
        sock.sendall(client.send(offer))
        client.receive_data(read_head(sock))
        (answer,) = client.events()
        assert isinstance(answer, AcceptConnection)
        assert (answer.extensions, answer.subprotocol) == ([], None)
        accepted.get(timeout=LIMIT)


REFUSED = {
    "not a request": (b"hello\r\n\r\n", 400),
    "POST": (request_bytes("POST / HTTP/1.1"), 405),
    "HTTP/1.0": (request_bytes("GET / HTTP/1.0"), 400),
    "HTTP/2": (request_bytes("PRI * HTTP/2.0"), 400),
    "absolute target": (request_bytes("GET http://x/ HTTP/1.1"), 400),
    "no host": (request_bytes(Host=None), 400),
    "no upgrade": (request_bytes(Upgrade=None), 426),
    "other upgrade": (request_bytes(Upgrade="h2c"), 426),
    "no connection": (request_bytes(Connection="keep-alive"), 400),
    "old version": (request_bytes(Sec_WebSocket_Version="8"), 426),
    "no version": (request_bytes(Sec_WebSocket_Version=None), 426),
    "no key": (request_bytes(Sec_WebSocket_Key=None), 400),
    "short key": (request_bytes(Sec_WebSocket_Key="AAAA"), 400),
    "key not base64": (request_bytes(Sec_WebSocket_Key="*" * 24), 400),
    "two keys": (request_bytes("GET / HTTP/1.1", "sec-websocket-key: a"), 400),
    "folded header": (request_bytes("GET / HTTP/1.1", " folded"), 400),
    "space before colon": (request_bytes("GET / HTTP/1.1", "X : y"), 400),
    "control character": (request_bytes("GET / HTTP/1.1", "X: a\x00b"), 400),
    "bare line feed": (request_bytes("GET / HTTP/1.1", "X: a\nY: b"), 400),
    "too many headers": (request_bytes("GET / HTTP/1.1", *["X: y"] * 70), 431),
    "head too large": (request_bytes("GET / HTTP/1.1", "X: " + "y" * 9000), 431),
    "endless head": (b"GET / HTTP/1.1\r\nX: " + b"y" * 9000, 431),
}


@pytest.mark.parametrize(("request_", "status"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_handshake_gets_an_http_error(serve, request_, status):
    server, _ = serve()
    assert answer_to(server, request_).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_version_error_names_the_version_we_speak(serve):
    server, _ = serve()
    answer = answer_to(server, request_bytes(Sec_WebSocket_Version="7"))
    assert b"\r\nSec-WebSocket-Version: 13\r\n" in answer


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_refusal(data):
    try:
        assert isinstance(parse_request(data, ("127.0.0.1", 1)), HandshakeRequest)
    except HandshakeRefused as refused:
        assert refused.rejection.status >= 400


def test_a_handshake_that_dawdles_is_cut_off(serve):
    server, _ = serve(handshake_timeout=0.1)
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.settimeout(LIMIT)
        sock.sendall(request_bytes()[:-2])
        assert sock.recv(100) == b""


def test_clients_that_vanish_in_the_handshake_do_no_harm(serve):
    server, accepted = serve()
    for end in (socket.socket.close, reset):
        sock = socket.create_connection(("127.0.0.1", server.port))
        sock.sendall(request_bytes()[:30])
        end(sock)
    client = WsprotoClient(server.port)
    assert accepted.get(timeout=LIMIT).connection in server.connections
    client.close()


def test_a_failing_accept_answers_500(serve):
    def accept(request):
        raise LookupError("a bug")

    server, _ = serve(accept)
    with capture_logs() as logs:
        assert answer_to(server, request_bytes()).startswith(b"HTTP/1.1 500 ")
    assert logs[0]["event"] == "WebSocket accept callback failed"


def test_a_failing_handler_closes_with_1011(serve):
    def handler(connection):
        raise LookupError("a bug")

    server, _ = serve(lambda request: handler)
    with capture_logs():
        client = WsprotoClient(server.port)
        assert client.next_close().code == 1011
        client.close()


def test_accepted_sockets_do_not_wait_to_fill_packets(serve):
    server, accepted = serve()
    client = WsprotoClient(server.port)
    sock = accepted.get(timeout=LIMIT).connection._sock
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    client.close()


def test_the_server_forgets_connections_that_are_over(serve):
    server, accepted = serve()
    client = WsprotoClient(server.port)
    ours = accepted.get(timeout=LIMIT)
    assert server.connections == {ours.connection}
    client.reset()
    assert ours.close_code() == 1006
    forgotten = AsyncResult()
    ours.connection.finished.rawlink(forgotten.set)
    forgotten.get(timeout=LIMIT)
    assert server.connections == set()


def test_stopping_says_going_away_and_resets_who_does_not_listen(serve):
    server, accepted = serve()
    client = WsprotoClient(server.port)
    ours = accepted.get(timeout=LIMIT)
    port = server.port
    server.stop(timeout=0.05)
    assert ours.closes == [(1006, "aborted")]
    assert client.next_close().code == 1001
    client.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_in_use_is_an_error(serve):
    server, _ = serve()
    second = WebSocketServer(
        ("127.0.0.1", server.port), lambda request: Rejection(HTTPStatus.NOT_FOUND)
    )
    with pytest.raises(OSError, match="in use"):
        second.start()

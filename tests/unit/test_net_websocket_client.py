"""Connecting: what the errors say, and that nothing leaks to the wrong place."""

import subprocess
import sys
import textwrap

import pytest
from gevent import socket
from gevent.event import AsyncResult, Event
from net_peers import LIMIT, Recorder, raw_server, read_head, self_signed

from topcalls.net.websocket_client import WebSocketHandshakeError, connect
from topcalls.net.websocket_server import WebSocketServer


def refused_by(answer: bytes, **options) -> WebSocketHandshakeError:
    def serve(sock):
        read_head(sock)
        sock.sendall(answer)

    with (
        raw_server(serve) as port,
        pytest.raises(WebSocketHandshakeError) as error,
    ):
        connect(f"ws://127.0.0.1:{port}/", **options)
    return error.value


def http(status: str, body: str = "", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("status", "retryable"),
    [("401 Unauthorized", False), ("403 Forbidden", False), ("408 Request Timeout", True),
     ("429 Too Many Requests", True), ("500 Oops", True), ("503 Busy", True)],
)  # fmt: skip
def test_an_http_error_keeps_its_status_and_body(status, retryable):
    error = refused_by(http(status, '{"error": {"code": "x"}}'))
    assert error.status == int(status[:3])
    assert error.body == b'{"error": {"code": "x"}}'
    assert error.retryable is retryable


def test_a_redirect_is_not_followed():
    followed = Event()
    with raw_server(lambda sock: followed.set()) as elsewhere:
        error = refused_by(
            http("302 Found", "", f"Location: ws://127.0.0.1:{elsewhere}/"),
            headers={"Authorization": "Bearer secret"},
        )
        assert not followed.is_set()
    assert error.status is None


def test_garbage_is_an_error():
    assert refused_by(b"\xff\xfe garbage\r\n\r\n").status is None


def test_a_server_that_is_no_websocket_server():
    assert refused_by(http("200 OK", "hello")).status == 200


def test_a_wrong_accept_key_is_refused():
    answer = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
    )
    assert refused_by(answer).status is None


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(WebSocketHandshakeError) as error:
        connect(f"ws://127.0.0.1:{port}/")
    assert error.value.retryable
    assert error.value.status is None


def test_the_time_limit_covers_the_whole_handshake():
    def drip(sock):
        read_head(sock)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n")
        for _ in range(1000):
            sock.sendall(b"X: y\r\n")
            Event().wait(0.02)

    with (
        raw_server(drip) as port,
        pytest.raises(WebSocketHandshakeError, match=r"within 0\.15 s") as error,
    ):
        connect(f"ws://127.0.0.1:{port}/", timeout=0.15)
    assert error.value.retryable


def test_an_unknown_authority_is_refused(tmp_path):
    tls, _ = self_signed(tmp_path, "127.0.0.1")
    with (
        raw_server(lambda sock: sock.recv(1), tls=tls) as port,
        pytest.raises(WebSocketHandshakeError, match="certificate"),
    ):
        connect(f"wss://127.0.0.1:{port}/")


def test_a_certificate_for_another_name_is_refused(tmp_path):
    tls, trust = self_signed(tmp_path, "elsewhere.example")
    with (
        raw_server(lambda sock: sock.recv(1), tls=tls) as port,
        pytest.raises(WebSocketHandshakeError, match="certificate"),
    ):
        connect(f"wss://127.0.0.1:{port}/", ssl_context=trust)


@pytest.mark.parametrize(
    "headers", [{"A": "x\r\nB: y"}, {"A\r\nB": "x"}, {"A": "x\x00"}, {"A b": "x"}, {"": "x"}]
)
def test_headers_that_would_smuggle_are_refused(headers):
    with pytest.raises(ValueError, match="cannot be sent"):
        connect("ws://127.0.0.1:9/", headers=headers)


def test_headers_are_sent():
    heads = []

    def serve(sock):
        heads.append(read_head(sock))
        sock.sendall(http("403 Forbidden"))

    with raw_server(serve) as port, pytest.raises(WebSocketHandshakeError):
        connect(f"ws://127.0.0.1:{port}/v1?model=x", {"Authorization": "Bearer key"})
    assert heads[0].startswith(b"GET /v1?model=x HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer key\r\n" in heads[0]


def test_it_works_in_a_process_that_is_not_monkey_patched():
    script = textwrap.dedent("""
        import sys
        from gevent.event import AsyncResult
        from topcalls.net.websocket_client import connect

        echo = AsyncResult()
        connection = connect(f"ws://127.0.0.1:{sys.argv[1]}/")
        connection.on_text = echo.set
        connection.send_text("plain")
        assert echo.get(timeout=5) == "plain"
        connection.close()
        assert connection.finished.wait(5)
    """)
    accepted = AsyncResult()

    def handler(connection):
        accepted.set(Recorder(connection))
        connection.on_text = connection.send_text

    server = WebSocketServer(("127.0.0.1", 0), lambda request: handler)
    server.start()
    try:
        subprocess.run([sys.executable, "-c", script, str(server.port)], check=True, timeout=60)
        assert accepted.get(timeout=LIMIT).close_code() == 1000
    finally:
        server.stop()

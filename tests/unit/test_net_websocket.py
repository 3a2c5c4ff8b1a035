"""Connections over real sockets: messages, and every way they can end."""

import os

import pytest
from gevent import socket
from gevent.event import AsyncResult, Event
from net_peers import LIMIT, Recorder, WsprotoClient, raw_server, read_head, self_signed
from structlog.testing import capture_logs
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, TextMessage

from topcalls.net.websocket_client import connect
from topcalls.net.websocket_frames import BINARY, encode_frame
from topcalls.net.websocket_server import WebSocketServer


@pytest.fixture
def serve():
    """Start servers of ours that hand over each connection as a `Recorder`."""
    servers = []

    def start(**options):
        accepted = AsyncResult()
        server = WebSocketServer(
            ("127.0.0.1", 0),
            lambda request: lambda connection: accepted.set(Recorder(connection)),
            **options,
        )
        server.start()
        servers.append(server)
        return server, accepted

    yield start
    for server in servers:
        server.stop(timeout=0.2)


@pytest.fixture
def pair(serve):
    """(our end as a `Recorder`, a wsproto client) of one open connection."""
    clients = []

    def open_pair(*, receive_buffer=0, **options):
        server, accepted = serve(**options)
        clients.append(WsprotoClient(server.port, receive_buffer=receive_buffer))
        return accepted.get(timeout=LIMIT), clients[-1]

    yield open_pair
    for client in clients:
        client.close()


def test_messages_in_both_directions(pair):
    ours, peer = pair()
    large = os.urandom(300_000)
    assert ours.connection.send_text("grüß Gott")
    assert ours.connection.send_binary(b"\x00\x01" * 160)
    assert peer.next().data == "grüß Gott"
    assert peer.next().data == b"\x00\x01" * 160
    peer.send(TextMessage("hello"))
    peer.send(BytesMessage(large[:100_000], message_finished=False))
    peer.send(Ping(b"are you there"))
    peer.send(BytesMessage(large[100_000:]))
    assert ours.next() == "hello"
    assert ours.next() == large
    assert peer.next() == Pong(payload=b"are you there")


def test_bytes_that_arrive_one_by_one(pair):
    ours, peer = pair()
    for byte in peer.ws.send(TextMessage("slowly")) + peer.ws.send(BytesMessage(b"but surely")):
        peer.sock.sendall(bytes((byte,)))
        socket.wait_write(peer.sock.fileno())  # let the connection read it
    assert (ours.next(), ours.next()) == ("slowly", b"but surely")


def test_frames_sent_with_the_handshake_are_not_lost(serve):
    server, accepted = serve()
    request = (
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(request + encode_frame(BINARY, b"early", masked=True))
        assert accepted.get(timeout=LIMIT).next() == b"early"


def test_the_peer_closes(pair):
    ours, peer = pair()
    peer.send(CloseConnection(4001, "enough"))
    assert peer.next_close().code == 4001
    assert peer.at_end_of_file()
    assert ours.close_code() == 4001
    assert ours.closes == [(4001, "enough")]
    assert ours.connection.closed
    assert not ours.connection.send_text("late")
    assert not ours.connection.ping()


def test_the_peer_closes_without_a_code(pair):
    ours, peer = pair()
    peer.sock.sendall(encode_frame(0x8, b"", masked=True))
    assert ours.close_code() == 1005
    assert peer.at_end_of_file()


def test_we_close_and_the_peer_answers(pair):
    ours, peer = pair()
    ours.connection.close(1000, "done")
    ours.connection.close(1011, "a second close does nothing")
    assert ours.connection.closed
    closed = peer.next_close()
    assert (closed.code, closed.reason) == (1000, "done")
    peer.sock.sendall(encode_frame(BINARY, b"crossed our close frame", masked=True))
    peer.send(closed.response())
    assert ours.close_code() == 1000
    assert ours.messages.empty()
    assert len(ours.closes) == 1


def test_we_close_and_the_peer_never_answers(pair):
    ours, peer = pair(close_timeout=0.05)
    ours.connection.close()
    assert ours.close_code() == 1006
    assert peer.at_end_of_file()


def test_we_close_and_the_peer_just_hangs_up(pair):
    ours, peer = pair()
    ours.connection.close()
    peer.close()
    assert ours.close_code() == 1006


def test_a_half_closed_peer_is_noticed(pair):
    ours, peer = pair()
    peer.sock.shutdown(socket.SHUT_WR)
    assert ours.close_code() == 1006
    assert peer.at_end_of_file()


def test_a_peer_that_half_closes_behind_its_close_frame_gets_everything(pair):
    ours, peer = pair(receive_buffer=4096, max_queued_bytes=1 << 23)
    payload = os.urandom(2_000_000)
    ours.connection.send_binary(payload)
    assert ours.connection.queued_bytes
    peer.send(CloseConnection(1000))
    peer.sock.shutdown(socket.SHUT_WR)
    received = b""
    while len(received) < len(payload):
        received += peer.next().data
    assert received == payload
    assert peer.next_close().code == 1000
    assert ours.close_code() == 1000


def test_an_abrupt_reset_is_noticed(pair):
    ours, peer = pair()
    peer.reset()
    assert ours.close_code() == 1006
    assert not ours.connection.send_binary(b"nobody there")
    assert len(ours.closes) == 1


def test_sending_into_a_reset_connection_is_no_error(pair):
    ours, peer = pair()
    peer.reset()
    for _ in range(1000):
        ours.connection.send_binary(bytes(1000))
    assert ours.close_code() == 1006
    assert len(ours.closes) == 1


def test_an_offence_is_answered_with_its_code(pair):
    ours, peer = pair()
    peer.sock.sendall(encode_frame(BINARY, b"fine", masked=True) + b"\xc2\x80" + bytes(200_000))
    assert ours.next() == b"fine"
    assert peer.next_close().code == 1002
    assert peer.sock.recv(100) == b""  # an end, not a reset that could overtake the close frame
    assert ours.close_code() == 1002


def test_a_message_over_the_limit_is_refused(pair):
    ours, peer = pair(max_message_bytes=1000)
    peer.send(BytesMessage(bytes(1000)))
    peer.send(BytesMessage(bytes(1001)))
    assert ours.next() == bytes(1000)
    assert peer.next_close().code == 1009
    assert ours.close_code() == 1009


def test_what_the_kernel_does_not_take_waits_and_arrives_in_order(pair):
    ours, peer = pair(receive_buffer=4096, max_queued_bytes=1 << 22)
    frames = [bytes([n % 256]) * 20_000 for n in range(100)]
    for frame in frames:
        assert ours.connection.send_binary(frame)
    assert ours.connection.queued_bytes > 0
    received = []
    part = b""
    while len(received) < len(frames):
        event = peer.next()
        part += event.data
        if event.message_finished:
            received.append(part)
            part = b""
    assert received == frames
    peer.send(Ping(b""))  # its answer comes behind the last queued byte
    assert isinstance(peer.next(), Pong)
    assert ours.connection.queued_bytes == 0


def test_a_peer_that_does_not_read_is_dropped_at_the_cap(pair):
    ours, peer = pair(receive_buffer=4096, max_queued_bytes=100_000)
    sent = 0
    while ours.connection.send_binary(bytes(10_000)):
        sent += 1
        assert sent < 10_000, "the queue has no cap"
    assert ours.close_code() == 1013
    assert ours.connection.queued_bytes == 0
    assert not ours.connection.send_binary(b"")
    assert peer.at_end_of_file()


@pytest.mark.parametrize("callback", ["on_binary", "on_text"])
def test_a_failing_callback_closes_with_1011(pair, callback):
    ours, peer = pair()

    def fail(_):
        raise LookupError("a bug")

    setattr(ours.connection, callback, fail)
    with capture_logs() as logs:
        peer.send(BytesMessage(b"x") if callback == "on_binary" else TextMessage("x"))
        closed = peer.next_close()
    assert closed.code == 1011
    peer.send(closed.response())
    assert ours.close_code() == 1011
    assert [entry["event"] for entry in logs] == ["WebSocket callback failed"]


def test_a_callback_that_blocks_is_a_failing_callback(pair):
    ours, peer = pair()
    ours.connection.on_text = lambda _: Event().wait(LIMIT)
    with capture_logs():
        peer.send(TextMessage("x"))
        assert peer.next_close().code == 1011


def test_a_failing_on_close_is_logged(pair):
    ours, peer = pair()

    def fail(code, reason):
        raise LookupError("a bug")

    ours.connection.on_close = fail
    with capture_logs() as logs:
        peer.reset()
        assert ours.connection.finished.wait(LIMIT)
    assert [entry["event"] for entry in logs] == ["WebSocket callback failed"]


def test_a_callback_may_close_or_abort_its_connection(pair):
    ours, peer = pair()
    frames = encode_frame(BINARY, b"1", masked=True) + encode_frame(BINARY, b"2", masked=True)
    heard = []

    def abort(data):
        heard.append(data)
        ours.connection.abort()

    ours.connection.on_binary = abort
    peer.sock.sendall(frames)
    assert ours.close_code() == 1006
    assert heard == [b"1"]


def wsproto_server(first_frames=(), chunk=None):
    """Serve one client with wsproto: the handshake's answer and `first_frames` in one write,
    then echo until it closes."""

    def serve(sock):
        ws = WSConnection(ConnectionType.SERVER)
        ws.receive_data(read_head(sock))
        next(ws.events())
        answer = ws.send(AcceptConnection()) + b"".join(ws.send(frame) for frame in first_frames)
        for start in range(0, len(answer), chunk or len(answer)):
            sock.sendall(answer[start : start + (chunk or len(answer))])
        while data := sock.recv(65536):
            ws.receive_data(data)
            for event in ws.events():
                sock.sendall(ws.send(_echo_of(event)))
                if isinstance(event, CloseConnection):
                    return

    return serve


def _echo_of(event):
    if isinstance(event, CloseConnection | Ping):
        return event.response()
    return type(event)(event.data, message_finished=event.message_finished)


@pytest.fixture(params=["plain", "tls"])
def client_of(request, tmp_path):
    """Connect a client of ours to a server function, over TCP or TLS."""
    tls, trust = (None, None)
    if request.param == "tls":
        tls, trust = self_signed(tmp_path, "127.0.0.1")
    scheme = "wss" if tls else "ws"
    stack = []

    def open_client(serve, **options):
        server = raw_server(serve, tls=tls)
        stack.append(server)
        port = server.__enter__()
        return Recorder(connect(f"{scheme}://127.0.0.1:{port}/", ssl_context=trust, **options))

    yield open_client
    for server in stack:
        server.__exit__(None, None, None)


@pytest.mark.parametrize("chunk", [None, 1])
def test_the_client_reads_what_came_with_the_handshake(client_of, chunk):
    frames = [TextMessage("first"), BytesMessage(bytes(range(200))), TextMessage("third")]
    ours = client_of(wsproto_server(frames, chunk))
    assert [ours.next() for _ in frames] == ["first", bytes(range(200)), "third"]
    ours.connection.close()
    assert ours.close_code() == 1000


def test_the_client_sends_and_receives_a_lot(client_of):
    ours = client_of(wsproto_server(), max_queued_bytes=1 << 23, max_message_bytes=1 << 22)
    payload = os.urandom(3_000_000)
    ours.connection.send_binary(payload[:1_000_000])
    ours.connection.send_binary(payload[1_000_000:])
    received = b""
    while len(received) < len(payload):
        received += ours.next()
    assert received == payload
    ours.connection.close(4000)
    assert ours.close_code() == 4000


def test_the_client_notices_a_server_that_vanishes(client_of):
    def serve(sock):
        ws = WSConnection(ConnectionType.SERVER)
        ws.receive_data(read_head(sock))
        next(ws.events())
        sock.sendall(ws.send(AcceptConnection()))

    ours = client_of(serve)
    assert ours.close_code() == 1006


def test_our_server_over_tls_with_our_client(serve, tmp_path):
    tls, trust = self_signed(tmp_path, "127.0.0.1")
    server, accepted = serve(ssl_context=tls, max_message_bytes=1 << 22, max_queued_bytes=1 << 22)
    url = f"wss://127.0.0.1:{server.port}/x"
    ours = Recorder(connect(url, ssl_context=trust, max_queued_bytes=1 << 22))
    theirs = accepted.get(timeout=LIMIT)
    payload = os.urandom(2_000_000)
    assert ours.connection.send_text("up")
    assert theirs.next() == "up"
    assert ours.connection.send_binary(payload)
    assert theirs.next() == payload
    theirs.connection.close(1000, "bye")
    assert ours.close_code() == 1000
    assert theirs.close_code() == 1000

"""Listening over HTTP, by clients on real sockets."""

import io
import socket
import wave
from http import HTTPStatus
from http.client import HTTPConnection

import pytest
from gevent.event import Event

from topcalls.core.listening import Address, parse_path
from topcalls.errors import ConfigError
from topcalls.media import listening_server
from topcalls.media.call_sound import BATCH_BYTES, WAITING_BYTES, Listener
from topcalls.media.listening_server import ListeningServer, NotHere, wav_header

pytestmark = pytest.mark.unit
LIMIT = 5
CALL = "b7c1f1f0-0d4a-4a53-9d0e-7c1f1f00d4a4"
GOOD = Address(CALL, "good")


class Desk:
    """Admits whoever says "good"."""

    def __init__(self):
        self.admitted = []
        self.left = Event()

    def admit(self, call_id, token):
        if (call_id, token) != GOOD:
            raise NotHere(HTTPStatus.FORBIDDEN, "No.")
        self.admitted.append(Listener(lambda _: self.left.set()))
        return self.admitted[-1]


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def server(desk):
    made = ListeningServer("127.0.0.1", 0, "", desk.admit)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def get(server):
    clients = []

    def answer(path, method="GET"):
        port = int(server.url.rpartition(":")[2])
        clients.append(HTTPConnection("127.0.0.1", port, timeout=LIMIT))
        clients[-1].request(method, path)
        return clients[-1].getresponse()

    answer.clients = clients
    yield answer
    for client in clients:
        client.close()


def test_a_call_sounds_until_it_ends(desk, get):
    answer = get(GOOD.path)
    assert (answer.status, answer.getheader("Content-Type")) == (200, "audio/wav")
    (listener,) = desk.admitted
    sound = bytes(range(256)) * (BATCH_BYTES // 256 + 1)
    listener.put(sound)
    assert answer.read(44) == wav_header()
    assert answer.read(len(sound)) == sound
    listener.end()
    assert answer.read() == b""
    assert desk.left.is_set()


def test_a_player_knows_what_it_is():
    with wave.open(io.BytesIO(wav_header())) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (2, 2, 8000)


def test_a_line_that_brings_nothing_sounds_silent(desk, get, monkeypatch):
    monkeypatch.setattr(listening_server, "SILENCE_SECONDS", 0.02)
    answer = get(GOOD.path)
    answer.read(44)
    assert answer.read(640) == bytes(640)


def test_a_listener_who_leaves_is_forgotten(desk, get, monkeypatch):
    monkeypatch.setattr(listening_server, "SILENCE_SECONDS", 0.02)
    answer = get(GOOD.path)
    answer.read(44)
    answer.close()
    get.clients[-1].close()
    assert desk.left.wait(LIMIT)


def test_one_who_takes_nothing_holds_nobody_up_and_is_gone(desk, server, get, monkeypatch):
    monkeypatch.setattr(listening_server, "SEND_SECONDS", 0.2)
    deaf = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    deaf.sendall(f"GET {GOOD.path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    answer = get(GOOD.path)
    answer.read(44)
    first, second = desk.admitted
    for _ in range(400):
        for listener in (first, second):
            listener.put(bytes(WAITING_BYTES // 4))
        answer.read(WAITING_BYTES // 4)
        assert first._size <= WAITING_BYTES
    assert desk.left.wait(LIMIT)
    assert first._ended
    assert not second._ended
    deaf.close()


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        (Address(CALL, "bad").path, "GET", 403),
        (Address(CALL[:-1], "good").path, "GET", 404),
        ("/", "GET", 404),
        (GOOD.path, "POST", 405),
        (GOOD.path, "HEAD", 405),
    ],
)
def test_everything_else_is_refused(desk, get, path, method, status):
    assert get(path, method).status == status
    assert desk.admitted == []


def test_a_port_that_is_taken_is_a_sentence(server, desk):
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(ConfigError) as caught:
        ListeningServer("127.0.0.1", port, "", desk.admit).start()
    assert caught.value.field == "listen_port"


def test_listeners_may_reach_it_by_another_address(desk):
    made = ListeningServer("127.0.0.1", 0, "https://calls.example.com/node-1/", desk.admit)
    assert made.url == "https://calls.example.com/node-1"


def test_an_address_is_read_as_it_was_made():
    assert parse_path(GOOD.path) == GOOD
    for wrong in (GOOD.path + "x", "/listen//good/call.wav", GOOD.path.replace("good", "a/b")):
        assert parse_path(wrong) is None

"""The HTTP server: quick small answers, a clear word when a port is taken, an orderly end."""

import http.client
import json
import socket

import gevent
import pytest
from api_client import GOOD_CALL
from gevent.event import Event

from topcalls.api import server as api_server
from topcalls.errors import ConfigError

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
LIMIT = 5


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


@pytest.fixture
def start():
    running = []

    def serve(application):
        server = api_server.build(application, "127.0.0.1", 0)
        server.start()
        running.append(server)
        return server

    yield serve
    for server in running:
        server.stop(timeout=1)


@pytest.fixture
def connect():
    clients = []

    def make(server):
        clients.append(http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_small_writes_are_sent_at_once(start, connect):
    options = []

    def look(environ, start_response):
        connection = server.handlers.copy().pop().socket
        options.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        return hello(environ, start_response)

    server = start(look)
    client = connect(server)
    client.request("GET", "/")
    assert client.getresponse().read() == b"hello"
    assert options[0] != 0


def test_the_api_itself_is_served_also_to_chunked_bodies(start, connect, api):
    client = connect(start(api.app))
    body = json.dumps(GOOD_CALL).encode()
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    for sent in (body, iter([body[:20], body[20:]])):
        client.request("POST", "/v1/calls", sent, headers)
        response = client.getresponse()
        assert response.status == 201
        call_id = json.load(response)["call_id"]
    client.request("HEAD", f"/v1/calls/{call_id}", headers=headers)
    response = client.getresponse()
    assert (response.status, response.read()) == (200, b"")


def test_a_file_of_leads_is_read_as_it_arrives_announced_or_in_chunks(start, connect, api):
    client = connect(start(api.app))
    made = api.services.lead_lists.create(api.owner.account_id, {"name": "Spring"})
    at = f"/v1/lists/{made.id}/upload"
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "text/csv"}
    rows = [b"+12025550112,Ann\n" * 500 for _ in range(20)]
    for body in (b"phone,name\n" + b"".join(rows), iter([b"phone,name\n", *rows])):
        client.request("POST", at, body, headers)
        response = client.getresponse()
        assert response.status == 202
        assert json.load(response)["total_leads"] == 10_000
    client.request("POST", at, b"phone,name\n" + b"x" * 500_000, headers)
    response = client.getresponse()
    assert (response.status, json.load(response)["errors"][0]["path"]) == (400, "line 2")


def test_a_port_in_use_names_the_setting_and_the_remedy(start):
    taken = start(hello).port
    with pytest.raises(ConfigError) as caught:
        api_server.build(hello, "127.0.0.1", taken)
    assert caught.value.field == "api_port"
    assert str(taken) in str(caught.value)
    assert "TOPCALLS_API_PORT" in str(caught.value)


def test_an_address_of_another_machine_names_the_setting():
    with pytest.raises(ConfigError) as caught:
        api_server.build(hello, "192.0.2.1", 0)
    assert caught.value.field == "api_host"


def test_stopping_lets_an_answer_finish_and_hangs_up_on_idle_clients(start, connect):
    asked, may_answer = Event(), Event()

    def slow(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            asked.set()
            may_answer.wait(LIMIT)
        return hello(environ, start_response)

    server = start(slow)
    idle, busy = connect(server), connect(server)
    idle.request("GET", "/")
    idle.getresponse().read()
    busy.request("GET", "/slow")
    assert asked.wait(LIMIT)
    stopping = gevent.spawn(server.stop, LIMIT)
    assert idle.sock.recv(1) == b""
    may_answer.set()
    assert busy.getresponse().read() == b"hello"
    stopping.join(LIMIT)
    assert stopping.successful()
    with pytest.raises(ConnectionRefusedError):
        connect(server).connect()


def test_a_client_that_says_nothing_is_hung_up_on(start, monkeypatch):
    monkeypatch.setattr(api_server, "IDLE_SECONDS", 0.05)
    server = start(hello)
    with socket.create_connection(("127.0.0.1", server.port), LIMIT) as silent:
        assert silent.recv(1) == b""

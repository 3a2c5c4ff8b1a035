"""The doctor asks the API of this machine whether it can serve."""

import pytest
from gevent import socket
from gevent.pywsgi import WSGIServer

from topcalls.core.checkup import Level
from topcalls.services import api_checkup

pytestmark = pytest.mark.service
GONE = b'{"detail": "The database file was deleted."}'


@pytest.fixture
def serve():
    """A server that answers every request so; its address."""
    servers = []

    def serve(status, body=b""):
        def answer(environ, start_response):
            assert environ["PATH_INFO"] == "/ready"
            start_response(status, [])
            return [body]

        servers.append(WSGIServer(("127.0.0.1", 0), answer, log=None))
        servers[-1].start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.stop()


def test_an_api_that_serves_is_well(serve):
    assert api_checkup.api(serve("200 OK")).level is Level.OK


@pytest.mark.parametrize(("body", "words"), [(GONE, "file was deleted"), (b"x", "503")])
def test_an_api_that_cannot_serve_is_a_fault_with_its_words(serve, body, words):
    finding = api_checkup.api(serve("503 Service Unavailable", body))
    assert finding.level is Level.FAULT
    assert words in finding.found


def test_a_machine_without_an_api_is_no_fault():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    finding = api_checkup.api(url)
    assert finding.level is Level.OK
    assert "None answers" in finding.found

"""What holds for every answer of the API, and what it refuses to read or to reveal."""

import hmac
import json

import factories
import pytest
from api_client import GOOD_CALL, api_services

from topcalls.api import server
from topcalls.api.app import create_app
from topcalls.services import keys

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
LIMIT = 10
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
CALL = "/v1/calls/00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/v1/account/balance", {}, 200),
        ("POST", "/v1/calls", {"json": GOOD_CALL}, 201),
        ("POST", "/v1/calls", {"json": {}}, 400),
        ("POST", "/v1/calls", {"data": "x", "content_type": "text/plain"}, 415),
        ("GET", "/v1/calls", {"token": ""}, 401),
        ("GET", CALL, {}, 404),
        ("GET", "/nothing/here", {}, 404),
        ("PUT", "/v1/calls", {}, 405),
        ("GET", "/openapi.json", {"token": ""}, 200),
        ("GET", "/docs", {"token": ""}, 200),
        ("GET", "/docs/static/start.js", {"token": ""}, 200),
        ("GET", "/docs/static/nothing", {"token": ""}, 404),
        ("GET", "/metrics", {}, 200),
    ],
)
def test_every_answer_carries_the_security_headers(api, method, path, options, status):
    response = api.send(method, path, **options)
    assert response.status_code == status
    for name, value in HEADERS.items():
        assert response.headers[name] == value, name
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    if not path.startswith("/docs/static/") or status != 200:
        assert response.headers["Cache-Control"] == "no-store"
    assert "Server" not in response.headers


def test_a_fault_of_ours_carries_them_too(api, monkeypatch):
    monkeypatch.setattr(api.services.calls, "list", lambda *_: 1 / 0)
    response = api.get("/v1/calls")
    assert response.status_code == 500
    assert {name: response.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", ["/v1/calls", f"{CALL}/stop"])
def test_a_body_over_the_limit_is_refused_unread(api, path):
    api.app = create_app(api_services(api.services), max_body_bytes=1000)
    response = api.post(path, data=b"x" * 1001, content_type="application/json")
    assert response.status_code == 413
    assert response.json["type"].endswith("/payload_too_large")
    assert api.nothing_was_done()


def test_a_body_of_unannounced_length_is_held_to_the_same_limit(api, request):
    app = create_app(api_services(api.services), max_body_bytes=1000)
    http = server.build(app, "127.0.0.1", 0)
    http.start()
    request.addfinalizer(lambda: http.stop(1))
    body = json.dumps({**GOOD_CALL, "task": "x" * 2000}).encode()
    head = (
        "POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {api.token}\r\nTransfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\n"
    )
    with server.socket.create_connection(("127.0.0.1", http.port), LIMIT) as client:
        client.sendall(head.encode() + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"payload_too_large" in answer
    assert api.nothing_was_done()


@pytest.mark.parametrize("announced", ["Content-Length: 1000000000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("token", ["", "good"])
def test_nobody_keeps_us_reading_a_body_that_was_refused(
    api, request, monkeypatch, announced, token
):
    monkeypatch.setattr(server, "MAX_UNREAD_BYTES", 200_000)
    app = create_app(api_services(api.services), max_body_bytes=1000)
    http = server.build(app, "127.0.0.1", 0)
    http.start()
    request.addfinalizer(lambda: http.stop(1))
    head = (
        "POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {api.token if token else 'none'}\r\n{announced}\r\n\r\n"
    )
    piece = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    with server.socket.create_connection(("127.0.0.1", http.port), LIMIT) as client:
        client.sendall(head.encode())
        with pytest.raises(ConnectionError):  # of gigabytes that would be taken
            for _ in range(100_000):
                client.sendall(piece)
    assert api.nothing_was_done()


def test_a_key_is_compared_in_constant_time(services, monkeypatch):
    compared = []
    constant_time = hmac.compare_digest

    def compare(one, other):
        compared.append((one, other))
        return constant_time(one, other)

    monkeypatch.setattr(keys.hmac, "compare_digest", compare)
    account = services.accounts.create("Acme")
    made = services.keys.create(account.id, name="k", scopes=["calls:read"])
    almost = made.token[:-1] + ("A" if made.token[-1] != "A" else "B")
    with pytest.raises(keys.Unauthorized):
        services.keys.authenticate(almost)
    [(stored, given)] = compared
    assert len(stored) == len(given) == 64  # of hashes: also the prefix tells nothing
    assert stored != given
    assert services.keys.authenticate(made.token).account_id == account.id


def test_nothing_of_a_key_but_its_start_and_hash_is_stored(services):
    account = services.accounts.create("Acme")
    made = services.keys.create(account.id, name="k", scopes=factories.SCOPES)
    (stored,) = services.keys.list(account.id)
    assert stored.token is None
    assert made.token.startswith(stored.prefix)
    assert len(made.token) - len(stored.prefix) >= 32

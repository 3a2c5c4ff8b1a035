"""Outgoing HTTP over real sockets: where it may go, how long it may take, what it brings back."""

import pytest
from gevent import socket
from gevent.event import Event
from net_peers import LIMIT, raw_server, read_head, self_signed

from topcalls.net import http
from topcalls.net.http import HttpClient, HttpError


def answering(answer: bytes, requests: list | None = None):
    """A server that reads one request with its body and sends `answer`."""

    def serve(sock):
        head, _, body = read_head(sock).partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0] or 0)
        while len(body) < length:
            body += sock.recv(65536)
        if requests is not None:
            requests.append((head.decode(), body))
        sock.sendall(answer)

    return serve


def ok(body: bytes = b"fine", *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def fails_with(kind: str, client: HttpClient, url: str, **arguments) -> HttpError:
    with pytest.raises(HttpError) as error:
        client.post(url, b"{}", **arguments)
    assert error.value.kind == kind
    assert url not in str(error.value)
    return error.value


@pytest.fixture
def local():
    """A client that may go to loopback, where these tests live."""
    return HttpClient(timeout=LIMIT, allow_private=True)


def test_a_post_and_its_answer(local):
    requests = []
    answer = ok(b"\x00fine", "X-A: 1", "x-a: 2", "Content-Type: text/plain")
    with raw_server(answering(answer, requests)) as port:
        response = local.post(
            f"http://127.0.0.1:{port}/hook?a=b#fragment",
            b'{"a": 1}',
            {"Content-Type": "application/json", "X-Signature": "v1,abc"},
        )
    assert (response.status, response.body) == (200, b"\x00fine")
    assert response.headers["x-a"] == "1, 2"
    assert 0 <= response.elapsed_ms < LIMIT * 1000
    ((head, body),) = requests
    assert head.startswith("POST /hook?a=b HTTP/1.1\r\n")
    assert f"\r\nHost: 127.0.0.1:{port}\r\n" in head
    assert "\r\nX-Signature: v1,abc" in head
    assert body == b'{"a": 1}'


@pytest.mark.parametrize("status", ["204 No Content", "404 Not Found", "503 Busy"])
def test_every_status_is_an_answer(local, status):
    with raw_server(answering(f"HTTP/1.1 {status}\r\n\r\n".encode())) as port:
        assert local.post(f"http://127.0.0.1:{port}", b"").status == int(status[:3])


def test_a_redirect_is_an_answer_too(local):
    visited = Event()
    with raw_server(lambda sock: visited.set()) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere}/"
        answer = f"HTTP/1.1 302 Found\r\n{location}\r\nContent-Length: 0\r\n\r\n".encode()
        with raw_server(answering(answer)) as port:
            response = local.post(f"http://127.0.0.1:{port}/", b"")
    assert (response.status, visited.is_set()) == (302, False)
    assert response.headers["location"].startswith("http://127.0.0.1")


PRIVATE_URLS = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::]:{port}/",
]


@pytest.mark.parametrize("url", PRIVATE_URLS)
def test_private_hosts_are_not_connected_to(url):
    connected = Event()
    with raw_server(lambda sock: connected.set()) as port:
        error = fails_with("forbidden_address", HttpClient(), url.format(port=port))
        assert not connected.wait(0.01)
    assert not error.retryable


def test_a_name_is_resolved_once_and_only_its_public_addresses_are_used(local, monkeypatch):
    """The name server's second answer would be loopback: nobody may ask for it."""
    answers = iter([[_found("192.168.0.1"), _found("8.8.8.8"), _found("127.0.0.1")]])
    monkeypatch.setattr(http.socket, "getaddrinfo", lambda *_, **__: next(answers))
    tried = []

    class Refusing(socket.socket):
        def connect(self, address):
            tried.append(address[0])
            raise ConnectionRefusedError

    monkeypatch.setattr(http.socket, "socket", Refusing)
    fails_with("connect", HttpClient(), "http://rebinding.example/")
    assert tried == ["8.8.8.8"]


def _found(address):
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))


def test_the_next_address_is_tried_when_one_refuses(local, monkeypatch):
    with raw_server(answering(ok())) as port, socket.create_server(("127.0.0.2", 0)) as closed:
        refusing = closed.getsockname()
        closed.close()
        found = [
            _found("127.0.0.1")[:4] + (address,) for address in (refusing, ("127.0.0.1", port))
        ]
        monkeypatch.setattr(http.socket, "getaddrinfo", lambda *_, **__: found)
        assert local.post("http://two-addresses.example/", b"").status == 200


@pytest.mark.parametrize(
    "url",
    ["nonsense", "example.com", "ftp://example.com/", "file:///etc/passwd", "http://", "http:///x",
     "http://user:secret@example.com/", "http://example.com:0/", "http://example.com:99999/",
     "http://exa mple.com/", "http://example.com/a b", "http://example.com/\r\nX: y",
     "http://example.com/\u00e9", "http://[::1/", "http://a..b/", "http://" + "a" * 64 + ".com/",
     "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_web_address(url):
    fails_with("invalid_url", HttpClient(), url)


def test_an_international_host_name_is_sent_in_ascii(local, monkeypatch):
    requests = []
    with raw_server(answering(ok(), requests)) as port:
        found = [_found("127.0.0.1")[:4] + (("127.0.0.1", port),)]
        monkeypatch.setattr(http.socket, "getaddrinfo", lambda *_, **__: found)
        local.post("http://b\u00fccher.example/", b"")
    assert "\r\nHost: xn--bcher-kva.example\r\n" in requests[0][0]


def test_an_unknown_host(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(http.socket, "getaddrinfo", unknown)
    assert fails_with("dns", HttpClient(), "http://nowhere.example/").retryable


def test_nobody_listens(local):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert fails_with("connect", local, f"http://127.0.0.1:{port}/").retryable


def endless(sock):
    """Never slow enough for a limit on each read: a byte every now and then, for ever."""
    read_head(sock)
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        sock.sendall(b".")
        Event().wait(0.01)


def silent(sock):
    read_head(sock)
    Event().wait(LIMIT)


def deaf(sock):
    Event().wait(LIMIT)


@pytest.mark.parametrize("receiver", [endless, silent, deaf])
def test_the_time_limit_holds_against_every_slow_receiver(receiver):
    client = HttpClient(timeout=0.1, allow_private=True)
    with raw_server(receiver) as port, pytest.raises(HttpError) as error:
        client.post(f"http://127.0.0.1:{port}/", bytes(20_000_000))
    assert error.value.kind == "timeout"
    assert error.value.retryable


def test_the_time_limit_covers_a_tls_handshake_that_never_comes():
    client = HttpClient(timeout=0.1, allow_private=True)
    with raw_server(deaf) as port:
        fails_with("timeout", client, f"https://127.0.0.1:{port}/")


def test_the_time_limit_covers_a_slow_name_server(monkeypatch):
    monkeypatch.setattr(http.socket, "getaddrinfo", lambda *_, **__: Event().wait(LIMIT))
    fails_with("timeout", HttpClient(timeout=0.05), "http://slow.example/")


@pytest.mark.parametrize("declared", [True, False])
def test_an_answer_over_the_size_limit(declared):
    client = HttpClient(timeout=LIMIT, max_response_bytes=1000, allow_private=True)
    length = "Content-Length: 1001\r\n" if declared else ""
    for size, kind in ((1001, "too_large"), (1000, None)):
        head = f"HTTP/1.1 200 OK\r\n{length}\r\n".replace("1001", str(size)).encode()
        with raw_server(answering(head + bytes(size))) as port:
            url = f"http://127.0.0.1:{port}/"
            if kind:
                fails_with(kind, client, url)
            else:
                assert len(client.post(url, b"").body) == size


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-OpenSSH_9\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort",
     b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"],
)  # fmt: skip
def test_a_broken_answer(local, answer):
    with raw_server(answering(answer)) as port:
        fails_with("protocol", local, f"http://127.0.0.1:{port}/")


def test_a_chunked_answer(local):
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n"
    with raw_server(answering(answer)) as port:
        assert local.post(f"http://127.0.0.1:{port}/", b"").body == b"fine"


@pytest.mark.parametrize("headers", [{"A": "x\r\nB: y"}, {"A\r\nB": "x"}, {"A": "\u20ac"}])
def test_headers_that_would_smuggle_are_refused(local, headers):
    with raw_server(answering(ok())) as port:
        fails_with("invalid_request", local, f"http://127.0.0.1:{port}/", headers=headers)


def test_tls_with_the_right_name(tmp_path):
    tls, trust = self_signed(tmp_path, "localhost")
    client = HttpClient(timeout=LIMIT, allow_private=True, ssl_context=trust)
    requests = []
    with raw_server(answering(ok(), requests), tls=tls) as port:
        assert client.post(f"https://localhost:{port}/", b"x").body == b"fine"
        assert f"\r\nHost: localhost:{port}\r\n" in requests[0][0]


def test_tls_with_another_name_is_refused_although_the_address_is_right(tmp_path):
    tls, trust = self_signed(tmp_path, "elsewhere.example")
    client = HttpClient(timeout=LIMIT, allow_private=True, ssl_context=trust)
    with raw_server(answering(ok()), tls=tls) as port:
        error = fails_with("tls", client, f"https://localhost:{port}/")
    assert "mismatch" in str(error).lower()
    assert not error.retryable


def test_tls_from_an_unknown_authority_is_refused(local, tmp_path):
    tls, _ = self_signed(tmp_path, "localhost")
    with raw_server(answering(ok()), tls=tls) as port:
        fails_with("tls", local, f"https://localhost:{port}/")


def test_a_get_has_no_body(local):
    requests = []
    with raw_server(answering(ok(), requests)) as port:
        assert local.request("GET", f"http://127.0.0.1:{port}/page").body == b"fine"
    assert requests[0][0].startswith("GET /page HTTP/1.1\r\n")
    assert "Content-Length" not in requests[0][0]

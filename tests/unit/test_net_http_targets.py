"""Where outgoing HTTP never goes, whatever the URL, the name server or the receiver says."""

import ipaddress

import pytest
from gevent import socket
from gevent.event import Event
from hypothesis import given, settings
from hypothesis import strategies as st
from net_peers import LIMIT, raw_server, read_head

from topcalls.net import http
from topcalls.net.addresses import is_public
from topcalls.net.http import HttpClient, HttpError

pytestmark = pytest.mark.unit

# Written by hand, so that it shares no mistake with the rule under test.
_BLOCKS = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    168.63.129.16/32 ::/96 fc00::/7 fe80::/10 fec0::/10 ff00::/8 2001:db8::/32 64:ff9b:1::/48
"""
FORBIDDEN = [ipaddress.ip_network(block) for block in _BLOCKS.split()]
METADATA = [
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.16689662/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://168.63.129.16/metadata",
    "http://0.0.0.0/",
    "http://0/",
]


class Unreachable(socket.socket):
    """Notes where a connection would have gone, and refuses it."""

    tried: list[str] = []

    def connect(self, address):
        self.tried.append(address[0])
        raise ConnectionRefusedError


@pytest.fixture
def tried(monkeypatch):
    """The addresses that connections were tried to; none is made."""
    monkeypatch.setattr(Unreachable, "tried", [])
    monkeypatch.setattr(http.socket, "socket", Unreachable)
    return Unreachable.tried


@pytest.mark.parametrize("url", METADATA)
def test_no_spelling_of_a_metadata_service_is_connected_to(tried, url):
    with pytest.raises(HttpError) as refused:
        HttpClient(timeout=LIMIT).post(url, b"{}")
    assert (refused.value.kind, tried) == ("forbidden_address", [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://169.254.169.254/", "http://127.0.0.1:{port}/", "//x/"])
def test_a_redirect_is_reported_and_not_followed(status, target):
    visited = Event()
    with raw_server(lambda sock: visited.set()) as elsewhere:
        location = target.format(port=elsewhere)

        def redirect(sock):
            read_head(sock)
            lines = [f"HTTP/1.1 {status} Go", f"Location: {location}", "Content-Length: 0"]
            sock.sendall("\r\n".join([*lines, "", ""]).encode())

        with raw_server(redirect) as port:
            client = HttpClient(timeout=LIMIT, allow_private=True)
            answer = client.post(f"http://127.0.0.1:{port}/", b"{}")
    assert (answer.status, answer.headers["location"]) == (status, location)
    assert not visited.is_set()


addresses = st.ip_addresses() | st.sampled_from(FORBIDDEN).flatmap(
    lambda block: st.ip_addresses(network=str(block))
)


def disguised(address):
    """An IPv4 address inside an IPv6 one, in each of the ways there are."""
    number = int(address)
    return st.sampled_from(
        [
            ipaddress.IPv6Address((0xFFFF << 32) | number),
            ipaddress.IPv6Address((0x0064FF9B << 96) | number),
            ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ]
    )


def is_forbidden(address):
    return any(address in block for block in FORBIDDEN)


@settings(max_examples=300)
@given(addresses)
def test_a_forbidden_address_is_never_public(address):
    if is_forbidden(address):
        assert not is_public(str(address))


@given(st.ip_addresses(v=4).flatmap(lambda inner: st.tuples(st.just(inner), disguised(inner))))
def test_a_disguise_is_as_public_as_what_it_hides(pair):
    inner, outer = pair
    assert is_public(str(outer)) == is_public(str(inner))


@settings(max_examples=50)
@given(answers=st.lists(addresses, max_size=6))
def test_of_what_a_name_server_says_only_public_addresses_are_used(answers):
    found = [
        (
            socket.AF_INET if address.version == 4 else socket.AF_INET6,
            socket.SOCK_STREAM,
            6,
            "",
            (str(address), 80),
        )
        for address in answers
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Unreachable, "tried", [])
        patch.setattr(http.socket, "socket", Unreachable)
        patch.setattr(http.socket, "getaddrinfo", lambda *_, **__: found)
        with pytest.raises(HttpError) as refused:
            HttpClient(timeout=LIMIT).post("http://name.example/", b"{}")
        tried = Unreachable.tried
    assert not any(is_forbidden(ipaddress.ip_address(address)) for address in tried)
    assert refused.value.kind == ("connect" if tried else "forbidden_address")


@given(st.text(max_size=60) | st.builds("http://{}/{}".format, st.text(), st.text()))
def test_any_text_is_a_target_or_an_error(text):
    try:
        target = http._parse_url(text)
    except HttpError as error:
        assert error.kind == "invalid_url"
        assert not error.retryable
    else:
        for part in (target.host, target.path):
            assert part.isascii()
            assert part.isprintable()
            assert " " not in part

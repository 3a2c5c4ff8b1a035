"""HTTP in both directions: requests to the API, webhook targets, what receivers answer."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import logging
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

from flask import Flask
from gevent import monkey, socket
from hypothesis import strategies as st
from target import Target, deep, json_values, mutated

from topcalls import compose, config
from topcalls.core import web_addresses
from topcalls.net import http
from topcalls.net.http import HttpClient, HttpError
from topcalls.services.keys import SCOPES

sys.path.append(str(Path(__file__).parents[2] / "tests"))

import api_contract  # noqa: E402 - the oracle of the suite

_LIMIT = 10.0  # seconds


class Api:
    """The API of an installation of this run."""

    app: Flask
    token: str
    call_id: str


@contextlib.contextmanager
def served() -> Iterator[None]:
    """Make an installation with one account and one call, and its API."""
    with tempfile.TemporaryDirectory() as directory:
        generous = {"API_REQUESTS_PER_SECOND": "1e6", "API_REQUESTS_BURST": "1000000"}
        settings = config.load(
            environ={
                "TOPCALLS_DATA_DIR": directory,
                "TOPCALLS_API_PORT": "0",
                "TOPCALLS_PUBLIC_URL": "https://calls.example.com",
                "TOPCALLS_MAX_BODY_BYTES": "200000",
                **{f"TOPCALLS_{name}": value for name, value in generous.items()},
            }
        )
        compose.migrate(settings)
        services = compose.open_services(settings)
        account = services.accounts.create("Fuzz", minutes=1e9).id
        Api.token = services.keys.create(account, name="fuzz", scopes=SCOPES).token or ""
        server = compose.build_api(settings)
        Api.app = server.application.app
        made = _client_answer("POST", "/v1/calls", {}, json.dumps(_GOOD).encode())
        assert made[0] == 201, made
        Api.call_id = made[2]["call_id"]
        logging.disable()
        yield
        server.close()
        services.close()


# --- requests

_GOOD: dict[str, Any] = {
    "phone_number": "+12025550100",
    "task": "Ask whether Tuesday at ten suits.",
    "first_sentence": "Hello, this is Rachel.",
    "voice": "alloy",
    "language": "en-US",
    "max_duration": 5,
    "webhook_url": "https://example.com/hook",
    "webhook_events": ["call.completed"],
    "metadata": {"order": 7},
    "recording": {"enabled": True},
    "interruption": {"sensitivity": "low"},
    "priority": 1,
}
_FIELDS = [
    *_GOOD,
    "schedule_at",
    "tools",
    "model",
    "mode",
    "analysis_schema",
    "transfer",
    "voicemail",
    "no_such",
]
_values = json_values | st.sampled_from(
    ["", "\0", "\ud800", "+1", 1e308, -0.0, 1 << 63, [], {}, [{}], {"": None}, "9999-12-31T23:59Z"]
)
_bodies = (
    st.builds(
        lambda changes, gone: json.dumps(
            {key: value for key, value in {**_GOOD, **changes}.items() if key not in gone}
        ).encode(),
        st.dictionaries(st.sampled_from(_FIELDS) | st.text(max_size=8), _values, max_size=4),
        st.lists(st.sampled_from(_FIELDS), max_size=3),
    )
    | mutated([json.dumps(_GOOD).encode()])
    | deep
    | st.just(b"")
)
_header_text = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
_request_headers = st.fixed_dictionaries(
    {},
    optional={
        "Idempotency-Key": _header_text | st.just("0123456789abcdef"),
        "Content-Type": _header_text | st.just("application/json; charset=utf-7"),
        "Range": _header_text | st.just("bytes=5-1"),
        "Accept": _header_text,
        "X-Forwarded-For": _header_text,
    },
)
_paths = st.sampled_from([(method.upper(), path) for path, method, _ in api_contract.operations()])
_parameters = st.text(max_size=12) | st.sampled_from(["..", "%00", "0", "-1", "call"])
_queries = st.dictionaries(
    st.sampled_from(["limit", "cursor", "status", "campaign_id", "mode"]) | st.text(max_size=6),
    st.text(max_size=12) | st.sampled_from(["0", "-1", "1e3", "2999-01-01T00:00:00Z"]),
    max_size=3,
)


def _client_answer(
    method: str, path: str, headers: dict[str, str], body: bytes, query: Any = None
) -> tuple[int, str, Any, bytes]:
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {Api.token}",
        **headers,
    }
    with Api.app.test_client() as client:
        answer = client.open(
            path, method=method, headers=headers, data=body, query_string=query or None
        )
        parsed = json.loads(answer.get_data()) if answer.is_json else None
        return answer.status_code, answer.content_type or "", parsed, answer.get_data()


def _request(case: tuple[Any, ...]) -> None:
    (method, template), parameters, query, headers, body = case
    fillings = [Api.call_id if one == "call" else quote(one, safe="%") for one in parameters]
    path = re.sub(r"\{[^}]+\}", lambda _: fillings.pop(), template)
    status, kind, _, content = _client_answer(method, path, headers, body, query)
    assert status < 500 or status == 503, f"{method} {path}: {status} {content[:500]!r}"
    if "{" not in template or path.count("/") == template.count("/"):
        _hold_to_document(method, template, status, kind, content)


def _hold_to_document(method: str, template: str, status: int, kind: str, content: bytes) -> None:
    if status in (404, 405) or ("{" in template and status in (301, 308)):
        return  # the path was none of ours
    if status >= 400 or "json" in kind:
        api_contract.check(
            method, template.replace("{", "").replace("}", ""), status, kind, content
        )


_requests = st.tuples(
    _paths,
    st.lists(st.just("call") | _parameters, min_size=5, max_size=5),
    _queries | st.just({}),
    _request_headers,
    _bodies,
)
_creations = st.tuples(
    st.just(("POST", "/v1/calls")),
    st.just(["call"] * 5),
    st.just({}),
    st.just({}),
    _bodies,
)

# --- webhook targets

_FORBIDDEN = [
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "168.63.129.16/32",
        "224.0.0.0/3",
        "::/96",
        "::ffff:0:0/96",
        "fc00::/7",
        "fe80::/9",
        "ff00::/8",
    )
]
_addresses = st.ip_addresses() | st.sampled_from(_FORBIDDEN).flatmap(
    lambda block: st.ip_addresses(network=str(block))
)


def _spellings(address: Any) -> st.SearchStrategy[str]:
    number = int(address)
    if address.version == 6:
        return st.sampled_from([f"[{address}]", f"[{address.exploded}]"])
    parts = [number >> shift & 255 for shift in (24, 16, 8, 0)]
    return st.sampled_from(
        [
            str(address),
            str(number),
            hex(number),
            oct(number).replace("0o", "0"),
            ".".join(f"0{part:o}" for part in parts),
            ".".join(hex(part) for part in parts),
            f"{parts[0]}.{number & 0xFFFFFF}",
            f"[::ffff:{address}]",
            f"[64:ff9b::{address}]",
            f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::]",
        ]
    )


_hosts = _addresses.flatmap(_spellings) | st.text(max_size=20) | st.just("name.example")
_urls = st.builds(
    "{}://{}{}{}/{}".format,
    st.sampled_from(["http", "https", "HTTP", "ftp", "file"]) | st.text(max_size=5),
    st.sampled_from(["", "", "user:word@", "example.com@", "[::1]@"]),
    _hosts,
    st.sampled_from(["", ":80", ":0", ":99999", ":x"]),
    st.text(max_size=20),
)
_numeric = monkey.get_original("socket", "getaddrinfo")


class _Recording(socket.socket):  # type: ignore[misc]
    tried: list[str] = []

    def connect(self, address: Any) -> None:
        self.tried.append(address[0])
        raise ConnectionRefusedError


def _meant(text: str) -> Any:
    """The address that the kernel connects to: of a mapped one, what it holds."""
    address: Any = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def _webhook_target(case: tuple[str, list[Any]]) -> None:
    url, answers = case
    verdict = web_addresses.fault(url, "webhook_url")

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        with contextlib.suppress(OSError):
            return list(_numeric(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST))
        return [
            (
                socket.AF_INET if one.version == 4 else socket.AF_INET6,
                socket.SOCK_STREAM,
                6,
                "",
                (str(one), port),
            )
            for one in answers
        ]

    _Recording.tried.clear()
    with (
        mock.patch.object(http.socket, "getaddrinfo", resolve),
        mock.patch.object(http.socket, "socket", _Recording),
        contextlib.suppress(HttpError),
    ):
        HttpClient(timeout=_LIMIT).post(url, b"{}")
    for tried in map(_meant, _Recording.tried):
        assert not any(tried in block for block in _FORBIDDEN), f"{url} led to {tried}"
    if verdict is not None:
        assert verdict.path == "webhook_url"


# --- what a receiver answers

_ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine",
    b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
    b"HTTP/1.0 204 No Content\r\nX: " + b"y" * 200 + b"\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
]


def _receiver(answer: bytes) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(answer)
    theirs.shutdown(socket.SHUT_WR)
    try:
        with mock.patch.object(http._PinnedConnection, "_connect_to_first", lambda _: ours):
            client = HttpClient(timeout=_LIMIT, max_response_bytes=1000, allow_private=True)
            response = client.post("http://127.0.0.1/", b"{}")
        assert 100 <= response.status <= 999
        assert len(response.body) <= 1000
    except HttpError as error:
        assert error.kind in ("protocol", "connect", "too_large"), error.kind
    finally:
        ours.close()
        theirs.close()


TARGETS = [
    Target("API, any request", _requests, _request),
    Target("API, create a call", _creations, _request),
    Target("webhook target", st.tuples(_urls, st.lists(_addresses, max_size=3)), _webhook_target),
    Target("receiver's answer", mutated(_ANSWERS), _receiver),
]

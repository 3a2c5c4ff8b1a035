"""Outgoing HTTP to URLs that customers chose.

Such a URL is hostile until proven otherwise: its name is resolved once, every address that is
not public is dropped, and the connection goes to an address that passed, so a second answer of
the name server cannot redirect it into our network (DNS rebinding). Redirects are returned, not
followed; environment proxies are ignored. The whole exchange, name resolution included, has one
time limit, and the answer one size limit, so a receiver can be neither slow nor endless.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import socket, ssl

from topcalls.clock import Clock, SystemClock
from topcalls.errors import TopCallsError
from topcalls.net.addresses import is_public
from topcalls.net.tls import default_context

_TRANSIENT = frozenset(("dns", "connect", "timeout", "protocol"))
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_PRINTABLE_ASCII = re.compile(r"[\x21-\x7e]+")
_MAX_ADDRESSES = 4
_DEFAULT_PORTS = {"http": 80, "https": 443}


ORIGIN_HEADER = "topcalls-origin"
"""Which installation a request comes from: one that gets its own back refuses it."""

LOOP = 508
"""The status with which it does."""


@dataclass(frozen=True)
class Ourselves:
    """How customers' URLs are kept from leading back to us. `endpoints`: the `host:port` of each
    server of ours. `mark` goes with every request, in case one has another name too."""

    endpoints: frozenset[str] = frozenset()
    mark: str = ""


NOBODY = Ourselves()


class HttpError(TopCallsError):
    """No answer came. The message never contains the URL: it may carry a secret.

    `kind` is one of `invalid_url`, `invalid_request`, `forbidden_address`, `own_address`, `dns`,
    `connect`, `tls`, `timeout`, `too_large`, `protocol`. `may_have_arrived`: whether the receiver
    may have got the request all the same, and done what it asks.
    """

    code = "http_error"

    def __init__(self, kind: str, message: str, *, may_have_arrived: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.may_have_arrived = may_have_arrived
        self.retryable = kind in _TRANSIENT


@dataclass(frozen=True)
class HttpResponse:
    """An answer, whatever its status. Header names are lower case; repeated ones are joined."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_ms: int


@dataclass(frozen=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str


class HttpClient:
    """Sends one request per connection; safe to share between greenlets.

    `timeout` (seconds) covers an exchange from name resolution to the last byte of the answer.
    `allow_private` lifts the ban on private addresses, for all or for a host and port as the URL
    has them. `ourselves` are servers that are never asked.
    """

    def __init__(
        self,
        timeout: float = 10.0,
        max_response_bytes: int = 1 << 20,
        allow_private: bool | Callable[[str, int], bool] = False,
        *,
        ourselves: Ourselves = NOBODY,
        ssl_context: Any = None,
        clock: Clock | None = None,
    ) -> None:
        self._timeout = timeout
        self._max_response_bytes = max_response_bytes
        self._allow_private = allow_private
        self._ourselves = ourselves
        self._ssl_context = ssl_context
        self._clock = clock or SystemClock()

    def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> HttpResponse:
        """POST `body`. Raises `HttpError`."""
        return self.request("POST", url, body, headers)

    def request(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """One exchange. Raises `HttpError`; any HTTP status is an answer, not an error."""
        target = _parse_url(url)
        if f"{target.host.rstrip('.')}:{target.port}" in self._ourselves.endpoints:
            raise HttpError("own_address", "the address is our own")
        if self._ourselves.mark:
            headers = {**(headers or {}), ORIGIN_HEADER: self._ourselves.mark}
        started = self._clock.monotonic()
        limit = gevent.Timeout(self._timeout)
        limit.start()
        try:
            status, answer_headers, answer = self._exchange(method, target, body, headers or {})
        except gevent.Timeout as expired:
            if expired is not limit:
                raise
            words = f"no answer within {self._timeout:g} s"
            raise HttpError("timeout", words, may_have_arrived=True) from None
        finally:
            limit.close()
        elapsed_ms = round((self._clock.monotonic() - started) * 1000)
        return HttpResponse(status, answer_headers, answer, elapsed_ms)

    def _exchange(
        self, method: str, target: _Target, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        addresses = self._addresses(target)
        connection = _PinnedConnection(
            target, addresses, self._context(target), self._timeout / len(addresses)
        )
        try:
            connection.connect()
            connection.request(method, target.path, body or None, dict(headers))
            with connection.getresponse() as response:
                return response.status, _joined(response), self._read(response)
        except http.client.HTTPException as error:
            words = f"not HTTP: {type(error).__name__}"
            raise HttpError("protocol", words, may_have_arrived=True) from error
        except ValueError as error:  # http.client's verdict on a header or method
            raise HttpError("invalid_request", "a header or the method cannot be sent") from error
        except OSError as error:
            raise HttpError("connect", "connection lost", may_have_arrived=True) from error
        finally:
            connection.close()

    def _context(self, target: _Target) -> Any:
        return (self._ssl_context or default_context()) if target.scheme == "https" else None

    def _addresses(self, target: _Target) -> list[tuple[int, Any]]:
        """(family, socket address) of the target, those that may be connected to."""
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise HttpError("dns", "the host name cannot be resolved") from error
        addresses = [(family, address) for family, _, _, _, address in found]
        may_be_private = self._may_be_private(target)
        allowed = [
            (family, address)
            for family, address in addresses
            if may_be_private or is_public(address[0])
        ]
        if not allowed:
            raise HttpError("forbidden_address", "the host is not on the public Internet")
        return allowed[:_MAX_ADDRESSES]

    def _may_be_private(self, target: _Target) -> bool:
        allow = self._allow_private
        return allow if isinstance(allow, bool) else allow(target.host, target.port)

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        body = response.read(self._max_response_bytes + 1)
        if len(body) > self._max_response_bytes:
            words = f"answer over {self._max_response_bytes} bytes"
            raise HttpError("too_large", words, may_have_arrived=True)
        if response.length:
            raise HttpError("protocol", "the answer broke off", may_have_arrived=True)
        return body


class _PinnedConnection(http.client.HTTPConnection):
    """An HTTP connection to addresses that were vetted, under the URL's host name."""

    def __init__(
        self,
        target: _Target,
        addresses: list[tuple[int, Any]],
        context: Any,
        seconds_per_address: float,
    ) -> None:
        super().__init__(target.host, target.port)
        self.default_port = _DEFAULT_PORTS[target.scheme]  # so that it is left out of Host
        self._addresses = addresses
        self._context = context
        self._seconds_per_address = seconds_per_address

    def connect(self) -> None:
        sock = self._connect_to_first()
        if self._context is not None:
            try:
                sock = self._context.wrap_socket(
                    sock, server_hostname=self.host, do_handshake_on_connect=False
                )
                sock.do_handshake()
            except OSError as error:
                sock.close()
                raise HttpError("tls", f"TLS failed: {_tls_reason(error)}") from error
            except BaseException:
                sock.close()
                raise
        self.sock = sock

    def _connect_to_first(self) -> Any:
        for family, address in self._addresses:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.settimeout(self._seconds_per_address)
            try:
                sock.connect(address)
            except OSError:  # time-out included
                sock.close()
            except BaseException:
                sock.close()
                raise
            else:
                sock.settimeout(None)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        raise HttpError("connect", "the host cannot be reached")


def _tls_reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    return str(getattr(error, "reason", None) or type(error).__name__)


def _joined(response: http.client.HTTPResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _parse_url(url: str) -> _Target:
    if _UNPRINTABLE.search(url):
        raise HttpError("invalid_url", "the URL contains spaces or control characters")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except ValueError as error:  # UnicodeError included
        raise HttpError("invalid_url", "the URL cannot be read") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise HttpError("invalid_url", "the URL must begin with http:// or https://")
    if not host or not _PRINTABLE_ASCII.fullmatch(host) or port == 0:
        raise HttpError("invalid_url", "the URL has no usable host")
    if parts.username is not None or parts.password is not None:
        raise HttpError("invalid_url", "the URL must not contain a user name or password")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _PRINTABLE_ASCII.fullmatch(path):
        raise HttpError("invalid_url", "the URL's path must be percent-encoded")
    return _Target(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], path)

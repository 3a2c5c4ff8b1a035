"""Strangers to talk to over loopback: wsproto clients, raw sockets, self-signed certificates."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import struct

import gevent
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gevent import socket, ssl
from gevent.event import AsyncResult
from gevent.queue import Queue
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request

LIMIT = 5.0  # seconds that any wait in these tests may take


class Recorder:
    """Everything a connection of ours tells, to be waited for."""

    def __init__(self, connection) -> None:
        self.connection = connection
        self.messages: Queue = Queue()
        self.closes: list[tuple[int, str]] = []
        self._closed: AsyncResult = AsyncResult()
        connection.on_binary = connection.on_text = self.messages.put
        connection.on_close = self._on_close

    def _on_close(self, code: int, reason: str) -> None:
        self.closes.append((code, reason))
        self._closed.set((code, reason))

    def next(self):
        return self.messages.get(timeout=LIMIT)

    def close_code(self) -> int:
        """Wait for the end; the code told to `on_close`."""
        return self._closed.get(timeout=LIMIT)[0]


class WsprotoClient:
    """A WebSocket client by wsproto on a plain blocking socket of gevent."""

    def __init__(self, port: int, *, target: str = "/", receive_buffer: int = 0) -> None:
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(LIMIT)
        self.sock.connect(("127.0.0.1", port))
        self.ws = WSConnection(ConnectionType.CLIENT)
        self._events: list = []
        self.send(Request(host="127.0.0.1", target=target))
        self.accepted = self.next()
        assert isinstance(self.accepted, AcceptConnection)

    def send(self, event) -> None:
        self.sock.sendall(self.ws.send(event))

    def next(self):
        """The next event."""
        while not self._events:
            self.ws.receive_data(self.sock.recv(65536) or None)
            self._events += self.ws.events()
        return self._events.pop(0)

    def next_close(self) -> CloseConnection:
        """Skip to the close frame; fails when the connection ends without one."""
        while True:
            event = self.next()
            if isinstance(event, CloseConnection):
                assert event.code != 1006
                return event

    def at_end_of_file(self) -> bool:
        """Whether the other side has closed or reset the connection."""
        try:
            while self.sock.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def reset(self) -> None:
        reset(self.sock)

    def close(self) -> None:
        self.sock.close()


def reset(sock) -> None:
    """Close so that the peer sees a reset instead of an end of file."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@contextlib.contextmanager
def raw_server(serve, *, tls=None):
    """A TCP server for one connection: `serve(sock)` runs in a greenlet. Yields the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(LIMIT)

    def run():
        sock, _ = listener.accept()
        try:
            if tls is not None:
                sock = tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                sock.do_handshake()
            sock.settimeout(LIMIT)
            serve(sock)
        except OSError:
            pass  # the client went away: its business
        finally:
            sock.close()

    greenlet = gevent.spawn(run)
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        greenlet.kill()


def read_head(sock) -> bytes:
    """An HTTP request up to and with its empty line."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(4096)
        assert chunk, "the request ended early"
        data += chunk
    return data


def self_signed(directory, *names: str):
    """(server context, client context that trusts it) for host names and IP addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "certificate.pem"
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    path.write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=pem.decode())
    return server, client


def _general(name: str):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)

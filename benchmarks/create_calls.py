"""`POST /v1/calls`: how many a second one API process on one core answers, and how soon.

    python benchmarks/create_calls.py [--seconds 6] [--repeats 3] [--connections 1 32]

Everything is on: bearer key, rules of the request, minutes reserved, the call's row, its event for
webhooks; and `Idempotency-Key` off or on (a new key each time). SQLite is in the process measured;
PostgreSQL (without fsync) and the generator are on the other core. CPU-ms is the API process's own.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from uuid import uuid4

import gevent
from common import (
    JsonProcess,
    cores,
    database,
    databases,
    environment,
    figures_of,
    introduce,
    product,
    running,
    say,
    workspace,
)
from gevent import socket

HEADER = "database    idempotency  connections  answers/s  CPU-ms each   p50 ms   p99 ms   max ms"
BODY = json.dumps(
    {
        "phone_number": "+12025550100",
        "task": "Remind the patient of the appointment on Monday at ten, and move it if asked to.",
        "first_sentence": "Hello, this is the practice of Doctor Jones.",
        "metadata": {"patient": "4711"},
        "max_duration": 5,
    }
).encode()


class Client:
    """One connection that posts one call after the other until `ends`."""

    def __init__(self, port: int, token: str, idempotent: bool, ends: float) -> None:
        self.delays: list[float] = []
        self._idempotent = idempotent
        self._ends = ends
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            "POST /v1/calls HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {len(BODY)}\r\n"
        ).encode()

    def run(self) -> None:
        """Raises RuntimeError at the first answer that is not 201."""
        while time.perf_counter() < self._ends:
            key = f"Idempotency-Key: {uuid4()}\r\n".encode() if self._idempotent else b""
            began = time.perf_counter()
            self._socket.sendall(self._head + key + b"\r\n" + BODY)
            answer = self._answer()
            self.delays.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 201"):
                raise RuntimeError(answer[:1000].decode(errors="replace"))
        self._socket.close()

    def _answer(self) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._more()
        return head + b"\r\n\r\n" + body

    def _more(self) -> bytes:
        more: bytes = self._socket.recv(65536)
        if not more:
            raise RuntimeError("the API closed the connection")
        return more


def load(api: JsonProcess, token: str, idempotent: bool, connections: int, seconds: float) -> str:
    """One stretch of load; its figures."""
    before = figures_of(api.pid).cpu_seconds
    began = time.perf_counter()
    port = api.ready["port"]
    clients = [Client(port, token, idempotent, began + seconds) for _ in range(connections)]
    gevent.joinall([gevent.spawn(client.run) for client in clients], raise_error=True)
    wall = time.perf_counter() - began
    cpu = figures_of(api.pid).cpu_seconds - before
    delays = sorted(delay * 1e3 for client in clients for delay in client.delays)
    count = len(delays)
    return (
        f"{'on' if idempotent else 'off':<12} {connections:>11} {count / wall:>10.0f}"
        f" {cpu / count * 1e3:>12.2f} {delays[count // 2]:>8.2f}"
        f" {delays[count * 99 // 100]:>8.2f} {delays[-1]:>8.2f}"
    )


def measure(options: argparse.Namespace, kind: str, directory: Path) -> None:
    """Every line of one database."""
    with database(kind) as where:
        settings = {
            "data_dir": str(directory / "data"),
            "telephony": "sandbox",
            "api_port": "0",
            "public_url": "http://127.0.0.1",
            "log_level": "warning",
            "api_requests_per_second": "1000000",
            "api_requests_burst": "1000000",
            **where,
        }
        with product(settings) as made:
            command = [sys.executable, "-m", "topcalls", "api", "--supervised"]
            log = directory / "api.log"
            api = JsonProcess(command, cores()[0], log, environment(settings))
            with running(api):
                load(api, made.token, False, 1, 1.0)
                for idempotent in (False, True):
                    for connections in options.connections:
                        for _ in range(options.repeats):
                            line = load(api, made.token, idempotent, connections, options.seconds)
                            say(f"{kind:<11} {line}")


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32])
    options = parser.parse_args()
    introduce("POST /v1/calls, everything on, one process on one core")
    kinds = databases()
    say(HEADER)
    for kind in kinds:
        with workspace() as directory:
            measure(options, kind, directory)


if __name__ == "__main__":
    main()

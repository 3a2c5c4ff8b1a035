"""A backlog for slow and dead webhook receivers, beside live messages to one that accepts.

    python benchmarks/webhook_backlog.py [--pending 10000] [--hosts 500] [--seconds 30]
        [--database sqlite|postgresql]

One worker process as it ships, in this process, on SQLite or a private PostgreSQL. Half of the
hosts take a connection and never answer, half refuse it. Live messages go to one more host, five a
second; the delay is from the end of the transaction that tells them to their arrival. It is
measured without the backlog first, then with it from the moment a worker starts.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

import gevent
from common import Product, database, environment, introduce, product, say, workspace
from gevent import socket
from gevent.server import StreamServer

from topcalls import config
from topcalls.compose.worker import build_worker
from topcalls.services.webhook_outbox import Target, store_event

PAUSE = 0.2
ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEADER = "backlog  hosts  messages  p50 ms  p95 ms  max ms  hosts that failed so far"


class Receiver:
    """Accepts everything, and notes when it came, by the path."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        self._server = StreamServer(("127.0.0.1", 0), self._take)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _take(self, connection: socket.socket, _: object) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return
            data += piece
        self.arrived.setdefault(data.split(b" ", 2)[1].decode(), time.perf_counter())
        connection.sendall(ANSWER)
        connection.close()


def silent_port() -> int:
    """A server on every loopback address that takes connections and never answers."""
    server = StreamServer(("0.0.0.0", 0), lambda *_: gevent.sleep(3600))
    server.start()
    return int(server.server_port)


def refusing_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tell(made: Product, url: str) -> None:
    """Store one message for a URL, as a call's end does."""
    account_id = made.principal.account_id
    made.services.db.run(
        store_event, account_id, "benchmark", b"{}", [Target(url)], datetime.now(UTC)
    )


def fill(made: Product, pending: int, hosts: int) -> None:
    """The backlog: messages for as many addresses, taking turns."""
    ports = (silent_port(), refusing_port())
    urls = [f"http://127.0.{1 + n // 250}.{1 + n % 250}:{ports[n % 2]}/" for n in range(hosts)]
    account_id = made.principal.account_id

    def some(first: int) -> None:
        for number in range(first, min(first + 500, pending)):
            target = Target(urls[number % hosts])
            store_event(account_id, "benchmark", b"{}", [target], datetime.now(UTC))

    for first in range(0, pending, 500):
        made.services.db.run(some, first)


def measure(made: Product, receiver: Receiver, seconds: float, what: str) -> list[float]:
    """Delays of live messages, in ms; those that have not arrived after ten seconds more are left
    out."""
    told: dict[str, float] = {}
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        path = f"/{what}/{len(told)}"
        tell(made, receiver.url + path)
        told[path] = time.perf_counter()
        gevent.sleep(PAUSE)
    limit = time.perf_counter() + 10
    while time.perf_counter() < limit and not told.keys() <= receiver.arrived.keys():
        gevent.sleep(0.05)
    delays = [1000 * (receiver.arrived[p] - at) for p, at in told.items() if p in receiver.arrived]
    if len(delays) < len(told):
        say(f"{len(told) - len(delays)} of {len(told)} have not arrived")
    return sorted(delays)


def report(delays: list[float], pending: int, hosts: int, tried: int) -> None:
    """One line of the table."""
    at = [delays[min(int(len(delays) * share), len(delays) - 1)] for share in (0.5, 0.95)]
    say(
        f"{pending:>7}  {hosts:>5}  {len(delays):>8}  {at[0]:>6.0f}  {at[1]:>6.0f}  "
        f"{delays[-1]:>6.0f}  {tried:>24}"
    )


def main(arguments: argparse.Namespace, directory: Path) -> None:
    given = {"data_dir": str(directory / "data"), "allow_private_webhooks": "true"}
    with database(arguments.database) as where, product(given | where) as made:
        given |= where
        receiver = Receiver()
        worker = build_worker(config.load(environ=environment(given)))
        worker.start()
        say(HEADER)
        report(measure(made, receiver, arguments.seconds / 3, "alone"), 0, 0, 0)
        worker.stop()
        fill(made, arguments.pending, arguments.hosts)
        worker = build_worker(config.load(environ=environment(given)))
        worker.start()
        delays = measure(made, receiver, arguments.seconds, "beside")
        page = made.services.webhook_receivers.failing(made.principal.account_id)
        report(delays, arguments.pending, arguments.hosts, len(page))
        worker.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pending", type=int, default=10_000)
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    introduce("webhook_backlog")
    with workspace() as workspace_directory:
        main(parser.parse_args(), workspace_directory)

"""Broken peers for the doctor's tests, and a look at findings by name."""

from contextlib import contextmanager

from gevent import socket
from gevent.event import Event
from gevent.server import StreamServer

from topcalls.core.checkup import Level


def by_check(findings):
    """Name to finding; of several with one name, the worst."""
    order = list(Level)
    found = {}
    for finding in findings:
        other = found.get(finding.check)
        if other is None or order.index(finding.level) > order.index(other.level):
            found[finding.check] = finding
    return found


def levels(findings):
    """Name to level."""
    return {name: finding.level for name, finding in by_check(findings).items()}


def dead_port():
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def frozen_peer():
    """A port whose owner accepts and never says a word."""
    over = Event()
    server = StreamServer(("127.0.0.1", 0), lambda *_: over.wait())
    server.start()
    try:
        yield server.server_port
    finally:
        over.set()
        server.stop(timeout=0)

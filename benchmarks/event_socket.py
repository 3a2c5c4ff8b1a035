"""Event Socket throughput: events a second through `SwitchClient` beside the stock greenswitch
that it is built on, and `bgapi` round trips.

    python benchmarks/event_socket.py [--events 60000] [--jobs 10000] [--repeats 3]

A stand-in for the switch runs in a process of its own, on another core where there is one, and
sends pre-rendered events of the size FreeSWITCH sends (about 6.7 kB with 145 headers). Counted is
the client's processor time, so a busy machine changes the rates per second but not those per core.

Stock greenswitch reads `event plain` only (its reader dies of the first JSON event), so it gets the
same fields in that form. Its handler only counts; ours also translates the event. It has no job
tracking to compare.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from urllib.parse import quote  # noqa: E402

import gevent  # noqa: E402
import greenswitch  # noqa: E402
from gevent import socket  # noqa: E402
from gevent.event import Event  # noqa: E402

from topcalls import log  # noqa: E402
from topcalls.esl.client import SwitchClient  # noqa: E402
from topcalls.esl.parser import ESLEvent  # noqa: E402
from topcalls.esl.translate import translate  # noqa: E402

PASSWORD = "benchmark"
IN_FLIGHT = 100
LIMIT_SECONDS = 120.0
_GO = b"api go"


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def sample_fields() -> dict[str, str]:
    """A CHANNEL_ANSWER with the weight of a real one."""
    return {
        "Event-Name": "CHANNEL_ANSWER",
        "Event-Date-Timestamp": str(int(time.time() * 1e6)),
        "Unique-ID": "7afa3f21-df42-4553-8687-795c66f1ff4f",
        **{f"Caller-Header-{n}": "x" * 24 for n in range(40)},
        **{f"variable_some_variable_{n}": "y" * 22 for n in range(100)},
        "variable_switch_r_sdp": "v=0\r\no=FreeSWITCH 1 1 IN IP4 192.0.2.2\r\n" * 8,
    }


def json_event() -> bytes:
    """The sample as `event json` sends it."""
    return _framed(b"json", json.dumps(sample_fields(), separators=(",", ":")).encode())


def plain_event() -> bytes:
    """The sample as `event plain` sends it."""
    lines = (f"{name}: {quote(value)}\n" for name, value in sample_fields().items())
    return _framed(b"plain", ("".join(lines) + "\n").encode())


def _framed(kind: bytes, body: bytes) -> bytes:
    head = b"Content-Length: %d\nContent-Type: text/event-%s\n\n"
    return head % (len(body), kind) + body


def job_event(job: bytes) -> bytes:
    """The result of one background job."""
    body = b'{"Event-Name":"BACKGROUND_JOB","Job-UUID":"%s","_body":"+OK\\n"}' % job
    return b"Content-Length: %d\nContent-Type: text/event-json\n\n%s" % (len(body), body)


class StandIn:
    """The switch's end: answers every command, and sends so many events when told to go."""

    def __init__(self) -> None:
        self._event = b""
        self._event_socket: socket.socket | None = None

    def serve(self) -> None:
        """Print the port, then serve for ever."""
        listener = socket.create_server(("127.0.0.1", 0))
        say(str(listener.getsockname()[1]))
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(b"Content-Type: auth/request\n\n")
            gevent.spawn(self._talk, connection)

    def _talk(self, connection: socket.socket) -> None:
        buffer = b""
        while data := connection.recv(65536):
            buffer += data
            *commands, buffer = buffer.split(b"\n\n")
            replies = b"".join(self._answer(connection, command) for command in commands)
            connection.sendall(replies)

    def _answer(self, connection: socket.socket, command: bytes) -> bytes:
        if command.startswith(b"event "):
            self._event_socket = connection
            self._event = json_event() if b" json" in command else plain_event()
        if command.startswith(_GO):
            gevent.spawn(self._flood, int(command.split()[-1]))
        if command.startswith(b"api"):
            return b"Content-Type: api/response\nContent-Length: 3\n\n+OK"
        job = re.search(rb"Job-UUID: (\S+)", command)
        if job and self._event_socket:
            self._event_socket.sendall(job_event(job.group(1)))
            return b"Content-Type: command/reply\nReply-Text: +OK Job-UUID: %s\n\n" % job.group(1)
        return b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"

    def _flood(self, events: int) -> None:
        assert self._event_socket is not None
        batch, rest = divmod(events, 50)
        for _ in range(batch):
            self._event_socket.sendall(self._event * 50)
        self._event_socket.sendall(self._event * rest)


class Meter:
    """Wall and processor time of one stretch of work."""

    def __enter__(self) -> "Meter":
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu

    def report(self, what: str, count: int) -> None:
        """One line: rates by wall clock and per core, and the cost of one."""
        say(
            f"{what:<28} {count:>8,}  {count / self.wall:>9,.0f}/s  "
            f"{count / self.cpu:>9,.0f}/s per core  {self.cpu / count * 1e6:>6.1f} us"
        )


class Counter:
    """Counts and translates events until all are there."""

    def __init__(self, wanted: int) -> None:
        self.complete = Event()
        self._left = wanted

    def __call__(self, event: ESLEvent) -> None:
        translate(event)
        self._left -= 1
        if not self._left:
            self.complete.set()


def run_jobs(client: SwitchClient, count: int) -> None:
    """`count` jobs, `IN_FLIGHT` at a time."""

    def worker() -> None:
        for _ in range(count // IN_FLIGHT):
            client.bgapi("status", timeout=LIMIT_SECONDS).wait()

    gevent.joinall([gevent.spawn(worker) for _ in range(IN_FLIGHT)], raise_error=True)


def measure(port: int, events: int, jobs: int) -> None:
    """Events and jobs through our client."""
    counter = Counter(events)
    client = SwitchClient(
        "127.0.0.1",
        port,
        PASSWORD,
        owner="benchmark",
        node="n1",
        on_event=counter,
        on_up=lambda: None,
        on_down=say,
        queue_limit=events,
    )
    client.start()
    assert client.wait_up(LIMIT_SECONDS), client.last_error
    with gevent.Timeout(LIMIT_SECONDS):
        with Meter() as meter:
            client.api(f"go {events}")
            counter.complete.wait()
        meter.report("events, json, translated", events)
        with Meter() as meter:
            run_jobs(client, jobs)
        meter.report("bgapi round trips", jobs // IN_FLIGHT * IN_FLIGHT)
    say(f"dropped {client.metrics.dropped}, reconnects {client.metrics.reconnects}")
    client.stop()


def measure_stock(port: int, events: int) -> None:
    """The same events through the library as it comes."""
    complete, left = Event(), [events]

    def count(_: object) -> None:
        left[0] -= 1
        if not left[0]:
            complete.set()

    stock = greenswitch.InboundESL("127.0.0.1", port, PASSWORD)
    stock.register_handle("CHANNEL_ANSWER", count)
    with gevent.Timeout(LIMIT_SECONDS):
        stock.connect()
        stock.send("event plain CHANNEL_ANSWER")
        with Meter() as meter:
            stock.send(f"api go {events}")
            complete.wait()
    meter.report("events, plain, stock", events)
    # Its `stop` waits for a reader that only the switch's end of the connection would wake.
    gevent.killall([stock._receive_events_greenlet, stock._process_events_greenlet])
    stock.sock.close()


def start_stand_in(core: int) -> "subprocess.Popen[str]":
    """The stand-in in a process of its own, pinned to `core`; its port is its first line."""
    command = [sys.executable, __file__, "--serve-on-core", str(core)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def main() -> None:
    """Start the stand-in, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--serve-on-core", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_on_core is not None:
        os.sched_setaffinity(0, {options.serve_on_core})
        StandIn().serve()
    log.configure("warning")
    cores = sorted(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    say(f"{len(cores)} cores, load before {load:.1f}, {len(json_event()):,} bytes per event")
    process = start_stand_in(cores[-1])
    os.sched_setaffinity(0, {cores[0]})
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        for _ in range(options.repeats):
            measure_stock(port, options.events // 4)
            measure(port, options.events, options.jobs)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()

"""Why the inside of greenswitch is replaced: each fault on the stock class, none of them on ours.

Both meet the same server, byte for byte. The day the stock half of a test fails, the fault was
mended upstream.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import greenswitch
import pytest
import waiting
from esl_server import (
    LIMIT,
    PASSWORD,
    VICTIM,
    EventSocketServer,
    SwitchSide,
    block,
    json_event,
    plain_event,
    running_server,
    silence,
)
from gevent import Timeout
from gevent.event import Event
from gevent.exceptions import ConcurrentObjectUseError

from topcalls.errors import SwitchError
from topcalls.esl.connection import EventSocketConnection
from topcalls.esl.errors import ConnectionLost
from topcalls.esl.parser import ESLEvent

pytestmark = pytest.mark.unit

SOON = 0.5
"""Long enough for a loopback answer, short enough to show that none comes."""


@pytest.fixture
def server() -> Iterator[EventSocketServer]:
    with running_server() as running:
        yield running


@contextmanager
def stock(server: EventSocketServer) -> Iterator[greenswitch.InboundESL]:
    """The stock class, connected; its greenlets are ended by force."""
    connection = greenswitch.InboundESL("127.0.0.1", server.port, PASSWORD)
    connection.connect()
    try:
        yield connection
    finally:
        connection._run = False
        greenlets = [connection._receive_events_greenlet, connection._process_events_greenlet]
        gevent.killall(greenlets, block=True, timeout=LIMIT)
        connection.sock_file.close()
        connection.sock.close()


@contextmanager
def ours(server: EventSocketServer) -> Iterator[EventSocketConnection]:
    """Our class, connected."""
    connection = EventSocketConnection("127.0.0.1", server.port, PASSWORD)
    connection.connect()
    try:
        yield connection
    finally:
        connection.abort("the test is over")


def first_event(
    connection: greenswitch.InboundESL, raw: bytes, server: EventSocketServer
) -> object:
    """What the handlers get when the switch sends `raw`; None when nothing arrives."""
    seen: list[object] = []
    arrived = Event()

    def handler(event: object) -> None:
        seen.append(event)
        arrived.set()

    connection.register_handle("*", handler)
    server.connections[-1].send(raw)
    arrived.wait(SOON)
    return seen[0] if seen else None


HOSTILE_SDP = plain_event(
    "Event-Name: CHANNEL_ANSWER\n"
    "Unique-ID: bystander\n"
    f"variable_switch_r_sdp: v%3D0%0D%0AUnique-ID%3A%20{VICTIM}%0D%0Avariable_tenant%3A%20admin\n\n"
)


def test_an_encoded_line_break_forges_headers_in_stock(server: EventSocketServer) -> None:
    with stock(server) as connection:
        event = first_event(connection, HOSTILE_SDP, server)

    assert event.headers["Unique-ID"] == VICTIM
    assert event.headers["variable_tenant"] == "admin"


def test_an_encoded_line_break_stays_inside_its_value(server: EventSocketServer) -> None:
    with ours(server) as connection:
        event = first_event(connection, HOSTILE_SDP, server)

    assert isinstance(event, ESLEvent)
    assert event.uuid == "bystander"
    assert event.variable("tenant", "-") == "-"


JOB = plain_event("Event-Name: BACKGROUND_JOB\nJob-UUID: j\nContent-Length: 12\n\n+OK: a: body")


def test_the_body_of_an_event_ends_up_in_a_header_in_stock(server: EventSocketServer) -> None:
    with stock(server) as connection:
        event = first_event(connection, JOB, server)

    assert event.headers["Content-Length"] != "12" or "+OK" in event.headers
    assert not hasattr(event, "data")


def test_the_body_of_an_event_is_kept_apart(server: EventSocketServer) -> None:
    with ours(server) as connection:
        event = first_event(connection, JOB, server)

    assert isinstance(event, ESLEvent)
    assert (event.body, event.get("Content-Length")) == ("+OK: a: body", "12")


def test_a_json_event_deafens_stock_for_ever(server: EventSocketServer) -> None:
    with stock(server) as connection:
        first_event(connection, json_event("HEARTBEAT"), server)
        dead = connection._receive_events_greenlet.ready()

        assert dead and connection.connected
        with pytest.raises(Timeout), Timeout(SOON):
            connection.send("api status")


def test_a_json_event_is_an_event(server: EventSocketServer) -> None:
    with ours(server) as connection:
        event = first_event(connection, json_event("HEARTBEAT"), server)

        assert isinstance(event, ESLEvent) and event.name == "HEARTBEAT"
        assert connection.send("api status").data == "+OK\n"


def answer_in_latin_1(side: SwitchSide, _: str) -> None:
    side.send(block("api/response", b"Zo\xeb\n"))


def test_an_answer_that_is_not_utf8_hangs_stock(server: EventSocketServer) -> None:
    server.on("api", answer_in_latin_1)
    with stock(server) as connection:
        with pytest.raises(Timeout), Timeout(SOON):
            connection.send("api show channels")

        assert connection.connected


def test_an_answer_that_is_not_utf8_is_read_with_replacement(server: EventSocketServer) -> None:
    server.on("api", answer_in_latin_1)
    with ours(server) as connection:
        assert connection.send("api show channels").data == "Zo\ufffd\n"
        assert connection.counters.text.replaced == 1


ODD_HEADER = b"Content-Length: 2\nContent-Type: text/event-json\nX-Odd: \xff\n\n{}"


def test_a_header_that_is_not_utf8_ends_stock_silently(server: EventSocketServer) -> None:
    seen: list[object] = []
    with stock(server) as connection:
        connection.register_handle("DISCONNECT", seen.append)
        server.connections[-1].send(ODD_HEADER)
        connection._receive_events_greenlet.join(SOON)

        assert not connection.connected
    assert seen == []


def test_a_header_that_is_not_utf8_is_counted(server: EventSocketServer) -> None:
    with ours(server) as connection:
        assert first_event(connection, ODD_HEADER, server) is not None
        assert connection.connected
        assert connection.counters.text.replaced == 1


def hang_up(side: SwitchSide, _: str) -> None:
    side.close()


def test_a_drop_leaves_a_stock_command_waiting_for_ever(server: EventSocketServer) -> None:
    server.on("api", hang_up)
    seen: list[object] = []
    with stock(server) as connection:
        connection.register_handle("DISCONNECT", seen.append)
        with pytest.raises(Timeout), Timeout(SOON):
            connection.send("api status")

        assert not connection.connected
    assert seen == []


def test_a_drop_fails_every_command_under_way(server: EventSocketServer) -> None:
    server.on("api", silence)
    with ours(server) as connection:
        lost = Event()
        connection.on_lost = lambda reason: lost.set()
        waiting = [gevent.spawn(_outcome, connection, f"api {i}") for i in range(5)]
        server.command("api 4")
        server.connections[-1].close()

        outcomes = [greenlet.get(timeout=LIMIT) for greenlet in waiting]

        assert [type(outcome) for outcome in outcomes] == [ConnectionLost] * 5
        assert lost.wait(LIMIT)
        assert not connection.connected


def _outcome(connection: EventSocketConnection, command: str) -> object:
    try:
        return connection.send(command)
    except SwitchError as error:
        return error


def test_stock_cannot_connect_again(server: EventSocketServer) -> None:
    with stock(server) as connection:
        server.connections[-1].close()
        connection._receive_events_greenlet.join(LIMIT)
        connection.sock_file.close()
        connection.sock.close()

        with pytest.raises(Timeout), Timeout(SOON):
            connection.connect()


def test_a_connection_can_be_made_again(server: EventSocketServer) -> None:
    with ours(server) as connection:
        lost = Event()
        connection.on_lost = lambda reason: lost.set()
        server.connections[-1].close()
        assert lost.wait(LIMIT)

        connection.connect()

        assert connection.send("api status").data == "+OK\n"


DIE_IN_AN_EVENT = """
import sys
from gevent import monkey
monkey.patch_all()
import {module}
from gevent.event import Event
connection = {module}.{cls}("127.0.0.1", int(sys.argv[1]), sys.argv[2])
connection.connect()
print("connected", flush=True)
for _ in range(50):
    Event().wait(0.02)
print("alive, connected" if connection.connected else "alive, disconnected", flush=True)
"""


def what_a_process_says(server: EventSocketServer, module: str, cls: str) -> list[str]:
    """Lines printed by a process whose switch dies in mid event; killed where it freezes."""
    script = DIE_IN_AN_EVENT.format(module=module, cls=cls)
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(server.port), PASSWORD],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().strip()]
    server.connections[-1].send(b"Content-Length: 500\nContent-Type: text/event-plain\n\nEvent-N")
    server.connections[-1].close()
    with Timeout(2.5, False):
        lines += [line.strip() for line in process.stdout]
    process.kill()
    process.wait()
    process.stdout.close()
    return lines


def test_a_switch_that_dies_in_mid_event_freezes_a_stock_process(
    server: EventSocketServer,
) -> None:
    assert what_a_process_says(server, "greenswitch", "InboundESL") == ["connected"]


def test_a_switch_that_dies_in_mid_event_is_noticed(server: EventSocketServer) -> None:
    lines = what_a_process_says(server, "topcalls.esl.connection", "EventSocketConnection")

    assert lines == ["connected", "alive, disconnected"]


def send_all_at_once(connection: greenswitch.InboundESL, server: EventSocketServer) -> list[object]:
    """50 greenlets send 20 kB each to a switch that reads late; their results or errors."""
    reading = Event()
    server.on("bgapi", lambda side, command: (reading.wait(LIMIT), server.answer(side, command)))
    sock = connection.sock if hasattr(connection, "sock") else connection._wire.socket
    sock.setsockopt(1, 7, 4096)  # SOL_SOCKET, SO_SNDBUF

    def send(number: int) -> object:
        try:
            return connection.send(f"bgapi {number} {'x' * 20_000}\nJob-UUID: job-{number}")
        except (ConcurrentObjectUseError, SwitchError) as error:
            return type(error)

    greenlets = [gevent.spawn(send, number) for number in range(50)]
    gevent.idle()
    reading.set()
    gevent.joinall(greenlets, timeout=2)
    results = [greenlet.value for greenlet in greenlets]
    gevent.killall(greenlets)
    return results


def test_stock_cannot_send_from_several_greenlets(server: EventSocketServer) -> None:
    with stock(server) as connection:
        results = send_all_at_once(connection, server)

    assert ConcurrentObjectUseError in results


def test_every_greenlet_gets_its_own_reply(server: EventSocketServer) -> None:
    with ours(server) as connection:
        results = send_all_at_once(connection, server)

    assert [reply.headers["Job-UUID"] for reply in results] == [f"job-{i}" for i in range(50)]


def test_a_slow_handler_makes_the_queue_of_stock_grow_without_limit(
    server: EventSocketServer,
) -> None:
    entered, release = Event(), Event()

    def slow(_: object) -> None:
        entered.set()
        release.wait(LIMIT)

    with stock(server) as connection:
        queue = connection._esl_event_queue
        connection.register_handle("*", slow)
        server.connections[-1].send(*[plain_event("Event-Name: HEARTBEAT\n\n")] * 1000)
        assert entered.wait(LIMIT)
        waiting.until(lambda: queue.qsize() >= 999, "the whole flood")
        assert queue.qsize() == 999
        connection._run = False
        release.set()


def test_stock_knows_no_background_jobs(server: EventSocketServer) -> None:
    with stock(server) as connection:
        answer = connection.send("bgapi originate x\nJob-UUID: j-1")
        result = plain_event("Event-Name: BACKGROUND_JOB\nJob-UUID: j-1\n\n+OK done\n")
        event = first_event(connection, result, server)

    assert answer.data == "+OK Job-UUID: j-1"
    assert "+OK done" not in (getattr(event, "data", None), getattr(event, "body", None))

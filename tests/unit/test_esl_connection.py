"""One Event Socket connection on a real socket: replies in order, every way to break."""

from collections.abc import Iterator

import gevent
import pytest
import waiting
from esl_connection import Client
from esl_server import (
    LIMIT,
    EventSocketServer,
    SwitchSide,
    block,
    json_event,
    plain_event,
    reply,
    running_server,
    silence,
)
from gevent import Timeout
from gevent.event import AsyncResult, Event
from gevent.queue import Queue

from topcalls.errors import SwitchError
from topcalls.esl.connection import verb_of
from topcalls.esl.errors import (
    CommandNotSent,
    CommandRefused,
    CommandTimeout,
    ConnectionLost,
)
from topcalls.esl.parser import ESLEvent
from topcalls.esl.wire import Reply

pytestmark = pytest.mark.unit


@pytest.fixture
def server() -> Iterator[EventSocketServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def client(server: EventSocketServer) -> Iterator[Client]:
    connection = Client(server)
    connection.connect()
    yield connection
    connection.abort("the test is over")


# -- commands and replies ---------------------------------------------------------------------


def test_replies_of_both_kinds(server: EventSocketServer, client: Client) -> None:
    server.on("api", lambda side, command: side.send(block("api/response", b"UP 0 years\n")))

    assert client.send("api status").data == "UP 0 years\n"
    assert client.send("filter Event-Name DTMF").data == "+OK"
    assert client.send("bgapi status\nJob-UUID: j").headers["Job-UUID"] == "j"


@pytest.mark.parametrize("text", ["-ERR No such channel!", "-USAGE: <uuid>", "-ERROR"])
def test_a_refusal_is_an_error_with_the_switchs_words(
    server: EventSocketServer, client: Client, text: str
) -> None:
    server.on("api", lambda side, command: side.send(block("api/response", f"{text}\n".encode())))

    with pytest.raises(CommandRefused) as caught:
        client.send_ok("api uuid_kill x")

    assert caught.value.reply == text
    assert not caught.value.retryable
    assert client.send("api uuid_kill x").refusal == text


def test_a_permission_denied_answers_an_api_command(
    server: EventSocketServer, client: Client
) -> None:
    server.on("api", lambda side, command: side.send(reply("-ERR permission denied")))

    with pytest.raises(CommandRefused):
        client.send_ok("api status")

    assert client.connected


def test_many_greenlets_get_their_own_replies(server: EventSocketServer, client: Client) -> None:
    def echo(side: SwitchSide, command: str) -> None:
        side.send(block("api/response", command.removeprefix("api ").encode()))

    server.on("api", echo)
    senders = [gevent.spawn(client.send, f"api {n}-{'x' * (n * 97)}") for n in range(100)]

    answers = [sender.get(timeout=LIMIT).data for sender in senders]

    assert answers == [f"{n}-{'x' * (n * 97)}" for n in range(100)]


def test_a_reply_may_come_byte_by_byte(server: EventSocketServer, client: Client) -> None:
    def dribble(side: SwitchSide, _: str) -> None:
        for byte in block("api/response", "żółć".encode()):
            side.send(bytes([byte]))

    server.on("api", dribble)

    assert client.send("api status").data == "żółć"


def test_a_time_limit_of_the_caller_stays_the_callers(
    server: EventSocketServer, client: Client
) -> None:
    server.on("api", silence)
    limit = Timeout(0.05)

    with pytest.raises(Timeout) as caught, limit:
        client.send("api status", timeout=LIMIT)

    assert caught.value is limit


def test_after_a_time_out_later_replies_stay_in_order(
    server: EventSocketServer, client: Client
) -> None:
    server.on("api slow", silence)
    with pytest.raises(CommandTimeout):
        client.send("api slow", timeout=0.05)
    late, good = block("api/response", b"late"), block("api/response", b"good")
    server.on("api quick", lambda side, command: side.send(late, good))

    assert client.send("api quick").data == "good"
    assert client.counters.late_replies == 1
    assert client.waiting == 0


def test_a_reply_nobody_waits_for_ends_the_connection(
    server: EventSocketServer, client: Client
) -> None:
    double = block("api/response", b"+OK\n") * 2
    server.on("api", lambda side, command: side.send(double))
    assert client.send("api status").data == "+OK\n"

    assert "no command waits for" in client.why_lost()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("bgapi status\nJob-UUID: mine", reply("+OK Job-UUID: other", Job_UUID="other")),
        ("bgapi status\nJob-UUID: mine", block("api/response", b"+OK\n")),
        ("api status", reply("+OK")),
    ],
)
def test_a_reply_to_another_command_ends_the_connection(
    server: EventSocketServer, client: Client, command: str, answer: bytes
) -> None:
    server.on(command.split()[0], lambda side, _: side.send(answer))
    outcome: AsyncResult[object] = AsyncResult()
    client.submit(command, timeout=LIMIT, on_outcome=outcome.set, job_uuid="mine")

    assert isinstance(outcome.get(timeout=LIMIT), ConnectionLost)
    assert "another command" in client.why_lost()


def test_a_drop_in_mid_reply_fails_the_command(server: EventSocketServer, client: Client) -> None:
    def half(side: SwitchSide, _: str) -> None:
        side.send(block("api/response", b"+OK 0123456789")[:-5])
        side.close()

    server.on("api", half)

    with pytest.raises(ConnectionLost):
        client.send("api status")


def test_a_reset_fails_the_command(server: EventSocketServer, client: Client) -> None:
    server.on("api", lambda side, _: side.reset())

    with pytest.raises(ConnectionLost):
        client.send("api status")

    assert len(client.losses) == 1


def test_without_a_connection_nothing_is_sent(server: EventSocketServer, client: Client) -> None:
    client.abort("gone")

    with pytest.raises(CommandNotSent):
        client.send("api status")


@pytest.mark.parametrize("text", ["api a\rapi b", "api a\0b", "api \ud800"])
def test_bytes_that_would_confuse_the_switch_are_not_sent(client: Client, text: str) -> None:
    with pytest.raises(SwitchError):
        client.send(text)

    assert client.waiting == 0


def test_a_switch_that_does_not_read_is_refused_more(
    server: EventSocketServer, client: Client
) -> None:
    release = Event()
    server.on("bgapi", lambda side, command: release.wait(LIMIT))
    outcomes: list[object] = []

    def flood() -> None:
        for _ in range(10_000):
            client.submit(f"bgapi {'x' * 30_000}", timeout=LIMIT, on_outcome=outcomes.append)

    with pytest.raises(CommandNotSent, match="fast enough"):
        flood()
    waiting.until(lambda: any(pending.written for pending in client._wire._pending))
    client.abort("given up")
    release.set()

    kinds = [type(outcome) for outcome in outcomes]
    assert set(kinds) == {ConnectionLost, CommandNotSent}
    assert kinds == sorted(kinds, key=lambda kind: kind is CommandNotSent)


def test_a_command_can_be_sent_from_a_callback_of_the_loop(
    server: EventSocketServer, client: Client
) -> None:
    outcome: AsyncResult[Reply] = AsyncResult()
    gevent.get_hub().loop.run_callback(
        lambda: client.submit("api status", timeout=LIMIT, on_outcome=outcome.set)
    )

    assert outcome.get(timeout=LIMIT).data == "+OK\n"


def test_a_failing_reply_handler_harms_nobody(server: EventSocketServer, client: Client) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("a mistake")

    client.submit("api status", timeout=LIMIT, on_outcome=fail)

    assert client.send("api status").data == "+OK\n"


def test_commands_leave_in_the_order_they_were_given(
    server: EventSocketServer, client: Client
) -> None:
    for number in range(50):
        client.submit(f"api {number}", timeout=LIMIT)
    client.send("api last")

    assert server.seen()[1:] == [f"api {number}" for number in range(50)] + ["api last"]


def test_stopping_waits_for_what_was_sent(server: EventSocketServer, client: Client) -> None:
    outcome: AsyncResult[object] = AsyncResult()
    client.submit("api uuid_kill x", timeout=LIMIT, on_outcome=outcome.set)

    client.stop()

    assert isinstance(outcome.get(block=False), Reply)
    assert server.seen()[-2:] == ["api uuid_kill x", "exit"]
    assert len(client.losses) == 1


def test_stopping_twice_is_stopping_once(client: Client) -> None:
    client.stop()
    client.stop()

    assert len(client.losses) == 1


@pytest.mark.parametrize(
    ("command", "verb"),
    [("auth secret", "auth"), ("api uuid_kill a b", "api uuid_kill"), ("sendmsg u\nx", "sendmsg")],
)
def test_the_name_of_a_command_tells_no_secrets(command: str, verb: str) -> None:
    assert verb_of(command) == verb


# -- events -----------------------------------------------------------------------------------


def test_events_reach_their_handlers(server: EventSocketServer, client: Client) -> None:
    answers: Queue[ESLEvent] = Queue()
    streams: Queue[ESLEvent] = Queue()
    client.register_handle("CHANNEL_ANSWER", answers.put)
    client.register_handle("mod_audio_stream::connect", streams.put)

    server.connections[0].send(
        json_event("CHANNEL_ANSWER", Unique__ID="a"),
        json_event("CUSTOM", Event__Subclass="mod_audio_stream::connect", Unique__ID="b"),
        plain_event("Event-Name: HEARTBEAT\n\n"),
    )

    assert answers.get(timeout=LIMIT).uuid == "a"
    assert streams.get(timeout=LIMIT).uuid == "b"
    assert client.events.get(timeout=LIMIT).name == "HEARTBEAT"


def test_a_failing_handler_does_not_end_the_reader(
    server: EventSocketServer, client: Client
) -> None:
    def fail(_: ESLEvent) -> None:
        raise RuntimeError("a mistake")

    client.register_handle("DTMF", fail)
    server.connections[0].send(json_event("DTMF"), json_event("HEARTBEAT"))

    assert client.events.get(timeout=LIMIT).name == "HEARTBEAT"
    assert client.handler_errors == 1


def test_what_is_not_understood_is_counted_and_passed_over(
    server: EventSocketServer, client: Client
) -> None:
    server.connections[0].send(
        block("text/event-xml", b"<event/>"),
        block("log/data", b"a: log\n\nline"),
        block("text/event-json", b"no json"),
        json_event("HEARTBEAT"),
    )

    assert client.events.get(timeout=LIMIT).name == "HEARTBEAT"
    assert (client.counters.unknown_messages, client.counters.malformed) == (2, 1)


def test_a_huge_event_passes_and_the_connection_lives(
    server: EventSocketServer, client: Client
) -> None:
    big = "ü" * 1_500_000
    server.connections[0].send(json_event("CHANNEL_ANSWER", variable_big=big))

    assert client.events.get(timeout=LIMIT).variable("big") == big
    assert client.send("api status").data == "+OK\n"


def test_a_lying_content_length_ends_the_connection(
    server: EventSocketServer, client: Client
) -> None:
    server.connections[0].send(b"Content-Length: 99999999999\nContent-Type: text/event-json\n\n")

    assert "too long" in client.why_lost()


def test_a_goodbye_ends_the_connection(server: EventSocketServer, client: Client) -> None:
    server.connections[0].send(block("text/disconnect-notice", b"Disconnected, goodbye.\n"))

    assert "goodbye" in client.why_lost()
    assert client.losses == [client.lost.get()]


def test_a_flood_of_events_leaves_others_their_turn(
    server: EventSocketServer, client: Client
) -> None:
    flood = json_event("HEARTBEAT", variable_fill="x" * 6000) * 50
    neighbour = Client(server)
    neighbour.connect()
    flooding = gevent.spawn(lambda: [server.connections[0].send(flood) for _ in range(40)])
    turns = 0

    while client.counters.events < 2000:
        assert neighbour.send("api status", timeout=LIMIT).data == "+OK\n"
        turns += 1
    flooding.get(timeout=LIMIT)
    neighbour.abort("done")

    assert turns > 10

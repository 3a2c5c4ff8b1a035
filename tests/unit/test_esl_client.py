"""The switch client: two connections that come back by themselves, commands, outages."""

from collections.abc import Iterator

import gevent
import pytest
from esl_controller import (
    CHANNEL,
    Controller,
    commands_side,
    events_side,
    running_controller,
)
from esl_server import (
    LIMIT,
    PASSWORD,
    EventSocketServer,
    SwitchSide,
    block,
    json_event,
    reply,
    running_server,
    silence,
)
from gevent import Timeout
from gevent.event import Event
from gevent.queue import Queue

from topcalls.errors import InvalidRequest, SwitchError
from topcalls.esl.client import SwitchClient
from topcalls.esl.connection import EventSocketConnection
from topcalls.esl.errors import CommandNotSent, CommandRefused, CommandTimeout, ConnectionLost
from topcalls.esl.link import Watchdog

pytestmark = pytest.mark.unit


@pytest.fixture
def server() -> Iterator[EventSocketServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def controller(server: EventSocketServer) -> Iterator[Controller]:
    with running_controller(server) as running:
        yield running


# -- coming up --------------------------------------------------------------------------------


def test_events_are_filtered_before_they_are_subscribed(
    server: EventSocketServer, controller: Controller
) -> None:
    assert events_side(server).commands == [
        f"auth {PASSWORD}",
        "filter variable_tc_owner owner-1",
        "filter variable_tc_owner unclaimed",
        "filter Event-Name BACKGROUND_JOB",
        "filter Event-Name HEARTBEAT",
        "filter Event-Name DTMF",
        "filter Event-Subclass sofia::gateway_state",
        "event json CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_PARK "
        "CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB PLAYBACK_START PLAYBACK_STOP DTMF HEARTBEAT "
        "RECORD_STOP CHANNEL_HOLD CHANNEL_UNHOLD CUSTOM mod_audio_stream::connect "
        "mod_audio_stream::disconnect "
        "mod_audio_stream::error sofia::gateway_state",
    ]


def test_commands_have_a_connection_of_their_own(
    server: EventSocketServer, controller: Controller
) -> None:
    controller.client.api("status")

    assert commands_side(server).commands == [f"auth {PASSWORD}", "api status"]


def test_it_is_up_only_when_both_connections_are(server: EventSocketServer) -> None:
    server.on("event", silence)
    controller = Controller(server.port)
    controller.client.start()
    side, _ = server.command("event json")

    assert not controller.client.wait_up(0.05)
    assert controller.notices.empty()
    side.send(reply("+OK event listener enabled json"))

    assert controller.client.wait_up(LIMIT)
    assert controller.next_notice() == "up"
    controller.client.stop()


def test_a_refused_subscription_is_tried_again(server: EventSocketServer) -> None:
    refusals = iter(["-ERR permission denied"])

    def refuse_once(side: SwitchSide, command: str) -> None:
        side.send(reply(next(refusals, "+OK")))

    server.on("filter", refuse_once)
    controller = Controller(server.port)
    controller.client.start()

    assert controller.client.wait_up(LIMIT)
    assert len(server.connections) == 3
    controller.client.stop()


def test_an_unexpected_error_is_no_reason_to_give_up(server: EventSocketServer) -> None:
    controller = Controller(server.port)
    link = controller.client._events
    subscribe, mistakes = link._set_up, iter([RuntimeError("a mistake")])

    def fail_once(connection: EventSocketConnection) -> None:
        for mistake in mistakes:
            raise mistake
        assert subscribe is not None
        subscribe(connection)

    link._set_up = fail_once
    controller.client.start()

    assert controller.client.wait_up(LIMIT)
    controller.client.stop()


def test_a_host_that_is_no_name_is_an_error() -> None:
    connection = EventSocketConnection("x" * 80 + ".example", 1, PASSWORD)

    with pytest.raises(SwitchError):
        connection.connect()


def test_an_unreachable_switch_is_named_and_waited_for(server: EventSocketServer) -> None:
    server.password = "another"
    tries: Queue[int] = Queue()

    def backoff(failures: int) -> float:
        tries.put(failures)
        return 0.01

    controller = Controller(server.port, backoff=backoff)
    controller.client.start()
    for _ in range(6):
        tries.get(timeout=LIMIT)

    assert not controller.client.is_up
    assert "password" in controller.client.last_error
    server.password = PASSWORD
    assert controller.client.wait_up(LIMIT)
    assert controller.client.last_error == ""
    controller.client.stop()


def test_an_owner_that_would_change_the_filter_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        SwitchClient(
            "127.0.0.1",
            1,
            PASSWORD,
            owner="/.*/",
            node="n1",
            on_event=lambda event: None,
            on_up=lambda: None,
            on_down=lambda reason: None,
        )


def test_a_connection_that_is_back_brings_the_other_along(server: EventSocketServer) -> None:
    with running_controller(server) as controller:
        controller.client._commands._backoff = lambda failures: 3600.0
        for side in list(server.connections):
            side.close()
        assert controller.next_notice() != "up"
        assert controller.next_notice() == "up"


# -- outages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [events_side, commands_side])
def test_after_a_drop_it_comes_back_and_subscribes_again(
    server: EventSocketServer, controller: Controller, which: object
) -> None:
    which(server).close()  # type: ignore[operator]

    assert controller.next_notice() not in ("up", "")
    assert controller.next_notice() == "up"
    assert controller.client.api("status") == "+OK"
    events_side(server).send(json_event("HEARTBEAT"))
    assert controller.next_event().name == "HEARTBEAT"
    assert controller.client.metrics.reconnects == 1


def test_one_outage_is_told_once(server: EventSocketServer, controller: Controller) -> None:
    server.accepting = False
    for side in list(server.connections):
        side.reset()
    reason = controller.next_notice()
    assert not controller.client.wait_up(0.1)
    server.accepting = True

    assert controller.next_notice() == "up"
    assert reason != "up"
    assert controller.notices.empty()


def test_a_slow_reconciliation_delays_the_next_notice_and_nothing_else(
    server: EventSocketServer,
) -> None:
    controller = Controller(server.port)
    release, entered = Event(), Event()

    def reconcile() -> None:
        controller.notices.put("up begins")
        entered.set()
        release.wait(LIMIT)
        controller.notices.put("up ends")

    controller.client._state._on_up = reconcile
    controller.client.start()
    assert entered.wait(LIMIT)
    assert controller.client.api("status") == "+OK"
    events_side(server).close()
    server.command("event json", count=2)
    release.set()

    seen = [controller.next_notice() for _ in range(4)]
    assert seen[:2] == ["up begins", "up ends"]
    assert seen[3] == "up begins"
    controller.client.stop()


def test_a_failing_handler_of_the_state_does_not_end_the_notices(
    server: EventSocketServer,
) -> None:
    controller = Controller(server.port)

    def fail() -> None:
        raise RuntimeError("a mistake")

    controller.client._state._on_up = fail
    controller.client.start()
    assert controller.client.wait_up(LIMIT)
    events_side(server).close()

    assert controller.next_notice()
    controller.client.stop()


def test_a_frozen_switch_is_noticed(server: EventSocketServer) -> None:
    server.on("api status", silence)
    controller = Controller(server.port, watchdog=Watchdog(quiet=0.1, grace=0.1))
    controller.client.start()
    assert controller.next_notice() == "up"

    assert controller.next_notice() == "the switch does not answer"
    assert controller.next_notice() == "up"
    controller.client.stop()


def test_a_quiet_switch_that_answers_is_left_alone(server: EventSocketServer) -> None:
    controller = Controller(server.port, watchdog=Watchdog(quiet=0.05, grace=LIMIT))
    controller.client.start()
    server.command("api status", count=6)

    assert controller.client.is_up
    assert controller.client.metrics.reconnects == 0
    controller.client.stop()


def test_a_slow_command_is_given_its_time(server: EventSocketServer) -> None:
    release = Event()

    def slow(side: SwitchSide, command: str) -> None:
        release.wait(LIMIT)
        side.send(block("api/response", b"+OK at last\n"))

    server.on("api slow", slow)
    controller = Controller(server.port, watchdog=Watchdog(quiet=0.05, grace=0.05))
    controller.client.start()
    assert controller.client.wait_up(LIMIT)
    answer = gevent.spawn(controller.client.api, "slow", LIMIT)
    answer.join(0.3)
    release.set()

    assert answer.get(timeout=LIMIT) == "+OK at last"
    assert controller.client.metrics.reconnects == 0
    controller.client.stop()


def test_commands_behind_a_slow_one_are_given_its_time_too(server: EventSocketServer) -> None:
    slow_was_sent, release = Event(), Event()

    def first(side: SwitchSide, _: str) -> None:
        slow_was_sent.wait(LIMIT)
        side.send(block("api/response", b"+OK first\n"))

    def slow(side: SwitchSide, _: str) -> None:
        release.wait(LIMIT)
        side.send(block("api/response", b"+OK slow\n"))

    server.on("api first", first)
    server.on("api slow", slow)
    with running_controller(server, watchdog=Watchdog(quiet=LIMIT, grace=0.05)) as controller:
        answers = [gevent.spawn(controller.client.api, name, LIMIT) for name in ("first", "slow")]
        gevent.idle()
        slow_was_sent.set()
        assert answers[0].get(timeout=LIMIT) == "+OK first"
        with pytest.raises(CommandTimeout):
            controller.client.api("behind", timeout=0.05)
        answers[1].join(0.3)
        release.set()

        assert answers[1].get(timeout=LIMIT) == "+OK slow"
        assert controller.client.metrics.reconnects == 0


def test_stopping_is_no_outage(server: EventSocketServer, controller: Controller) -> None:
    job = controller.client.bgapi("status", timeout=LIMIT)
    controller.client.stop()

    with pytest.raises(ConnectionLost):
        job.wait(LIMIT)
    assert controller.notices.empty()
    assert not controller.client.is_up
    with pytest.raises(CommandNotSent):
        controller.client.api("status")


def test_it_can_be_stopped_while_it_tries_to_connect(server: EventSocketServer) -> None:
    server.greet = False
    controller = Controller(server.port)
    controller.client.start()
    server.wait(lambda: len(server.connections) == 2)

    with Timeout(LIMIT):
        controller.client.stop()

    server.wait(lambda: not any(side.is_open for side in server.connections))


# -- commands ---------------------------------------------------------------------------------


def test_an_api_command_returns_what_the_switch_printed(
    server: EventSocketServer, controller: Controller
) -> None:
    server.on("api show", lambda side, _: side.send(block("api/response", b'{"row_count":0}\n')))

    assert controller.client.api("show channels as json") == '{"row_count":0}'


def test_a_refused_api_command_is_an_error(
    server: EventSocketServer, controller: Controller
) -> None:
    refusal = block("api/response", b"-ERR No such channel!\n")
    server.on("api uuid_kill", lambda side, _: side.send(refusal))

    with pytest.raises(CommandRefused) as caught:
        controller.client.api(f"uuid_kill {CHANNEL}")

    assert caught.value.reply == "-ERR No such channel!"
    assert controller.client.metrics.commands_failed == 1


def test_an_api_command_that_is_never_answered_times_out(
    server: EventSocketServer, controller: Controller
) -> None:
    server.on("api", silence)

    with pytest.raises(CommandTimeout):
        controller.client.api("status", timeout=0.05)


@pytest.mark.parametrize("command", ["status\n\napi shutdown", "status\rx", "", " status", "a\0"])
def test_a_command_is_one_line(
    server: EventSocketServer, controller: Controller, command: str
) -> None:
    seen = len(server.seen())
    with pytest.raises(InvalidRequest):
        controller.client.api(command)
    with pytest.raises(InvalidRequest):
        controller.client.bgapi(command, timeout=LIMIT)

    assert len(server.seen()) == seen


def test_an_application_is_run_with_a_lock(
    server: EventSocketServer, controller: Controller
) -> None:
    controller.client.execute(CHANNEL, "playback", "/dev/shm/a.PCMU")

    _, message = server.command("sendmsg")
    assert message.splitlines() == [
        f"sendmsg {CHANNEL}",
        "call-command: execute",
        "execute-app-name: playback",
        "event-lock: true",
        "execute-app-arg: /dev/shm/a.PCMU",
    ]


def test_a_posted_command_keeps_its_place(
    server: EventSocketServer, controller: Controller
) -> None:
    controller.client.post(f"uuid_break {CHANNEL} all")
    controller.client.execute(CHANNEL, "playback", "/dev/shm/a.PCMU")
    controller.client.post(f"uuid_fileman {CHANNEL} pause")
    controller.client.api("status")

    verbs = [command.split()[:2] for command in commands_side(server).commands[1:]]
    assert verbs == [
        ["api", "uuid_break"],
        ["sendmsg", CHANNEL],
        ["api", "uuid_fileman"],
        ["api", "status"],
    ]
    assert controller.client.metrics.commands_failed == 0


def test_a_posted_command_that_is_refused_is_counted(
    server: EventSocketServer, controller: Controller
) -> None:
    refusal = block("api/response", b"-ERR No such channel!\n")
    server.on("api uuid_break", lambda side, _: side.send(refusal))
    controller.client.post(f"uuid_break {CHANNEL} all")
    controller.client.api("status")

    assert controller.client.metrics.commands_failed == 1
    with pytest.raises(InvalidRequest):
        controller.client.post("status\napi shutdown")


def test_an_application_that_is_not_run_is_counted(
    server: EventSocketServer, controller: Controller
) -> None:
    server.on("sendmsg", lambda side, _: side.send(reply("-ERR invalid session id [x]")))
    controller.client.execute(CHANNEL, "playback", "/dev/shm/a.PCMU")
    controller.client.api("status")

    assert controller.client.metrics.commands_failed == 1


def test_an_application_for_a_switch_that_is_down_is_counted() -> None:
    controller = Controller(1)

    controller.client.execute(CHANNEL, "break")

    assert controller.client.metrics.commands_failed == 1

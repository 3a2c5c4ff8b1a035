"""Background jobs: over exactly once, whatever order the switch answers in."""

from collections.abc import Iterator

import pytest
from esl_controller import CHANNEL, Controller, events_side, running_controller
from esl_server import (
    LIMIT,
    EventSocketServer,
    SwitchSide,
    job_result,
    job_uuid_of,
    json_event,
    reply,
    running_server,
)
from gevent import Timeout
from gevent.event import AsyncResult
from gevent.queue import Queue

from topcalls.errors import SwitchError
from topcalls.esl.errors import CommandNotSent, CommandRefused, CommandTimeout, ConnectionLost

pytestmark = pytest.mark.unit


@pytest.fixture
def server() -> Iterator[EventSocketServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def controller(server: EventSocketServer) -> Iterator[Controller]:
    with running_controller(server) as running:
        yield running


def finish_jobs(server: EventSocketServer, result: str) -> None:
    def finish(side: SwitchSide, command: str) -> None:
        server.answer(side, command)
        events_side(server).send(job_result(job_uuid_of(command), result))

    server.on("bgapi", finish)


def test_a_job_brings_its_result(server: EventSocketServer, controller: Controller) -> None:
    finish_jobs(server, f"+OK {CHANNEL}\n")

    job = controller.client.bgapi("originate x", timeout=LIMIT)

    assert job.wait(LIMIT) == f"+OK {CHANNEL}"
    assert job.is_done
    assert controller.client.metrics.jobs_pending == 0


def test_a_refused_job_brings_the_switchs_words(
    server: EventSocketServer, controller: Controller
) -> None:
    finish_jobs(server, "-ERR USER_BUSY\n")

    with pytest.raises(CommandRefused) as caught:
        controller.client.bgapi("originate x", timeout=LIMIT).wait(LIMIT)

    assert caught.value.reply == "-ERR USER_BUSY"


def test_a_result_may_come_before_the_reply_and_twice(
    server: EventSocketServer, controller: Controller
) -> None:
    def result_first(side: SwitchSide, command: str) -> None:
        result = job_result(job_uuid_of(command), "+OK first\n")
        events_side(server).send(result, result)
        results.get(timeout=LIMIT)
        server.answer(side, command)

    results: Queue[object] = Queue()
    server.on("bgapi", result_first)
    job = controller.client.bgapi("originate x", timeout=LIMIT)
    job.on_done(results.put)
    again: list[object] = []
    job.on_done(again.append)

    assert job.wait(LIMIT) == "+OK first"
    assert controller.client.api("status") == "+OK"
    assert again == ["+OK first"]
    late: list[object] = []
    job.on_done(late.append)
    assert late == ["+OK first"]


def test_a_job_that_the_switch_does_not_take_fails_at_once(
    server: EventSocketServer, controller: Controller
) -> None:
    server.on("bgapi", lambda side, _: side.send(reply("-ERR permission denied")))

    with pytest.raises(CommandRefused):
        controller.client.bgapi("originate x", timeout=LIMIT).wait(LIMIT)


def test_a_job_that_never_answers_times_out(controller: Controller) -> None:
    done: AsyncResult[object] = AsyncResult()
    job = controller.client.bgapi("originate x", timeout=0.05)
    job.on_done(done.set)

    assert isinstance(done.get(timeout=LIMIT), CommandTimeout)
    assert controller.client.metrics.jobs_timed_out == 1
    assert controller.client.metrics.jobs_pending == 0


def test_waiting_less_than_the_job_takes_leaves_the_job_alone(
    server: EventSocketServer, controller: Controller
) -> None:
    job = controller.client.bgapi("originate x", timeout=LIMIT)
    with pytest.raises(CommandTimeout):
        job.wait(0.02)
    events_side(server).send(job_result(job.uuid, "+OK\n"))

    assert job.wait(LIMIT) == "+OK"


def test_a_time_limit_of_the_caller_stays_the_callers(controller: Controller) -> None:
    job = controller.client.bgapi("originate x", timeout=LIMIT)
    limit = Timeout(0.02)

    with pytest.raises(Timeout) as caught, limit:
        job.wait(LIMIT)

    assert caught.value is limit


def test_losing_the_events_fails_every_job(
    server: EventSocketServer, controller: Controller
) -> None:
    jobs = [controller.client.bgapi("originate x", timeout=LIMIT) for _ in range(3)]
    server.command("bgapi", count=3)
    server.accepting = False
    events_side(server).close()

    for job in jobs:
        with pytest.raises(ConnectionLost):
            job.wait(LIMIT)
    with pytest.raises(CommandNotSent):
        controller.client.bgapi("originate x", timeout=LIMIT)


def test_losing_the_commands_fails_only_jobs_that_were_not_taken(
    server: EventSocketServer, controller: Controller
) -> None:
    taken = controller.client.bgapi("originate taken", timeout=LIMIT)
    controller.client.api("status")
    server.on("bgapi", lambda side, _: side.close())
    open_question = controller.client.bgapi("originate unknown", timeout=LIMIT)

    with pytest.raises(ConnectionLost):
        open_question.wait(LIMIT)
    events_side(server).send(job_result(taken.uuid, "+OK\n"))
    assert taken.wait(LIMIT) == "+OK"


def test_results_of_other_controllers_are_nobodys(
    server: EventSocketServer, controller: Controller
) -> None:
    events_side(server).send(job_result("somebody-elses", "+OK\n"), json_event("HEARTBEAT"))

    assert controller.next_event().name == "HEARTBEAT"
    assert controller.events.empty()


def test_a_result_keeps_its_place_among_the_events(
    server: EventSocketServer, controller: Controller
) -> None:
    order: Queue[str] = Queue()
    controller.on_event = lambda event: order.put(event.name)
    job = controller.client.bgapi("originate x", timeout=LIMIT)
    job.on_done(lambda result: order.put(str(result)))
    server.command("bgapi")
    events_side(server).send(
        json_event("CHANNEL_ANSWER"), job_result(job.uuid, "+OK\n"), json_event("CHANNEL_PARK")
    )

    seen = [order.get(timeout=LIMIT) for _ in range(3)]
    assert seen == ["CHANNEL_ANSWER", "+OK", "CHANNEL_PARK"]


def test_a_failing_job_handler_harms_nobody(
    server: EventSocketServer, controller: Controller
) -> None:
    def fail(_: str | SwitchError) -> None:
        raise RuntimeError("a mistake")

    finish_jobs(server, "+OK\n")
    job = controller.client.bgapi("originate x", timeout=LIMIT)
    job.on_done(fail)

    assert job.wait(LIMIT) == "+OK"
    assert controller.client.bgapi("originate y", timeout=LIMIT).wait(LIMIT) == "+OK"
    assert controller.client.metrics.handler_errors == 1

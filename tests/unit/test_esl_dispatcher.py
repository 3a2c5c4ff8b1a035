"""Events on their way to the controller: in order, bounded, measured; and how long to wait."""

from collections.abc import Iterator
from datetime import UTC, datetime

import gevent
import pytest
from esl_controller import Controller, events_side, running_controller
from esl_server import LIMIT, EventSocketServer, json_event, running_server
from gevent.event import Event
from gevent.queue import Queue
from hypothesis import given
from hypothesis import strategies as st

from topcalls.clock import ManualClock
from topcalls.esl.backoff import FIRST_WAIT, LONGEST_WAIT, SHORTEST_WAIT, full_jitter
from topcalls.esl.dispatcher import EventDispatcher
from topcalls.esl.parser import ESLEvent

pytestmark = pytest.mark.unit

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(number: int, **headers: object) -> ESLEvent:
    return ESLEvent({"Event-Name": "DTMF", "n": str(number), **headers})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


def test_events_and_actions_keep_their_order(clock: ManualClock) -> None:
    seen: Queue[object] = Queue()
    dispatcher = EventDispatcher(lambda e: seen.put(e.get("n")), clock)
    dispatcher.offer(event(1))
    dispatcher.post(lambda: seen.put("action"))
    dispatcher.offer(event(2))
    dispatcher.start()

    assert [seen.get(timeout=LIMIT) for _ in range(3)] == ["1", "action", "2"]
    assert dispatcher.handled == 2
    dispatcher.stop()


def test_a_full_queue_drops_counts_and_reports(clock: ManualClock) -> None:
    seen: list[str] = []
    overflows: Queue[int] = Queue()
    dispatcher = EventDispatcher(
        lambda e: seen.append(e.get("n")), clock, limit=3, on_overflow=overflows.put
    )
    for number in range(5):
        dispatcher.offer(event(number))
    dispatcher.post(lambda: seen.append("never dropped"))
    dispatcher.start()

    assert overflows.get(timeout=LIMIT) == 2
    assert seen == ["0", "1", "2", "never dropped"]
    assert dispatcher.dropped == 2
    dispatcher.offer(event(9))
    dispatcher.stop()
    assert seen[-1] == "9"
    assert overflows.empty()


def test_the_age_of_events_is_measured_by_the_switchs_clock(clock: ManualClock) -> None:
    observed: list[float] = []
    dispatcher = EventDispatcher(lambda e: None, clock, observe_lag=observed.append)
    made_at = int(NOON.timestamp() * 1_000_000)
    clock.advance(2.0)
    dispatcher.offer(event(1, **{"Event-Date-Timestamp": str(made_at)}))
    dispatcher.offer(event(2, **{"Event-Date-Timestamp": str(made_at + 1_500_000)}))
    dispatcher.offer(event(3, **{"Event-Date-Timestamp": str(made_at + 9_000_000)}))
    dispatcher.offer(event(4))
    dispatcher.start()
    dispatcher.stop()

    assert observed == pytest.approx([2.0, 0.5, 0.0])
    assert dispatcher.lag_seconds == 0.0
    assert dispatcher.worst_lag_seconds == pytest.approx(2.0)


def test_a_handler_that_takes_its_time_is_counted(clock: ManualClock) -> None:
    def handle(e: ESLEvent) -> None:
        clock.advance(float(e.get("n")) / 1000)

    dispatcher = EventDispatcher(handle, clock)
    for milliseconds in (1, 60, 49, 51):
        dispatcher.offer(event(milliseconds))
    dispatcher.start()
    dispatcher.stop()

    assert dispatcher.slow_handlers == 2


@pytest.mark.parametrize("mistake", [RuntimeError("a mistake"), gevent.Timeout()])
def test_a_failing_handler_is_counted_and_the_next_event_handed_over(
    clock: ManualClock, mistake: BaseException
) -> None:
    seen: list[str] = []

    def handle(e: ESLEvent) -> None:
        seen.append(e.get("n"))
        raise mistake

    dispatcher = EventDispatcher(handle, clock)
    dispatcher.offer(event(1))
    dispatcher.offer(event(2))
    dispatcher.start()
    dispatcher.stop()

    assert seen == ["1", "2"]
    assert dispatcher.handler_errors == 2


def test_stopping_hands_over_what_waits_but_not_for_ever(clock: ManualClock) -> None:
    entered = Event()

    def hang(_: ESLEvent) -> None:
        entered.set()
        Event().wait()

    dispatcher = EventDispatcher(hang, clock)
    dispatcher.start()
    dispatcher.offer(event(1))
    assert entered.wait(LIMIT)

    with gevent.Timeout(LIMIT):
        dispatcher.stop(timeout=0.05)


@pytest.fixture
def server() -> Iterator[EventSocketServer]:
    with running_server() as running:
        yield running


def test_events_arrive_in_order_and_with_their_bodies(server: EventSocketServer) -> None:
    with running_controller(server) as controller:
        sent = [json_event("DTMF", str(n), DTMF__Digit=str(n % 10)) for n in range(500)]
        events_side(server).send(*sent)

        seen = [controller.next_event() for _ in range(500)]

    assert [e.body for e in seen] == [str(n) for n in range(500)]
    assert {e.name for e in seen} == {"DTMF"}


def test_a_controller_that_blocks_loses_events_and_is_told(server: EventSocketServer) -> None:
    release, entered = Event(), Event()
    with running_controller(server, queue_limit=10) as controller:

        def block_once(_: ESLEvent) -> None:
            entered.set()
            release.wait(LIMIT)

        controller.on_event = block_once
        events_side(server).send(json_event("DTMF"))
        assert entered.wait(LIMIT)
        events_side(server).send(json_event("DTMF") * 100)
        assert _counted(controller, 101)

        assert controller.client.api("status") == "+OK"
        assert controller.client.metrics.dropped == 90
        assert controller.client.metrics.queue_depth == 10
        release.set()

        assert controller.overflows.get(timeout=LIMIT) == 90


def _counted(controller: Controller, events: int) -> bool:
    """True once the client has read so many events; every command's reply is a moment later."""
    return any(
        controller.client.metrics.events >= events
        for _ in range(1000)
        if controller.client.api("status")
    )


def test_the_lag_of_events_is_in_the_metrics(server: EventSocketServer) -> None:
    with running_controller(server) as controller:
        events_side(server).send(json_event("HEARTBEAT", Event__Date__Timestamp="1000000"))
        controller.next_event()
        controller.client.bgapi("status", timeout=LIMIT)

        assert controller.client.metrics.event_lag_seconds > 1e9
        assert controller.client.metrics.events == 1


# -- the waits between tries ------------------------------------------------------------------


def test_waits_grow_to_their_limit() -> None:
    ceilings = [full_jitter(n, lambda: 1.0) for n in range(1, 12)]

    assert ceilings[:4] == [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4, FIRST_WAIT * 8]
    assert ceilings[-1] == LONGEST_WAIT
    assert ceilings == sorted(ceilings)


def test_waits_are_spread_over_the_whole_range() -> None:
    assert full_jitter(20, lambda: 0.0) == SHORTEST_WAIT
    assert full_jitter(20, lambda: 0.5) == LONGEST_WAIT / 2


@given(failures=st.integers(-5, 10**6), luck=st.floats(0, 1, exclude_max=True))
def test_every_wait_is_within_its_limits(failures: int, luck: float) -> None:
    assert SHORTEST_WAIT <= full_jitter(failures, lambda: luck) <= LONGEST_WAIT

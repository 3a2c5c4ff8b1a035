"""The worker process on every kind of queue, delivering over real sockets."""

import logging
import os
from datetime import UTC, datetime, timedelta

import factories
import gevent
import pytest
import structlog
import waiting
from gevent import socket
from gevent.event import Event
from gevent.server import StreamServer
from structlog.testing import capture_logs
from worker_rig import worker_services

from topcalls.clock import ManualClock, SystemClock
from topcalls.core.call_request import Recording
from topcalls.errors import ConfigError, StoreUnavailable
from topcalls.net.http import HttpClient
from topcalls.sandbox.webhook_receiver import WebhookReceiver
from topcalls.worker import app, outage, queue
from topcalls.worker.app import WorkerProcess
from topcalls.worker.queue import FILE, open_queue
from topcalls.worker.schedule import LOOP

pytestmark = pytest.mark.service
LIMIT = 20
REDIS_VARIABLE = "TOPCALLS_TEST_REDIS"
ONE_OUTAGE = ["Unavailable, trying again", "Available again"]


@pytest.fixture(
    params=[
        pytest.param("sqlite"),
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("redis", marks=pytest.mark.redis),
    ]
)
def deployment(request):
    """Where the queue is kept."""
    if request.param == "redis" and not os.environ.get(REDIS_VARIABLE):
        pytest.skip(f"{REDIS_VARIABLE} names no Redis server")
    if request.param == "postgresql" and not os.environ.get("TOPCALLS_TEST_POSTGRES"):
        pytest.skip("TOPCALLS_TEST_POSTGRES names no PostgreSQL server")
    return request.param


@pytest.fixture
def kind(deployment):
    """The database that goes with the queue."""
    return "postgresql" if deployment == "postgresql" else "sqlite"


@pytest.fixture
def clock():
    """A minute ago: whatever the test makes happen is due when the worker looks."""
    return ManualClock(datetime.now(UTC) - timedelta(minutes=1))


@pytest.fixture
def new_queue(deployment, database_url, tmp_path, monkeypatch):
    """Opens the queue once more, as another process would."""
    monkeypatch.setattr(queue, "READ_SECONDS", 0.1)
    queue_url = os.environ[REDIS_VARIABLE] if deployment == "redis" else ""
    queues = []

    def new_queue():
        queues.append(open_queue(tmp_path, database_url, queue_url))
        return queues[-1]

    if queue_url:
        new_queue().storage.flush_all()
    yield new_queue
    for opened in queues:
        opened.storage.close()


@pytest.fixture
def new_worker(new_queue, services, monkeypatch):
    """Makes workers, and stops them at the end."""
    monkeypatch.setattr(outage, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(outage, "LONGEST_PAUSE", 0.1)
    workers = []

    def new_worker(**options):
        http = HttpClient(LIMIT, allow_private=True)
        handed_in = worker_services(services, http, SystemClock())
        options = {"stop_seconds": LIMIT, "interval": 0.1, **options}
        workers.append(WorkerProcess(new_queue(), handed_in, **options))
        return workers[-1]

    yield new_worker
    for worker in workers:
        worker.stop()


@pytest.fixture
def new_receiver():
    """Starts receivers, and stops them at the end."""
    receivers = []

    def new_receiver(**options):
        receivers.append(WebhookReceiver(**options))
        receivers[-1].start()
        return receivers[-1]

    yield new_receiver
    for receiver in receivers:
        receiver.stop()


@pytest.fixture
def lines():
    """What is logged, at every level, whatever another test configured."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    with capture_logs() as captured:
        yield captured
    structlog.configure(**before)


@pytest.fixture
def who(services):
    return factories.principal(services, max_concurrent_calls=100)


def failed_calls(services, who, url, count):
    """Calls that could not be placed, each with a webhook that is due."""
    for _ in range(count):
        claimed = factories.claimed_call(
            services, who, webhook_url=url, webhook_events=("call.failed",)
        )
        factories.Life(services, claimed).dial().fail("USER_BUSY")


def states(services, who):
    return [view.status for view in services.webhook_log.deliveries(who.account_id, limit=100).data]


def told(lines, what):
    """What was said about the outage of `what`."""
    return [line["event"] for line in lines if line.get("what") == what]


def test_a_call_that_is_over_is_wrapped_up_and_told(services, who, new_worker, new_receiver):
    receiver = new_receiver()
    call_id = factories.finished_call(
        services,
        who,
        seconds=30,
        webhook_url=receiver.url,
        webhook_events=("call.completed",),
        recording=Recording(enabled=False),
    )
    new_worker().start()
    (arrived,) = receiver.wait_for(1, LIMIT)
    assert arrived.json()["call_id"] == call_id
    assert arrived.json()["event"] == "call.completed"
    waiting.until(lambda: states(services, who) == ["delivered"])


def test_a_slow_receiver_does_not_delay_another(services, who, new_worker, new_receiver):
    slow, quick = new_receiver(slow_seconds=LIMIT), new_receiver()
    slow.answer_with(["slow"] * 50)
    failed_calls(services, who, slow.url, 8)
    failed_calls(services, who, quick.url, 12)
    new_worker(queue_workers=2, stop_seconds=0.1).start()
    quick.wait_for(12, LIMIT)
    assert 1 <= len(slow.deliveries) <= 4


def test_two_workers_share_the_work(services, who, new_worker, new_receiver):
    receiver = new_receiver()
    failed_calls(services, who, receiver.url, 20)
    workers = [new_worker(), new_worker()]
    for worker in workers:
        worker.start()
    waiting.until(lambda: states(services, who) == ["delivered"] * 20)
    for worker in workers:
        worker.stop()
    ids = [delivery.id for delivery in receiver.deliveries]
    assert len(ids) == len(set(ids)) == 20


def test_stopping_finishes_what_was_begun_and_leaves_the_rest(
    services, who, new_worker, new_receiver
):
    receiver = new_receiver(slow_seconds=0.3)
    receiver.answer_with(["slow"] * 4)
    failed_calls(services, who, receiver.url, 6)
    first = new_worker()
    first.start()
    receiver.wait_for(4, LIMIT)
    first.stop()
    assert first.join(0)
    assert sorted(states(services, who)) == ["delivered"] * 4 + ["pending"] * 2
    new_worker().start()
    waiting.until(lambda: states(services, who) == ["delivered"] * 6)
    assert len(receiver.deliveries) == 6


def test_a_worker_that_is_killed_loses_nothing(services, who, new_worker, new_receiver, new_queue):
    receiver = new_receiver()
    failed_calls(services, who, receiver.url, 3)
    taken = services.webhooks.due(datetime.now(UTC) - timedelta(seconds=121), 10)
    assert taken == []
    services.clock.advance(-120)
    failed_calls(services, who, receiver.url, 2)
    services.webhooks.due(services.clock.now(), 10)
    new_worker().start()
    waiting.until(lambda: states(services, who) == ["delivered"] * 5)


@pytest.mark.parametrize("deployment", ["sqlite"], indirect=True)
def test_a_queue_that_cannot_be_opened_is_waited_for(
    services, who, new_worker, new_receiver, lines, tmp_path
):
    receiver = new_receiver()
    failed_calls(services, who, receiver.url, 1)
    (tmp_path / FILE).mkdir()
    starting = gevent.spawn(new_worker().start)
    waiting.until(lambda: told(lines, "queue"))
    (tmp_path / FILE).rmdir()
    starting.get(timeout=LIMIT)
    receiver.wait_for(1, LIMIT)
    assert told(lines, "queue") == ONE_OUTAGE


@pytest.mark.parametrize("deployment", ["sqlite"], indirect=True)
def test_a_queue_file_that_never_can_be_opened_is_an_error(new_worker, tmp_path):
    (tmp_path / FILE).mkdir()
    worker = new_worker(start_seconds=0.2)
    with pytest.raises(ConfigError, match="queue's file cannot be used") as refused:
        worker.start()
    assert refused.value.field == "data_dir"
    assert worker.join(0)


@pytest.mark.parametrize(
    ("urls", "setting"),
    [
        (("", "redis://:hush@127.0.0.1:{port}/0"), "queue_url"),
        (("postgresql://me:hush@127.0.0.1:{port}/calls", ""), "database_url"),
    ],
    ids=["redis", "postgresql"],
)
@pytest.mark.parametrize("answer", [None, b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", "silence"])
@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_a_server_that_is_no_queue_is_an_error_that_names_the_setting(
    services, tmp_path, urls, setting, answer
):
    pytest.importorskip("redis")
    pytest.importorskip("psycopg")

    def serve(connection, _):
        if isinstance(answer, bytes):
            connection.sendall(answer)
        else:
            Event().wait()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = StreamServer(listener, serve)
        if answer is not None:
            server.start()
        else:
            listener.close()
        made = open_queue(tmp_path, *(url.format(port=port) for url in urls))
        handed_in = worker_services(services, None, SystemClock())
        worker = WorkerProcess(made, handed_in, start_seconds=0.5)
        try:
            with gevent.Timeout(LIMIT), pytest.raises(ConfigError) as refused:
                worker.start()
        finally:
            server.stop(timeout=0)
    assert refused.value.field == setting
    assert f"TOPCALLS_{setting.upper()}" in refused.value.remedy
    assert "hush" not in str(refused.value)


def test_a_queue_that_goes_away_costs_one_line(
    services, who, new_worker, new_receiver, lines, monkeypatch
):
    receiver = new_receiver()
    worker = new_worker()
    storage = worker._queue.storage
    works, tries = storage.dequeue, []

    def gone():
        tries.append(1)
        if len(tries) > 30:
            return works()
        raise ConnectionError("gone")

    monkeypatch.setattr(storage, "dequeue", gone)
    worker.start()
    waiting.until(lambda: len(tries) > 30)
    failed_calls(services, who, receiver.url, 1)
    receiver.wait_for(1, LIMIT)
    assert told(lines, "queue") == ONE_OUTAGE


def test_a_database_that_goes_away_costs_one_line(
    services, who, new_worker, new_receiver, lines, monkeypatch
):
    receiver = new_receiver()
    failed_calls(services, who, receiver.url, 1)
    works, tries = services.housekeeping.hold, []

    def gone(*arguments):
        tries.append(1)
        if len(tries) > 5:
            return works(*arguments)
        raise StoreUnavailable("The database is gone.")

    monkeypatch.setattr(services.housekeeping, "hold", gone)
    new_worker().start()
    receiver.wait_for(1, LIMIT)
    waiting.until(lambda: len(told(lines, "database")) == 2)
    assert told(lines, "database") == ONE_OUTAGE


@pytest.mark.parametrize("deployment", ["sqlite"], indirect=True)
def test_a_task_that_is_not_understood_is_dropped(
    services, who, new_worker, new_receiver, new_queue, lines
):
    receiver = new_receiver()
    failed_calls(services, who, receiver.url, 1)
    worker, storage = new_worker(), new_queue().storage
    storage.initialize_schema()
    for stored in (b"not even JSON", b'{"task": {}}', b"[]", b"\x80\x04."):
        storage.enqueue(stored)
    worker.start()
    receiver.wait_for(1, LIMIT)
    faults = [line["event"] for line in lines if line["log_level"] == "error"]
    assert faults == ["A task of the queue is not understood, dropped"] * 4


@pytest.mark.parametrize("deployment", ["sqlite"], indirect=True)
def test_a_mistake_anywhere_in_a_look_costs_one_look(
    services, who, new_worker, new_receiver, lines, monkeypatch
):
    receiver = new_receiver()
    failed_calls(services, who, receiver.url, 1)
    mistakes = [ValueError("a mistake"), gevent.Timeout(0.0)]
    hold = services.housekeeping.hold

    def mistaken(*arguments):
        if mistakes and arguments[0] == LOOP:
            raise mistakes.pop()
        return hold(*arguments)

    monkeypatch.setattr(services.housekeeping, "hold", mistaken)
    new_worker().start()
    receiver.wait_for(1, LIMIT)
    faults = [line["event"] for line in lines if line["log_level"] == "error"]
    assert faults == ["A look for what is due failed"] * 2


@pytest.mark.parametrize("deployment", ["sqlite"], indirect=True)
def test_a_worker_whose_main_greenlet_dies_has_failed(new_worker, monkeypatch):
    """Its process ends then, and is started again."""
    worker = new_worker()
    worker.start()
    assert not worker.has_failed
    gevent.idle()
    worker._main.kill(ValueError("no more"))
    assert worker.ended.wait(LIMIT)
    assert worker.has_failed
    worker._consumer.stop(graceful=True)
    worker._loop.stop()


@pytest.mark.parametrize("deployment", ["sqlite"], indirect=True)
def test_a_worker_that_is_stopped_has_not_failed(new_worker):
    worker = new_worker()
    worker.start()
    worker.stop()
    assert worker.ended.is_set()
    assert not worker.has_failed


@pytest.mark.parametrize("deployment", ["sqlite"], indirect=True)
def test_a_time_limit_that_escapes_from_a_task_ends_no_greenlet(
    services, who, new_worker, new_receiver, monkeypatch
):
    receiver = new_receiver()
    failed_calls(services, who, receiver.url, 1)
    monkeypatch.setattr(app, "HEALTH_SECONDS", 1000)
    worker = new_worker(queue_workers=1)
    load, escapes = worker._services.sender.load, [gevent.Timeout(0.0)]

    def escaping(delivery_id):
        if escapes:
            worker._services.sender.give_back(delivery_id)
            raise escapes.pop()
        return load(delivery_id)

    monkeypatch.setattr(worker._services.sender, "load", escaping)
    worker.start()
    receiver.wait_for(1, LIMIT)
    assert escapes == []

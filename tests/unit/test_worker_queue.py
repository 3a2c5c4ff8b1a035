"""Tasks are stored as JSON, and the settings choose the queue."""

import json
from datetime import UTC, datetime

import pytest
from huey import MemoryHuey, PostgresHuey, RedisHuey, SqliteHuey
from huey.registry import Message

from topcalls.errors import ConfigError
from topcalls.worker.queue import JsonSerializer, open_queue

pytestmark = pytest.mark.unit


@pytest.fixture
def queue():
    return MemoryHuey("test", results=False, serializer=JsonSerializer())


def test_a_task_comes_out_of_the_queue_as_it_went_in(queue):
    seen = []

    @queue.task(retries=2, retry_delay=5, expires=60)
    def remember(*args, **kwargs):
        seen.append((args, kwargs))

    sent = remember.s("id-1", 7, flag=True)
    queue.enqueue(sent)
    (stored,) = queue.storage.enqueued_items()
    assert json.loads(stored)["args"] == ["id-1", 7]
    got = queue.dequeue()
    assert (got.id, got.retries, got.retry_delay) == (sent.id, 2, 5)
    assert got.expires_resolved == sent.expires_resolved
    queue.execute(got)
    assert seen == [(("id-1", 7), {"flag": True})]


def test_moments_survive():
    serializer = JsonSerializer()
    moment = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
    message = Message("id", "name", eta=moment, args=(), kwargs={}, expires=moment)
    again = serializer.deserialize(serializer.serialize(message))
    assert (again.eta, again.expires, again.expires_resolved) == (moment, moment, None)


def test_values_that_huey_stores_for_itself_survive(queue):
    queue.put("key", [None, True])
    assert queue.get("key") == [None, True]


def test_chains_of_tasks_are_refused(queue):
    @queue.task()
    def step():
        pass

    with pytest.raises(TypeError, match="no other task"):
        queue.enqueue(step.s().then(step))


def test_only_plain_arguments_are_stored(queue):
    @queue.task()
    def step(value):
        pass

    with pytest.raises(TypeError):
        queue.enqueue(step.s(object()))


@pytest.mark.parametrize(
    ("database_url", "queue_url", "kind"),
    [
        ("", "", SqliteHuey),
        ("sqlite:////data/topcalls.db", "", SqliteHuey),
        ("postgresql://user@host/name", "", PostgresHuey),
        ("postgresql://user@host/name", "redis://host:1/2", RedisHuey),
        ("", "rediss://host:1/2", RedisHuey),
    ],
)
def test_the_settings_choose_the_kind(tmp_path, database_url, queue_url, kind):
    queue = open_queue(tmp_path, database_url, queue_url)
    assert isinstance(queue, kind)
    assert isinstance(queue.serializer, JsonSerializer)


def test_an_unknown_queue_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigError) as refused:
        open_queue(tmp_path, queue_url="amqp://user:secret@host")
    assert refused.value.field == "queue_url"
    assert "secret" not in str(refused.value)

"""Processes started apart, two switches, one database: calls are shared, a switch dies, the
database is gone, a node is drained; on PostgreSQL with its own queue, with the queue in Redis, and
on one SQLite file."""

import os
import time
from urllib.parse import urlsplit

import pytest
from apart import LEAVES, LONG, QUICK, Apart, gate_before, outcome, postgres_database, running

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
CALLS = 20
AWAY_SECONDS = 8
"""How long a dead switch is away: longer than it takes that others notice."""
GONE_SECONDS = 10
REDIS_NUMBER = 1
"""Of the database in Redis: other tests keep their tasks in the one that is named to them."""


def talking(call):
    return call["call_status"] == "in-progress"


def assert_nothing_left(apart, calls):
    apart.wait_for(lambda: not apart.left_over(calls), lambda: apart.left_over(calls))


def spread(apart, calls):
    """How many of these calls each node dialled."""
    return tuple(len(apart.dialled(node, calls)) for node in ("node-a", "node-b"))


@pytest.mark.postgres
def test_two_switches_on_postgresql_through_death_and_drain(tmp_path):
    with (
        postgres_database() as url,
        gate_before(url) as gate,
        running(Apart(tmp_path, url, reached_by=gate.url)) as apart,
    ):
        calls = calls_are_shared(apart)
        calls += a_switch_dies(apart)
        assert_nothing_left(apart, calls)
        calls += the_database_is_gone(apart, gate)
        calls += a_node_is_drained(apart)
        calls += a_controller_is_stopped(apart)
        assert_nothing_left(apart, calls)


def quick_calls(apart, count):
    """Calls that are answered and over."""
    calls = [apart.place(QUICK) for _ in range(count)]
    for call_id in calls:
        assert outcome(apart.wait_over(call_id)) == ("completed", "callee_hung_up")
    return calls


def calls_are_shared(apart):
    calls = quick_calls(apart, CALLS)
    on_a, on_b = spread(apart, calls)
    assert on_a + on_b == CALLS
    assert min(on_a, on_b) >= CALLS // 4
    return calls


def a_switch_dies(apart):
    """Its calls end, the others go on, and new ones go to the other switch."""
    calls = [apart.place(LONG) for _ in range(6)]
    for call_id in calls:
        apart.wait_until(call_id, talking)
    assert spread(apart, calls) == (3, 3)
    dead, alive = apart.dialled("node-b", calls), apart.dialled("node-a", calls)
    apart.crash_switch("node-b", AWAY_SECONDS)
    down = {"node-a": "up", "node-b": "down"}
    apart.wait_for(lambda: apart.states() == down, apart.states)
    more = [apart.place(QUICK) for _ in range(4)]
    for call_id in more:
        assert outcome(apart.wait_over(call_id)) == ("completed", "callee_hung_up")
    assert spread(apart, more) == (4, 0)
    for call_id in dead:
        assert outcome(apart.wait_over(call_id)) == ("failed", "channel_lost")
    for call_id in alive:
        assert talking(apart.details(call_id))
        apart.request("POST", f"/v1/calls/{call_id}/stop")
        assert apart.wait_over(call_id)["end_reason"] == "stopped"
    return calls + more


def the_database_is_gone(apart, gate):
    """Nothing is accepted that could be lost. Calls go on, those that end are told and billed when
    it is back, and nobody is taken for dead."""
    calls = [apart.place(LONG), apart.place(LEAVES)]
    talks, leaves = calls
    for call_id in calls:
        apart.wait_until(call_id, talking)
        apart.wait_webhook(call_id, "call.started")  # one under way is made again after a lease
    with gate.shut():
        gone_at = time.monotonic()
        body = {"phone_number": QUICK, "task": "Say hello."}
        assert apart.request("POST", "/v1/calls", body).status == 503
        assert apart.request("GET", f"/v1/calls/{talks}").status == 503
        apart.wait_for(
            lambda: time.monotonic() > gone_at + GONE_SECONDS, lambda: "time does not pass"
        )
    left = apart.wait_over(leaves)
    assert outcome(left) == ("completed", "callee_hung_up")
    assert 3.5 <= left["actual_duration_billed"] * 60 <= 7
    assert talking(apart.details(talks))
    apart.request("POST", f"/v1/calls/{talks}/stop")
    assert apart.wait_over(talks)["end_reason"] == "stopped"
    return calls + quick_calls(apart, 2)


def a_node_is_drained(apart):
    """All calls go to the other one, which has its switch again."""
    assert "node-a" in apart.cli("drain", "--node", "node-a", "--wait", "20")
    calls = quick_calls(apart, 2)
    assert spread(apart, calls) == (0, 2)
    shown = apart.cli("status")
    assert "node-a: Takes no more calls" in shown
    assert "node-b" in shown
    return calls


def a_controller_is_stopped(apart):
    """SIGTERM lets its calls talk on for a while, then ends them; it exits in good order."""
    talks = apart.place(LONG)
    apart.wait_until(talks, talking)
    assert apart.end("controller", "node-b") == 0
    assert outcome(apart.wait_over(talks)) == ("failed", "shutdown")
    assert apart.channels("node-b") == []
    return [talks]


@pytest.mark.postgres
@pytest.mark.redis
def test_tasks_in_redis_reach_every_webhook(tmp_path):
    if not (redis := os.environ.get("TOPCALLS_TEST_REDIS")):
        pytest.skip("TOPCALLS_TEST_REDIS names no Redis server")
    queue = urlsplit(redis)._replace(path=f"/{REDIS_NUMBER}").geturl()
    with postgres_database() as url, running(Apart(tmp_path, url, queue, ["node-a"])) as apart:
        assert_nothing_left(apart, quick_calls(apart, 4))


def test_two_switches_share_one_sqlite_file_by_weight(tmp_path):
    with running(Apart(tmp_path, "", node_a=300, node_b=100)) as apart:
        calls = [apart.place(LONG) for _ in range(8)]
        for call_id in calls:
            apart.wait_until(call_id, talking)
        assert spread(apart, calls) == (6, 2)
        for call_id in calls:
            apart.request("POST", f"/v1/calls/{call_id}/stop")
        assert_nothing_left(apart, calls)

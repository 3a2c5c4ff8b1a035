"""Processes started apart, two switches, one database: calls are shared, a switch dies, a node is
drained; on PostgreSQL with its own queue, with the queue in Redis, and on one SQLite file."""

import os

import pytest
from apart import LONG, QUICK, Apart, outcome, postgres_database, running

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
CALLS = 20


def talking(call):
    return call["call_status"] == "in-progress"


def assert_nothing_left(apart, calls):
    apart.wait_for(lambda: not apart.left_over(calls), lambda: apart.left_over(calls))


def spread(apart, calls):
    """How many of these calls each node dialled."""
    return tuple(len(apart.dialled(node, calls)) for node in ("node-a", "node-b"))


@pytest.mark.postgres
def test_two_switches_on_postgresql_through_death_and_drain(tmp_path):
    with postgres_database() as url, running(Apart(tmp_path, url)) as apart:
        calls = calls_are_shared(apart)
        calls += a_switch_dies(apart)
        calls += a_node_is_drained(apart)
        calls += a_controller_is_stopped(apart)
        assert_nothing_left(apart, calls)


def calls_are_shared(apart):
    calls = [apart.place(QUICK) for _ in range(CALLS)]
    for call_id in calls:
        assert outcome(apart.wait_over(call_id)) == ("completed", "callee_hung_up")
    on_a, on_b = spread(apart, calls)
    assert on_a + on_b == CALLS
    assert min(on_a, on_b) >= CALLS // 4
    return calls


def a_switch_dies(apart):
    """Its calls end, and others go to the other one."""
    calls = [apart.place(LONG) for _ in range(6)]
    for call_id in calls:
        apart.wait_until(call_id, talking)
    assert spread(apart, calls) == (3, 3)
    dead, alive = apart.dialled("node-b", calls), apart.dialled("node-a", calls)
    apart.crash_switch("node-b")
    for call_id in dead:
        status, reason = outcome(apart.wait_over(call_id))
        assert (status, reason in ("channel_lost", "stream_lost")) == ("failed", True), reason
    more = [apart.place(QUICK) for _ in range(4)]
    for call_id in more:
        assert outcome(apart.wait_over(call_id)) == ("completed", "callee_hung_up")
    assert spread(apart, more) == (4, 0)
    assert apart.states() == {"node-a": "up", "node-b": "down"}
    for call_id in alive:
        assert talking(apart.details(call_id))
        apart.request("POST", f"/v1/calls/{call_id}/stop")
        assert apart.wait_over(call_id)["end_reason"] == "stopped"
    return calls + more


def a_node_is_drained(apart):
    assert "node-a" in apart.cli("drain", "--node", "node-a", "--wait", "20")
    waits = apart.place(QUICK)
    assert apart.states() == {"node-a": "draining", "node-b": "down"}
    shown = apart.cli("status")
    assert "draining" in shown
    assert "node-b: The switch cannot be reached" in shown
    assert apart.details(waits)["status"] == "queued"
    apart.cli("drain", "--node", "node-a", "--resume")
    assert outcome(apart.wait_over(waits)) == ("completed", "callee_hung_up")
    return [waits]


def a_controller_is_stopped(apart):
    """SIGTERM lets its calls talk on for a while, then stops them; it exits in good order."""
    talks = apart.place(LONG)
    apart.wait_until(talks, talking)
    assert apart.end("controller", "node-a") == 0
    assert outcome(apart.wait_over(talks)) == ("failed", "shutdown")
    assert apart.channels("node-a") == []
    return [talks]


@pytest.mark.postgres
@pytest.mark.redis
def test_tasks_in_redis_reach_every_webhook(tmp_path):
    if not (redis := os.environ.get("TOPCALLS_TEST_REDIS")):
        pytest.skip("TOPCALLS_TEST_REDIS names no Redis server")
    with postgres_database() as url, running(Apart(tmp_path, url, redis)) as apart:
        assert_nothing_left(apart, calls_are_shared(apart))


def test_two_switches_share_one_sqlite_file_by_weight(tmp_path):
    with running(Apart(tmp_path, "", node_a=300, node_b=100)) as apart:
        calls = [apart.place(LONG) for _ in range(8)]
        for call_id in calls:
            apart.wait_until(call_id, talking)
        assert spread(apart, calls) == (6, 2)
        for call_id in calls:
            apart.request("POST", f"/v1/calls/{call_id}/stop")
        assert_nothing_left(apart, calls)

"""Every task may run twice, and the schedule finds what is due."""

import dataclasses
from datetime import timedelta

import factories
import pytest
from analysis_rig import SUMMARY
from worker_rig import Rig, failed_call

from topcalls.core.call_request import Recording
from topcalls.core.transcript import Turn
from topcalls.errors import StoreUnavailable
from topcalls.worker.schedule import LOOP, PERIODIC, start_periodic
from topcalls.worker.tasks import Tasks

pytestmark = pytest.mark.service


@pytest.fixture
def new_rig(services, tmp_path):
    """Makes workers, each with a queue of its own."""
    rigs = []

    def new_rig():
        rigs.append(Rig(services, tmp_path / f"queue{len(rigs)}"))
        return rigs[-1]

    yield new_rig
    for rig in rigs:
        rig.close()


@pytest.fixture
def rig(new_rig):
    return new_rig()


def short(names):
    return [name.rpartition(".")[2] for name in names]


def wrapped_up(services, who, call_id):
    return services.calls.get(who.account_id, call_id).status == "completed"


def test_a_webhook_is_delivered_once_when_its_task_runs_twice(rig, services):
    account_id = failed_call(services)
    assert rig.look()
    assert short(rig.work(times=2)) == ["deliver_webhook"]
    (view,) = services.webhook_log.deliveries(account_id).data
    assert (view.status, view.attempts) == ("delivered", 1)
    assert len(rig.poster.requests) == 1
    assert rig.look()
    assert rig.work() == []


def test_a_call_is_wrapped_up_once_when_its_task_runs_twice(rig, services):
    who = factories.principal(services)
    call_id = factories.finished_call(
        services,
        who,
        webhook_url="https://receiver.example.com",
        recording=Recording(enabled=False),
    )
    for _ in range(10):
        services.clock.advance(2)
        rig.look()
        rig.work(times=2)
    events = [headers["topcalls-event"] for _, headers, _ in rig.poster.requests]
    assert sorted(events) == ["call.completed", "call.queued", "call.started"]
    assert wrapped_up(services, who, call_id)


def test_a_call_is_analysed_once_when_its_task_runs_twice(rig, services):
    who = factories.principal(services)
    life = factories.Life(services, factories.claimed_call(services, who, summary={})).talk(9)
    services.calls.append_turn(life.call_id, Turn(1, "user", "Hello.", 0, 900))
    services.calls.note_recording(life.call_id, "refused")
    life.hang_up()
    rig.model.answers.extend([SUMMARY] * 5)
    names = []
    for _ in range(5):
        rig.look()
        names += short(rig.work(times=2))
        services.clock.advance(1)
    assert names.count("analyse_call") == 1
    assert len(rig.model.requests) == 1
    assert services.calls.get(who.account_id, life.call_id).call_summary == SUMMARY["summary"]


@pytest.mark.parametrize("job", PERIODIC, ids=lambda job: job.task)
def test_a_periodic_job_runs_twice_without_harm(rig, services, job):
    account_id = failed_call(services)
    before = services.quotas.balance(account_id)
    getattr(rig.tasks, job.task)()
    assert short(rig.work(times=2)) == [job.task]
    assert services.quotas.balance(account_id) == before


def test_periodic_jobs_are_tasks():
    known = {field.name for field in dataclasses.fields(Tasks)}
    assert {job.task for job in PERIODIC} <= known


def test_a_periodic_job_starts_once_per_period_however_many_ticks_there_are(rig, services):
    job = next(job for job in PERIODIC if job.every == timedelta(minutes=10))
    starts = 0
    for _ in range(60):
        now = services.clock.now()
        started = start_periodic(rig.worker, rig.tasks, now)
        started += start_periodic(rig.worker, rig.tasks, now)
        starts += started.count(job.task)
        services.clock.advance(60)
    assert starts == 6


def test_a_scheduled_call_is_queued_when_its_time_comes(rig, services):
    who = factories.principal(services)
    at = services.clock.now() + timedelta(hours=1)
    call = factories.queued_call(services, who, schedule_at=at)
    rig.look()
    assert services.dispatch.queue_length() == 0
    services.clock.advance(3600)
    rig.look()
    assert services.dispatch.queue_length() == 1
    assert services.calls.get(who.account_id, call.id).status == "queued"


def test_a_call_that_waited_too_long_fails(rig, services):
    who = factories.principal(services)
    call = factories.queued_call(services, who)
    services.clock.advance(3601)
    rig.look()
    assert services.calls.get(who.account_id, call.id).status == "failed"


def test_one_worker_looks_and_another_takes_over_when_it_falls_silent(rig, services, new_rig):
    other = new_rig()
    assert rig.look()
    assert not other.look()
    services.clock.advance(5)
    assert rig.look()
    services.clock.advance(11)
    assert other.look()
    assert not rig.look()


def test_a_worker_that_stops_hands_the_looking_over_at_once(rig, services, new_rig):
    other = new_rig()
    assert rig.look()
    rig.loop.stop()
    assert other.look()
    assert not services.housekeeping.hold(LOOP, "somebody", services.clock.now(), 1)


def test_what_a_worker_took_and_lost_is_found_again(rig, services):
    failed_call(services)
    rig.look()
    rig.queue.storage.flush_queue()
    services.clock.advance(60)
    rig.look()
    assert rig.work() == []
    services.clock.advance(61)
    rig.look()
    assert short(rig.work()) == ["deliver_webhook"]
    assert len(rig.poster.requests) == 1


def test_nothing_is_taken_while_the_queue_is_away(rig, services):
    failed_call(services)
    rig.queue_outage.failed(OSError("gone"))
    rig.look()
    rig.queue_outage.over()
    rig.look()
    assert short(rig.work()) == ["deliver_webhook"]


def test_deliveries_that_the_queue_refuses_are_given_back(rig, services, monkeypatch):
    failed_call(services)

    def refuse(*_):
        raise ConnectionError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(rig.queue.storage, "enqueue", refuse)
        rig.look()
    assert rig.log.lines == [("error", "Unavailable, trying again")]
    rig.queue_outage.over()
    rig.look()
    assert short(rig.work()) == ["deliver_webhook"]


def test_a_mistake_in_one_look_does_not_keep_the_others_from_looking(rig, services, monkeypatch):
    failed_call(services)

    def mistaken(now):
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(type(services.dispatch), "expire", lambda self, now: mistaken(now))
    assert rig.look()
    assert short(rig.work()) == ["deliver_webhook"]


def test_a_task_that_finds_the_database_dead_says_so_once(rig, services, monkeypatch):
    def dead(self, now):
        raise StoreUnavailable("The database is gone.")

    with monkeypatch.context() as patched:
        patched.setattr(type(services.quotas), "release_stale", dead)
        rig.tasks.release_stale_reservations()
        rig.work(times=3)
    rig.tasks.release_stale_reservations()
    rig.work()
    assert rig.log.lines == [
        ("error", "Unavailable, trying again"),
        ("info", "Available again"),
    ]


def test_an_attempt_that_could_not_be_noted_is_made_again(rig, services, monkeypatch):
    account_id = failed_call(services)

    def dead(*_):
        raise StoreUnavailable("The database is gone.")

    with monkeypatch.context() as patched:
        patched.setattr(services.webhooks, "record_attempt", dead)
        rig.look()
        rig.work()
    services.clock.advance(121)
    rig.look()
    rig.work()
    (view,) = services.webhook_log.deliveries(account_id).data
    assert (view.status, view.attempts) == ("delivered", 1)
    first, second = (headers["webhook-id"] for _, headers, _ in rig.poster.requests)
    assert first == second

"""After a call: every step once, in order, and the webhook goes out whatever happens."""

from __future__ import annotations

import factories
import gevent
import pytest

from topcalls.core.call_events import BridgeFailed, Hangup, HungUp, ShutDown, StopRequested
from topcalls.core.call_request import Recording
from topcalls.core.transcript import Turn
from topcalls.core.wrap_up import PATIENCE, Result, Step
from topcalls.errors import NotFound
from topcalls.services.recordings import recording_name
from topcalls.services.wrap_ups import LEASE_SECONDS
from topcalls.store.models import WebhookEvent, WrapUp

pytestmark = pytest.mark.service
URL = "https://example.com/h"
LIMIT = 20


@pytest.fixture
def who(services):
    return factories.principal(services)


def step(services, limit=10):
    """One look; the calls whose wrap-up it completed."""
    now = services.clock.now()
    return [
        call_id
        for call_id in services.wrap_ups.due(now, limit)
        if services.wrap_ups.run(call_id, now)
    ]


def run_all(services, seconds=60):
    for _ in range(seconds):
        step(services)
        services.clock.advance(1)


def record(services, call_id, content=b"RIFF" + b"." * 50):
    call = services.calls.get(who_of(services, call_id), call_id)
    file = services.recordings.store.root / recording_name(call_id, call.created_at)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def who_of(services, call_id):
    return services.db.read(lambda: WrapUp.get_by_id(call_id).call.account_id)


def log(services, call_id):
    return services.db.read(lambda: WrapUp.get_by_id(call_id).log)


def completed_events(services):
    query = WebhookEvent.select().where(WebhookEvent.kind == "call.completed")
    return services.db.read(query.count)


def test_a_recorded_call_is_wrapped_up_at_once(services, who):
    call_id = factories.finished_call(services, who, webhook_url=URL)
    file = record(services, call_id)
    assert step(services) == [call_id]
    done = services.calls.get(who.account_id, call_id)
    assert done.completed
    assert done.recording_url == f"https://calls.example.com/recordings/{call_id}/2026/11/23/mp3"
    with services.recordings.sound(who.account_id, call_id).file as sound:
        assert sound.read() == file.read_bytes()
    assert log(services, call_id) == {
        "recording": "done",
        "transcript": "done",
        "opt_out": "skipped",
        "latency": "skipped",
        "redaction": "skipped",
        "summary": "skipped",
        "extraction": "skipped",
        "disposition": "skipped",
        "webhook": "done",
    }
    run_all(services)
    assert completed_events(services) == 1


def test_the_last_words_are_waited_for(services, who):
    life = factories.Life(services, factories.claimed_call(services, who, webhook_url=URL))
    life.talk(5).take(HungUp(Hangup("NORMAL_CLEARING")))
    record(services, life.call_id)
    for _ in range(3):
        assert step(services) == []
        services.clock.advance(1)
    services.calls.append_turn(life.call_id, Turn(1, "user", "Goodbye.", 0, 900))
    life.all_told()
    assert step(services) == [life.call_id]
    assert log(services, life.call_id)["transcript"] == "done"
    (payload,) = payloads(services, "call.completed")
    assert "Goodbye." in payload


def test_the_words_of_a_controller_that_died_are_not_waited_for_long(services, who):
    life = factories.Life(services, factories.claimed_call(services, who, webhook_url=URL))
    life.talk(5).take(HungUp(Hangup("NORMAL_CLEARING")))
    record(services, life.call_id)
    run_all(services, 8)
    assert completed_events(services) == 1
    assert log(services, life.call_id)["transcript"] == "given up"


@pytest.mark.parametrize(
    ("event", "status"),
    [(BridgeFailed("quota"), "failed"), (StopRequested(), "cancelled"), (ShutDown(), "failed")],
)
def test_a_failure_is_told_at_once_and_again_with_the_last_words(services, who, event, status):
    life = factories.Life(services, factories.claimed_call(services, who, webhook_url=URL))
    life.talk(5).take(event)
    life.take(HungUp(Hangup("NORMAL_CLEARING")))
    record(services, life.call_id)
    assert services.calls.get(who.account_id, life.call_id).status == status
    step(services)
    (first,) = payloads(services, "call.failed")
    assert '"completed":false' in first
    services.calls.append_turn(life.call_id, Turn(1, "user", "Hello?", 0, 900))
    life.all_told()
    services.clock.advance(1)
    assert step(services) == [life.call_id]
    (update,) = payloads(services, "call.updated")
    assert "Hello?" in update
    assert '"completed":true' in update
    run_all(services, 3)
    assert payloads(services, "call.failed") == [first]
    assert payloads(services, "call.updated") == [update]


def payloads(services, kind):
    query = WebhookEvent.select().where(WebhookEvent.kind == kind)
    return [event.payload for event in services.db.read(lambda: list(query))]


@pytest.mark.parametrize(("state", "seconds"), [("refused", 0), ("written", 3)])
@pytest.mark.parametrize("content", [None, b"", b"R" * 44])
def test_a_recording_that_cannot_come_any_more_holds_nothing_up(
    services, who, state, seconds, content
):
    call_id = factories.finished_call(services, who, webhook_url=URL)
    services.calls.note_recording(call_id, state)
    if content is not None:
        record(services, call_id, content)
    ended = services.clock.now()
    while completed_events(services) == 0:
        step(services)
        services.clock.advance(0.5)
        assert (services.clock.now() - ended).total_seconds() <= seconds + 0.5
    assert log(services, call_id)["recording"] == "skipped"
    assert services.calls.get(who.account_id, call_id).recording_url is None


def test_a_recording_that_never_comes_holds_the_webhook_up_for_about_fifteen_seconds(services, who):
    call_id = factories.finished_call(services, who, webhook_url=URL)
    ended = services.clock.now()
    while completed_events(services) == 0:
        step(services)
        services.clock.advance(0.5)
        assert (services.clock.now() - ended).total_seconds() < 60
    assert 10 <= (services.clock.now() - ended).total_seconds() <= 17
    assert services.calls.get(who.account_id, call_id).recording_url is None
    assert log(services, call_id)["recording"] == "given up"


def test_a_recording_that_comes_late_is_waited_for(services, who):
    call_id = factories.finished_call(services, who)
    record(services, call_id, b"")
    step(services)
    services.clock.advance(5)
    step(services)
    record(services, call_id)
    run_all(services, 10)
    assert services.calls.get(who.account_id, call_id).recording_url


def test_a_call_that_was_not_to_be_recorded_is_not_waited_for(services, who):
    call_id = factories.finished_call(services, who, recording=Recording(enabled=False))
    assert step(services) == [call_id]
    assert log(services, call_id)["recording"] == "skipped"
    with pytest.raises(NotFound):
        services.recordings.sound(who.account_id, call_id)


def test_a_call_that_was_stopped_is_told_as_failed(services, who):
    life = factories.Life(services, factories.claimed_call(services, who, webhook_url=URL))
    life.talk(5)
    life.take(StopRequested())
    life.take(HungUp(Hangup("NORMAL_CLEARING")))
    record(services, life.call_id)
    life.all_told()
    run_all(services, 2)
    assert services.calls.get(who.account_id, life.call_id).completed
    assert completed_events(services) == 0
    kinds = services.db.read(lambda: [event.kind for event in WebhookEvent.select()])
    assert kinds.count("call.failed") == 1


def test_configured_steps_run_once_and_in_order(services, db, who):
    ran = []

    def runner(name):
        def run(call_id, now):
            ran.append((name, call_id))
            return Result.DONE

        return run

    steps = (Step.DISPOSITION, Step.SUMMARY, Step.EXTRACTION)
    configured = factories.services(
        db,
        services.recordings.store.root,
        services.clock,
        runners={item: runner(item.value) for item in steps},
    )
    call_id = factories.finished_call(configured, who)
    record(configured, call_id)
    run_all(configured, 3)
    assert ran == [(name, call_id) for name in ("summary", "extraction", "disposition")]


def test_a_step_that_breaks_is_tried_again_and_then_left_out(services, db, who):
    looks = []

    def broken(call_id, now):
        looks.append(now)
        raise RuntimeError("vendor down")

    configured = factories.services(
        db, services.recordings.store.root, services.clock, runners={Step.SUMMARY: broken}
    )
    call_id = factories.finished_call(configured, who, webhook_url=URL)
    record(configured, call_id)
    run_all(configured, 60)
    assert len(looks) == PATIENCE[Step.SUMMARY].tries
    assert configured.calls.get(who.account_id, call_id).completed
    assert log(configured, call_id)["summary"] == "given up"
    assert completed_events(configured) == 1


def test_two_workers_do_not_do_the_same_step(services, db, who):
    factories.finished_call(services, who)
    other = factories.services(db, services.recordings.store.root, services.clock)
    now = services.clock.now()
    (call_id,) = services.wrap_ups.due(now, 10)
    assert other.wrap_ups.due(now, 10) == []
    assert other.wrap_ups.run(call_id, now) is False
    assert services.db.read(lambda: WrapUp.get_by_id(call_id).step) == Step.RECORDING


def test_workers_of_one_name_that_run_the_same_call_tell_it_once(services, db, who):
    call_id = factories.finished_call(services, who, webhook_url=URL)
    record(services, call_id)
    services.clock.advance(1)
    now = services.clock.now()
    services.wrap_ups.due(now, 10)
    jobs = [gevent.spawn(services.wrap_ups.run, call_id, now) for _ in range(5)]
    gevent.joinall(jobs, timeout=LIMIT, raise_error=True)
    assert completed_events(services) == 1
    assert services.calls.get(who.account_id, call_id).completed


def test_a_worker_that_died_is_followed_by_another(services, db, who):
    call_id = factories.finished_call(services, who, webhook_url=URL)
    record(services, call_id)
    services.wrap_ups.due(services.clock.now(), 10)
    services.clock.advance(LEASE_SECONDS)
    other = factories.services(db, services.recordings.store.root, services.clock)
    assert step(other) == [call_id]


def test_a_worker_that_dies_on_every_try_does_not_stop_the_webhook(services, who):
    call_id = factories.finished_call(services, who, webhook_url=URL)
    for _ in range(PATIENCE[Step.RECORDING].tries):
        assert services.wrap_ups.due(services.clock.now(), 10) == [call_id]
        services.clock.advance(LEASE_SECONDS)
    assert services.wrap_ups.due(services.clock.now(), 10) == []
    assert services.wrap_ups.heal(services.clock.now()) == 1
    assert services.wrap_ups.heal(services.clock.now()) == 0
    assert step(services) == [call_id]
    assert completed_events(services) == 1
    assert log(services, call_id)["recording"] == "given up"


def test_running_what_is_complete_changes_nothing(services, who):
    call_id = factories.finished_call(services, who, webhook_url=URL)
    record(services, call_id)
    run_all(services, 3)
    assert services.wrap_ups.run(call_id, services.clock.now()) is True
    assert services.wrap_ups.run("nothing", services.clock.now()) is True
    assert completed_events(services) == 1


class Crash(Exception):
    pass


def test_a_crash_at_any_statement_leads_to_one_webhook_all_the_same(services, who):
    hooks = services.db._engine.peewee.query_hooks
    for statements in range(1, 100):
        call_id = factories.finished_call(services, who, webhook_url=URL)
        record(services, call_id)
        services.clock.advance(1)
        left = [statements]

        def hook(_, left=left):
            left[0] -= 1
            if left[0] == 0:
                raise Crash

        hooks[:] = [hook]
        try:
            step(services)
        except Crash:
            pass
        finally:
            hooks.clear()
        survived = left[0] > 0
        services.clock.advance(LEASE_SECONDS)
        run_all(services, 15)
        assert services.calls.get(who.account_id, call_id).completed, statements
        assert completed_events(services) == statements, statements
        if survived:
            return
    raise AssertionError("never ends")


def test_nobody_hears_the_recordings_of_others(services, who):
    call_id = factories.finished_call(services, who)
    file = record(services, call_id)
    run_all(services, 3)
    other = factories.principal(services, name="Other")
    with pytest.raises(NotFound):
        services.recordings.sound(other.account_id, call_id)
    file.unlink()
    with pytest.raises(NotFound):
        services.recordings.sound(who.account_id, call_id)

"""When the end of a call is told: some fifteen seconds after it with what is ready, a failure at
once, and what comes later after that."""

from __future__ import annotations

from datetime import timedelta

import factories
import pytest
from analysis_rig import MAPPING, SCHEMA, SUMMARY, Desk, extraction, used
from webhook_rig import OWN, URL, sent, subscribe

from topcalls.core.call_events import BridgeFailed, Hangup, HungUp, OriginateFailed
from topcalls.core.transcript import Turn
from topcalls.core.webhook_deliveries import Wanted
from topcalls.core.wrap_up import LATEST
from topcalls.errors import ProviderError
from topcalls.services.recording_store import FinishedRecording
from topcalls.services.recordings import keep, recording_name

pytestmark = pytest.mark.service
AWAY = ProviderError("The analysis model is out of order.", retryable=True)
AFTER = 15


@pytest.fixture
def promised(db, tmp_path, services):
    """Services that tell the end of a call when it is promised."""
    return factories.services(db, tmp_path, services.clock, completed_webhook_seconds=AFTER)


def step(services):
    now = services.clock.now()
    for call_id in services.wrap_ups.due(now, 10):
        services.wrap_ups.run(call_id, now)


def when_told(services, seconds=60, work=step, pause=0.5):
    """What is sent in the next `seconds`: (seconds from now, event, body), each accepted."""
    began, found = services.clock.now(), []
    while (passed := (services.clock.now() - began).total_seconds()) < seconds:
        work(services)
        found += [(passed, event, body) for event, _, body in sent(services)]
        services.clock.advance(pause)
    return found


def ended(services, who, **fields):
    """The id of a call that is over, of which everything is there but the analysis."""
    call_id = factories.finished_call(services, who, **fields)
    services.calls.note_recording(call_id, "refused")
    return call_id


def test_a_completed_call_of_which_all_is_ready_is_told_fifteen_seconds_after_its_end(promised):
    who = factories.principal(promised)
    call_id = ended(promised, who, webhook_url=OWN, webhook_events=("call.completed",))
    ((seconds, event, body),) = when_told(promised)
    assert (seconds, event, body["completed"]) == (AFTER, "call.completed", True)
    assert promised.calls.get(who.account_id, call_id).completed


def test_nothing_waits_for_that_but_the_message(promised):
    who = factories.principal(promised)
    call_id = ended(promised, who, webhook_url=OWN, webhook_events=("call.completed",))
    step(promised)
    assert promised.calls.get(who.account_id, call_id).completed
    (delivery,) = promised.webhook_log.deliveries(who.account_id).data
    end_at = promised.calls.get(who.account_id, call_id).end_at
    assert delivery.next_attempt_at == end_at + timedelta(seconds=AFTER)


@pytest.mark.parametrize("after", [0, AFTER])
def test_what_is_not_ready_in_fifteen_seconds_is_told_later(db, tmp_path, services, after):
    services = factories.services(db, tmp_path, services.clock, completed_webhook_seconds=after)
    who = factories.principal(services)
    life = factories.Life(
        services,
        factories.claimed_call(services, who, webhook_url=OWN, webhook_events=("call.completed",)),
    )
    life.talk(5).take(HungUp(Hangup("NORMAL_CLEARING")))
    told = when_told(services, 17)
    assert [(seconds, event) for seconds, event, _ in told] == [(AFTER, "call.completed")]
    assert not told[0][2]["completed"]
    assert told[0][2]["recording_url"] is None
    services.calls.append_turn(life.call_id, Turn(1, "user", "Goodbye.", 0, 900))
    life.all_told()
    store_recording(services, who, life.call_id)
    ((_, event, body),) = when_told(services, 60)
    assert (event, body["event"], body["completed"]) == ("call.updated", "call.updated", True)
    assert body["sequence"] == told[0][2]["sequence"] + 1
    assert [turn["text"] for turn in body["transcript"]] == ["Goodbye."]
    assert body["recording_url"].endswith("/mp3")


def store_recording(services, who, call_id):
    """As a controller does it."""
    name = recording_name(call_id, services.calls.get(who.account_id, call_id).created_at)
    file = services.recordings.store.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"RIFF" + b"." * 50)
    recording = FinishedRecording(call_id, name, 54, "0" * 64)
    services.db.run(keep, recording, services.clock.now(), 0)


def test_a_recording_that_is_stored_hours_later_is_told(services):
    who = factories.principal(services)
    call_id = factories.finished_call(services, who, webhook_url=OWN)
    told = when_told(services, 60)
    _, event, body = told[-1]
    assert (event, body["completed"], body["recording_url"]) == ("call.completed", True, None)
    services.clock.advance(3 * 3600)
    store_recording(services, who, call_id)
    ((_, event, body),) = when_told(services, 60)
    assert event == "call.updated"
    assert body["recording_url"].endswith("/mp3")


def test_what_changes_nothing_is_not_told(services):
    who = factories.principal(services)
    call_id = factories.finished_call(services, who, webhook_url=OWN)
    store_recording(services, who, call_id)
    when_told(services, 60)
    services.calls.close_transcript(call_id, services.clock.now())
    store_recording(services, who, call_id)
    assert when_told(services, 60) == []


def test_a_call_that_fails_is_told_at_once_whatever_is_still_to_come(promised):
    who = factories.principal(promised)
    life = factories.Life(promised, factories.claimed_call(promised, who, webhook_url=OWN))
    life.talk(5).take(BridgeFailed("quota"))
    sent(promised)
    life.take(HungUp(Hangup("NORMAL_CLEARING")))
    ((seconds, event, body), (later, last, whole)) = when_told(promised)
    assert (seconds, event, body["completed"]) == (0, "call.failed", False)
    assert (last, whole["completed"]) == ("call.updated", True)
    assert later < 25


def test_a_call_that_nobody_answered_is_told_at_once_and_whole(promised):
    who = factories.principal(promised)
    life = factories.Life(promised, factories.claimed_call(promised, who, webhook_url=OWN)).dial()
    sent(promised)
    life.take(OriginateFailed(Hangup("USER_BUSY")))
    ((seconds, event, body),) = when_told(promised)
    assert (seconds, event, body["completed"]) == (0, "call.failed", True)


# --- the analysis


def analysed(services, *answers):
    """A desk, its call, and how to work at both for a second."""
    desk = Desk(services, *answers)
    call_id = desk.call(
        webhook_url=OWN,
        webhook_events=("call.completed",),
        summary={},
        analysis_schema=SCHEMA,
        outcome_mapping=MAPPING,
    )
    return desk, call_id, lambda _: desk.work(0) or work_once(desk)


def work_once(desk):
    step(desk.services)
    now = desk.services.clock.now()
    for analysis_id in desk.runner.due(now):
        desk.runner.run(analysis_id, now)


def test_a_model_that_is_away_for_minutes_holds_the_webhook_up_no_longer(promised):
    desk, _, work = analysed(promised, *[AWAY] * 4, used(SUMMARY), used(extraction()))
    subscribe(promised, desk.who, "call.completed.booked", url=URL)
    subscribe(promised, desk.who, filters={"sentiment": "positive"}, url=URL + "/happy")
    began = promised.clock.now()
    (first,) = when_told(promised, 100, work)
    assert (first[0], first[1]) == (AFTER, "call.completed")
    assert (first[2]["analysis_status"], first[2]["disposition"]) == ("waiting", None)
    assert not first[2]["completed"]
    later = when_told(promised, 300, work)
    assert (promised.clock.now() - began).total_seconds() > 300
    assert sorted(event for _, event, _ in later) == [
        "call.completed",
        "call.completed.booked",
        "call.updated",
    ]
    for _, _, body in later:
        assert (body["analysis_status"], body["completed"]) == ("done", True)
        assert body["disposition"] == "booked"
        assert body["analysis"] == {"agreed": True, "hour": "ten"}


def test_an_update_goes_to_no_subscription_that_has_ended(promised):
    desk, _, work = analysed(promised, *[AWAY] * 4, used(SUMMARY), used(extraction()))
    kept = subscribe(promised, desk.who, url=URL)
    gone = subscribe(promised, desk.who, url=URL + "/gone")
    assert len(when_told(promised, 100, work)) == 3
    assert len(promised.webhook_log.deliveries(desk.who.account_id).data) == 3
    promised.webhook_subscriptions.delete(desk.who.account_id, gone.id)
    when_told(promised, 300, work)
    wanted = Wanted(event="call.updated")
    data = promised.webhook_log.deliveries(desk.who.account_id, wanted=wanted).data
    assert {(one.url, one.webhook_id) for one in data} == {(URL, kept.id), (OWN, None)}


def test_an_analysis_that_fails_in_the_end_is_told_too(promised):
    _, _, work = analysed(promised, *[AWAY] * 50)
    when_told(promised, 100, work)
    ((_, event, body),) = when_told(promised, 3600, work, pause=5)
    assert (event, body["analysis_status"]) == ("call.updated", "failed")


def test_the_promise_is_fifteen_seconds():
    assert timedelta(seconds=15) == LATEST

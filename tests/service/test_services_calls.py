"""Calls as customers create, see, stop and cancel them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import factories
import pytest

from topcalls.core.call_events import Answered, HungUp, Rang
from topcalls.core.call_request import CallRequest, Recording
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.services.calls import Calls
from topcalls.store.models import Call, Command, WebhookDelivery, WebhookEvent

pytestmark = pytest.mark.service


@pytest.fixture
def who(services):
    return factories.principal(services)


def count(services, table):
    return services.db.read(table.select().count)


def test_a_new_call_waits_in_the_queue(services, who):
    wanted = factories.request(metadata={"order": 7}, priority=3)
    call = services.calls.create(who, wanted, services.clock.now())
    assert (call.status, call.call_status, call.direction) == ("queued", None, "outbound")
    assert (call.phone_number, call.from_phone_number) == (
        factories.NUMBER,
        factories.FROM_NUMBER,
    )
    assert (call.created_at, call.started_at, call.end_at) == (services.clock.now(), None, None)
    assert (call.duration, call.actual_duration_billed) == (None, None)
    assert (call.sandbox, call.completed, call.metadata) == (True, False, {"order": 7})
    assert call.external_call_id != call.id
    assert services.calls.get(who.account_id, call.id) == call


def test_everything_that_was_asked_for_is_stored(services, who):
    wanted = factories.request(
        task=None,
        instructions="You are Rachel from Acme.",
        from_number="+12025550111",
        first_sentence="Hello!",
        voice="coral",
        max_duration=2.5,
        recording=Recording(enabled=False),
        request_data={"a": [1, {"b": None}]},
        webhook_url="https://example.com/h",
        webhook_events=("call.failed",),
    )
    call = services.calls.create(who, wanted, services.clock.now())
    stored = replace(wanted, speaker="openai:coral")
    assert CallRequest.from_mapping(call.request) == stored
    assert call.from_phone_number == "+12025550111"


def test_a_call_needs_a_number_to_call_from(services, who):
    calls = Calls(
        services.db,
        services.clock,
        services.webhooks,
        services.recordings,
        services.transitions,
        services.catalogue,
        services.costs,
        services.eligibility,
        opt_outs=services.calls.opt_outs,
        sandbox=False,
    )
    with pytest.raises(InvalidRequest) as caught:
        calls.create(who, factories.request(), services.clock.now())
    assert caught.value.field == "from_number"
    made = calls.create(who, factories.request(from_number="+12025550111"), services.clock.now())
    assert made.sandbox is False


def test_a_scheduled_call_waits_for_its_time(services, who):
    at = services.clock.now() + timedelta(hours=2)
    call = factories.queued_call(services, who, schedule_at=at, webhook_url="https://example.com/")
    assert (call.status, call.schedule_at) == ("pending", at)
    assert count(services, WebhookEvent) == 0
    assert services.quotas.balance(who.account_id).minutes_reserved == 10
    services.clock.advance(7199)
    assert services.dispatch.release_due(services.clock.now()) == 0
    assert services.dispatch.claim("o", "n", 1, services.clock.now()) == []
    services.clock.advance(1)
    assert services.dispatch.release_due(services.clock.now()) == 1
    assert services.dispatch.release_due(services.clock.now()) == 0
    assert services.calls.get(who.account_id, call.id).status == "queued"
    assert services.db.read(lambda: WebhookEvent.get().kind) == "call.queued"


def test_a_schedule_in_the_past_means_now(services, who):
    past = services.clock.now() - timedelta(seconds=1)
    assert factories.queued_call(services, who, schedule_at=past).status == "queued"


def test_nobody_sees_the_calls_of_others(services, who):
    other = factories.principal(services, name="Other")
    call = factories.queued_call(services, who)
    for work in (services.calls.get, services.calls.stop, services.calls.cancel):
        with pytest.raises(NotFound):
            work(other.account_id, call.id)
    assert services.calls.list(other.account_id).data == ()
    assert services.calls.get(who.account_id, call.id).status == "queued"


# --- listing


def pages(services, who, limit, **filters):
    cursor, found = None, []
    for _ in range(100):
        page = services.calls.list(who.account_id, limit, cursor, **filters)
        found.append([call.id for call in page.data])
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("paging never ends")


def test_paging_loses_nothing_even_if_all_calls_came_at_the_same_time(services, who):
    made = [factories.queued_call(services, who).id for _ in range(7)]
    found = pages(services, who, 3)
    assert [len(page) for page in found] == [3, 3, 1]
    assert sum(found, []) == made[::-1]


@pytest.mark.parametrize(("calls", "limit", "sizes"), [(0, 5, [0]), (5, 5, [5]), (6, 5, [5, 1])])
def test_a_full_page_knows_whether_there_is_another(services, who, calls, limit, sizes):
    for _ in range(calls):
        factories.queued_call(services, who)
    assert [len(page) for page in pages(services, who, limit)] == sizes


def test_calls_made_while_paging_do_not_move_the_pages(services, who):
    made = [factories.queued_call(services, who).id for _ in range(4)]
    first = services.calls.list(who.account_id, 2)
    services.clock.advance(1)
    factories.queued_call(services, who)
    second = services.calls.list(who.account_id, 2, first.next_cursor)
    assert [call.id for call in first.data + second.data] == made[::-1]


def test_a_clock_that_steps_back_does_not_break_the_order(services, who):
    first = factories.queued_call(services, who)
    services.clock.advance(-5)
    second = factories.queued_call(services, who)
    assert second.created_at > first.created_at
    assert sum(pages(services, who, 1), []) == [second.id, first.id]


def test_the_list_can_be_filtered_by_outcome(services, who):
    answered = factories.finished_call(services, who)
    busy = factories.claimed_call(services, who)
    factories.Life(services, busy).dial().fail("USER_BUSY")
    missed = factories.claimed_call(services, who)
    factories.Life(services, missed).dial().fail("NO_ANSWER")
    live = factories.claimed_call(services, who)
    factories.Life(services, live).talk(3)
    factories.queued_call(services, who)

    def ids(status):
        return [call.id for call in services.calls.list(who.account_id, call_status=status).data]

    assert ids("completed") == [answered]
    assert ids("busy") == [busy.call_id]
    assert ids("no-answer") == [missed.call_id]
    assert ids("in-progress") == [live.call_id]
    assert ids("dispatch_timeout") == []
    assert ids("nonsense") == []
    assert len(services.calls.list(who.account_id).data) == 5


def test_the_list_can_be_filtered_by_campaign(services, who):
    first, second = (factories.queued_call(services, who).id for _ in range(2))
    services.db.run(lambda: Call.update(campaign_id="c").where(Call.id == first).execute())
    page = services.calls.list(who.account_id, campaign_id="c")
    assert [(call.id, call.campaign_id) for call in page.data] == [(first, "c")]
    assert second not in [call.id for call in page.data]


# --- stop and cancel


def test_a_waiting_call_stops_at_once(services, who):
    call = factories.queued_call(services, who, webhook_url="https://example.com/h")
    stopped = services.calls.stop(who.account_id, call.id)
    assert (stopped.status, stopped.call_status, stopped.end_reason) == (
        "cancelled",
        "cancelled",
        "stopped",
    )
    assert stopped.completed
    assert stopped.end_at == services.clock.now()
    assert services.quotas.balance(who.account_id).minutes_reserved == 0
    assert services.dispatch.claim("o", "n", 1, services.clock.now()) == []


def test_a_live_call_is_stopped_by_its_controller(services, who):
    call = factories.claimed_call(services, who)
    seen = services.calls.stop(who.account_id, call.call_id)
    services.calls.stop(who.account_id, call.call_id)
    assert seen.status == "queued"
    (command,) = services.commands.claim(factories.OWNER, services.clock.now())
    assert (command.call_id, command.kind, command.payload) == (
        call.call_id,
        "stop",
        {"by": "api"},
    )
    assert count(services, Command) == 1


@pytest.mark.parametrize("verb", ["stop", "cancel", "delete"])
def test_stopping_what_was_stopped_changes_nothing(services, who, verb):
    call = factories.queued_call(services, who)
    first = services.calls.stop(who.account_id, call.id)
    services.clock.advance(5)
    assert getattr(services.calls, verb)(who.account_id, call.id) == first


@pytest.mark.parametrize("verb", ["stop", "cancel", "delete"])
def test_a_call_that_is_over_stays_as_it_is(services, who, verb):
    call_id = factories.finished_call(services, who)
    before = services.calls.get(who.account_id, call_id)
    with pytest.raises(Conflict):
        getattr(services.calls, verb)(who.account_id, call_id)
    assert services.calls.get(who.account_id, call_id) == before


@pytest.mark.parametrize("schedule", [None, timedelta(hours=1)])
def test_a_call_that_has_not_started_can_be_cancelled(services, who, schedule):
    at = services.clock.now() + schedule if schedule else None
    call = factories.queued_call(services, who, schedule_at=at)
    assert services.calls.cancel(who.account_id, call.id).status == "cancelled"


def test_a_call_that_has_started_cannot_be_cancelled(services, who):
    call = factories.claimed_call(services, who)
    with pytest.raises(Conflict) as caught:
        services.calls.cancel(who.account_id, call.call_id)
    assert "stop" in str(caught.value)
    assert count(services, Command) == 0


def test_what_a_call_looks_like_on_its_way(services, who):
    claimed = factories.claimed_call(services, who)
    life = factories.Life(services, claimed).dial()

    def status():
        view = services.calls.get(who.account_id, claimed.call_id)
        return view.status, view.call_status, view.started_at is not None

    assert status() == ("queued", None, False)
    life.take(Rang())
    assert status() == ("in_progress", None, False)
    life.take(Answered())
    assert status() == ("in_progress", "in-progress", True)
    life.take(HungUp(factories.Hangup("NORMAL_CLEARING")))
    assert status() == ("completed", "completed", True)
    assert count(services, WebhookDelivery) == 0

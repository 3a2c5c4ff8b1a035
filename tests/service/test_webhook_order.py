"""Messages of a call are numbered, tried in order, and what is missing can be fetched."""

from __future__ import annotations

import factories
import orjson
import pytest

from topcalls.core.webhook_deliveries import Wanted
from topcalls.core.webhook_retry import DeliveryState, Outcome
from topcalls.errors import NotFound
from topcalls.services import webhook_log

pytestmark = pytest.mark.service
URL = "https://example.com/hook"
OK, FAILED = Outcome(200, duration_ms=12, response="thanks"), Outcome(500, "broken", 9)


@pytest.fixture
def who(services):
    return factories.principal(services)


def due(services):
    return services.webhooks.due(services.clock.now(), 50)


def note(services, delivery, outcome):
    now = services.clock.now()
    return services.webhooks.record_attempt(delivery.id, delivery.attempt, outcome, now)


def talk(services, who, **fields):
    fields.setdefault("webhook_url", URL)
    return factories.Life(services, factories.claimed_call(services, who, **fields)).talk(5)


def test_the_second_message_waits_until_the_first_was_tried(services, who):
    talk(services, who)
    (queued,) = due(services)
    assert (queued.event, queued.sequence, queued.follows) == ("call.queued", 1, 0)
    assert due(services) == []
    note(services, queued, FAILED)
    (started,) = due(services)
    assert (started.event, started.sequence, started.follows) == ("call.started", 2, 1)
    services.clock.advance(60)
    (again,) = due(services)
    assert (again.event, again.sequence, again.follows) == ("call.queued", 1, 0)


def test_other_calls_do_not_wait(services, who):
    talk(services, who)
    talk(services, who)
    assert [item.event for item in due(services)] == ["call.queued", "call.queued"]


def test_a_receiver_that_wants_some_events_knows_what_it_got_before(services, who):
    services.webhook_subscriptions.create(who, {"event": "call.completed", "url": URL + "/all"})
    life = talk(services, who, webhook_events=("call.queued", "call.started"))
    life.hang_up()
    for _ in range(12):
        for call_id in services.wrap_ups.due(services.clock.now(), 10):
            services.wrap_ups.run(call_id, services.clock.now())
        services.clock.advance(2)
    seen = []
    while taken := due(services):
        for item in taken:
            seen.append((item.url, item.sequence, item.follows))
            note(services, item, OK)
    # The second is `call.updated`: the recording never came.
    assert sorted(seen) == [
        (URL, 1, 0),
        (URL, 2, 1),
        (URL + "/all", 3, 0),
        (URL + "/all", 4, 3),
    ]


def test_what_is_missing_can_be_fetched(services, who):
    life = talk(services, who)
    found = services.webhook_log.events_of_call(who.account_id, life.call_id, after=1)
    assert [(one.sequence, one.event) for one in found] == [(2, "call.started")]
    assert orjson.loads(found[0].body)["sequence"] == 2
    other = factories.principal(services, name="Other")
    assert services.webhook_log.events_of_call(other.account_id, life.call_id) == ()


def test_a_delivery_shows_its_request_and_its_answers(services, who):
    factories.queued_call(services, who, webhook_url=URL)
    (item,) = due(services)
    note(services, item, OK)
    view, request = services.webhook_log.delivery(who.account_id, item.id)
    assert (view.log[0].response, view.log[0].duration_ms) == ("thanks", 12)
    assert request.body.encode() == item.payload
    assert request.headers["webhook-id"] == item.message_id
    assert (request.headers["topcalls-sequence"], request.headers["topcalls-follows"]) == ("1", "0")
    with pytest.raises(NotFound):
        services.webhook_log.delivery(who.account_id, "nothing")


# --- replays


def dead(services, who, count):
    """So many calls whose first message was given up."""
    for _ in range(count):
        services.clock.advance(1)
        factories.queued_call(services, who, webhook_url=URL)
    for _ in range(5):
        while taken := due(services):
            for item in taken:
                note(services, item, FAILED)
        services.clock.advance(3600)


def test_a_range_is_replayed_oldest_first_and_once(services, who):
    begin = services.clock.now()
    dead(services, who, 3)
    log = services.webhook_log
    wanted = Wanted(status=DeliveryState.DEAD, created_from=begin)
    assert log.replay_range(who.account_id, wanted).replayed == 3
    assert log.replay_range(who.account_id, wanted).replayed == 0
    assert log.replay_range(who.account_id, Wanted(created_to=begin)).replayed == 0
    taken = due(services)
    assert [item.created_at for item in taken] == sorted(item.created_at for item in taken)
    assert len(taken) == 3


def test_a_long_range_is_replayed_in_pieces(services, who, monkeypatch):
    dead(services, who, 3)
    monkeypatch.setattr(webhook_log, "MOST_REPLAYED", 2)
    wanted = Wanted(status=DeliveryState.DEAD)
    done = services.webhook_log.replay_range(who.account_id, wanted)
    assert done.replayed == 2
    wanted = Wanted(status=DeliveryState.DEAD, created_from=done.go_on_from)
    done = services.webhook_log.replay_range(who.account_id, wanted)
    assert (done.replayed, done.go_on_from) == (1, None)


def test_fresh_messages_do_not_wait_for_replays(services, who):
    dead(services, who, 9)
    services.webhook_log.replay_range(who.account_id, Wanted())
    for _ in range(9):
        factories.queued_call(services, who, webhook_url=URL)
    first = due(services)
    assert [item.attempt for item in first] == [1, 1, 1, 1]
    listed = services.webhook_log.deliveries(who.account_id, limit=200).data
    repeated = {view.id for view in listed if view.created_at < services.clock.now()}
    fresh = [item for item in first if item.created_at == services.clock.now()]
    assert len(fresh) == 3, repeated
    note(services, fresh[0], OK)
    (following,) = due(services)
    assert following.created_at == services.clock.now()

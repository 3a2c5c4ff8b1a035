"""A dead receiver is disabled, its owner is told, and it is enabled again; slow ones wait apart."""

from __future__ import annotations

from datetime import timedelta

import factories
import orjson
import pytest

from topcalls import metrics
from topcalls.core.webhook_retry import DeliveryState, Outcome
from topcalls.errors import NotFound

pytestmark = pytest.mark.service
DEAD, GOOD = "https://dead.example.com/hook", "https://good.example.com/hook"
OK, FAILED = Outcome(200, duration_ms=12), Outcome(500, "It failed.", 900)


@pytest.fixture
def who(services):
    return factories.principal(services)


def due(services, **limits):
    return services.webhooks.due(services.clock.now(), 50, **limits)


def note(services, delivery, outcome):
    now = services.clock.now()
    return services.webhooks.record_attempt(delivery.id, delivery.attempt, outcome, now)


def answer_all(services, outcome=FAILED):
    taken = due(services)
    for item in taken:
        note(services, item, OK if item.url == GOOD else outcome)
    return taken


def days_of_failure(services, who, days):
    for _ in range(days):
        factories.queued_call(services, who, webhook_url=DEAD)
        for _ in range(24):
            answer_all(services)
            services.clock.advance(3600)


def status(services, who):
    return [(one.url, one.status) for one in services.webhook_receivers.failing(who.account_id)]


def test_one_that_fails_is_told_as_failing_until_it_accepts(services, who):
    days_of_failure(services, who, 1)
    (view,) = services.webhook_receivers.failing(who.account_id)
    assert (view.status, view.given_up, view.last_error) == ("failing", 1, "It failed.")
    factories.queued_call(services, who, webhook_url=DEAD)
    answer_all(services, OK)
    assert status(services, who) == []


def test_one_that_accepts_nothing_for_days_is_disabled_and_told(services, who):
    for url in (DEAD, GOOD):
        wanted = {"event": "webhook.disabled", "url": url}
        services.webhook_subscriptions.create(who, wanted)
    before = metrics.webhook_receivers_disabled._value.get()
    days_of_failure(services, who, 4)
    assert status(services, who) == [(DEAD, "disabled")]
    assert metrics.webhook_receivers_disabled._value.get() == before + 1
    told = [
        view
        for view in services.webhook_log.deliveries(who.account_id, limit=100).data
        if view.event == "webhook.disabled"
    ]
    assert [(view.url, view.status) for view in told] == [(GOOD, DeliveryState.DELIVERED)]
    _, request = services.webhook_log.delivery(who.account_id, told[0].id)
    body = orjson.loads(request.body)
    (view,) = services.webhook_receivers.failing(who.account_id)
    assert body["url"] == DEAD
    assert body["enable"] == f"/v1/webhooks/receivers/{view.id}/enable"
    assert view.id in view.remedy


def test_a_disabled_one_is_sent_nothing_and_misses_nothing(services, who):
    days_of_failure(services, who, 4)
    factories.queued_call(services, who, webhook_url=DEAD)
    assert due(services) == []
    view = services.webhook_log.deliveries(who.account_id).data[0]
    assert (view.status, view.attempts) == (DeliveryState.DEAD, 0)
    assert "disabled" in view.last_error
    (receiver,) = services.webhook_receivers.failing(who.account_id)
    services.webhook_receivers.enable(who.account_id, receiver.id)
    assert status(services, who) == []
    services.webhook_log.replay(who.account_id, view.id)
    (item,) = due(services)
    assert note(services, item, OK) is DeliveryState.DELIVERED


def test_what_waits_when_it_is_disabled_is_given_up(services, who):
    days_of_failure(services, who, 3)
    for _ in range(3):
        factories.queued_call(services, who, webhook_url=DEAD)
    for _ in range(30):
        answer_all(services)
        services.clock.advance(3600)
    assert status(services, who) == [(DEAD, "disabled")]
    page = services.webhook_log.deliveries(who.account_id, limit=100).data
    assert {view.status for view in page} == {DeliveryState.DEAD}


def test_a_test_that_is_accepted_enables_it(services, who):
    made = services.webhook_subscriptions.create(who, {"event": "call.completed", "url": DEAD})
    days_of_failure(services, who, 4)
    shown = services.webhook_subscriptions.get(who.account_id, made.id)
    assert shown.receiver.status == "disabled"
    message_id = services.webhook_subscriptions.test(who.account_id, made.id)
    (item,) = due(services)
    assert (item.message_id, item.event) == (message_id, "webhook.test")
    note(services, item, OK)
    assert services.webhook_subscriptions.get(who.account_id, made.id).receiver.status == "ok"


def test_switching_a_subscription_on_enables_its_receiver(services, who):
    made = services.webhook_subscriptions.create(who, {"event": "call.completed", "url": DEAD})
    days_of_failure(services, who, 4)
    services.webhook_subscriptions.change(who.account_id, made.id, {"enabled": True})
    assert status(services, who) == []


def test_others_do_not_see_or_enable_it(services, who):
    days_of_failure(services, who, 1)
    (view,) = services.webhook_receivers.failing(who.account_id)
    other = factories.principal(services, name="Other")
    assert services.webhook_receivers.failing(other.account_id) == ()
    with pytest.raises(NotFound):
        services.webhook_receivers.enable(other.account_id, view.id)


def test_by_setting_none_is_disabled(services, who):
    services.webhooks._disable_after = None
    days_of_failure(services, who, 6)
    assert status(services, who) == [(DEAD, "failing")]


# --- places


def hosts(taken):
    return sorted({item.endpoint.removeprefix("https://").split(".")[0] for item in taken})


def test_those_that_accepted_go_before_all_others(services, who):
    factories.queued_call(services, who, webhook_url=GOOD)
    answer_all(services)
    for number in range(20):
        factories.queued_call(services, who, webhook_url=f"https://a{number}.example.com/")
    factories.queued_call(services, who, webhook_url=GOOD)
    first = due(services, doubtful=5)
    assert (first[0].url, first[0].is_proven) == (GOOD, True) or GOOD in [
        item.url for item in first
    ]
    assert len(first) == 6
    factories.queued_call(services, who, webhook_url=GOOD)
    assert hosts(due(services, doubtful=0)) == ["good"]


@pytest.mark.parametrize("outcome", [FAILED, Outcome(200, duration_ms=9000)])
def test_one_that_fails_or_is_slow_is_doubtful_again(services, who, outcome):
    for answer in (OK, outcome):
        factories.queued_call(services, who, webhook_url=GOOD)
        for item in due(services):
            note(services, item, answer)
    factories.queued_call(services, who, webhook_url=GOOD)
    assert due(services, doubtful=0) == []
    (item,) = due(services)
    assert not item.is_proven


def test_endpoints_that_nobody_sends_to_any_more_are_forgotten(services, who):
    factories.queued_call(services, who, webhook_url=GOOD)
    answer_all(services)
    services.clock.advance(timedelta(days=91).total_seconds())
    assert services.housekeeping.run(services.clock.now()).webhook_lanes == 1

"""Attempts at deliveries: when they are made, what is noted, and that nothing happens twice."""

from datetime import timedelta

import factories
import gevent
import pytest
from standardwebhooks import Webhook
from worker_rig import HOOK, Poster, failed_call

from topcalls import metrics
from topcalls.core.webhook_retry import DeliveryState
from topcalls.net.http import HttpError
from topcalls.services.webhook_delivery import WebhookSender
from topcalls.store import rows
from topcalls.store.database import open_database

pytestmark = pytest.mark.service
LIMIT = 10


@pytest.fixture
def poster():
    return Poster()


@pytest.fixture
def sender(services, poster):
    return WebhookSender(services.db, services.webhooks, poster, services.clock)


def due(services):
    return services.webhooks.due(services.clock.now(), 10)


def only_delivery(services, account_id):
    (view,) = services.webhook_log.deliveries(account_id).data
    return view


def attempts_made(outcome):
    samples = metrics.webhook_attempts.collect()[0].samples
    return sum(
        sample.value
        for sample in samples
        if sample.name.endswith("_total") and sample.labels["outcome"] == outcome
    )


def test_an_accepted_delivery_is_done_with(services, sender, poster):
    account_id = failed_call(services)
    (delivery,) = due(services)
    before = attempts_made("accepted")
    assert sender.deliver(delivery.id) is DeliveryState.DELIVERED
    assert sender.deliver(delivery.id) is None
    assert due(services) == []
    (url, headers, body) = poster.requests[0]
    assert (url, headers["webhook-id"], body) == (HOOK, delivery.message_id, delivery.payload)
    assert len(poster.requests) == 1
    view = only_delivery(services, account_id)
    assert (view.status, view.attempts, view.last_status) == ("delivered", 1, 200)
    assert attempts_made("accepted") == before + 1


def test_the_signature_is_made_with_the_accounts_secret(services, sender, poster):
    failed_call(services)
    (delivery,) = due(services)
    sender.deliver(delivery.id)
    _, headers, body = poster.requests[0]
    expected = Webhook(delivery.secrets[0]).sign(
        delivery.message_id, services.clock.now(), body.decode()
    )
    assert headers["webhook-signature"] == expected


def test_a_secret_that_cannot_be_read_stops_its_account_alone(services, sender, poster):
    poor, other = factories.principal(services, name="Poor"), factories.principal(services)
    for who in (poor, other):
        factories.queued_call(services, who, webhook_url=HOOK)
    text = "UPDATE account SET webhook_secret = ? WHERE id = ?"
    services.db.run(rows.change, text, "of another key", poor.account_id)
    for delivery in due(services):
        sender.deliver(delivery.id)
    assert len(poster.requests) == 1
    (sent,) = services.webhook_log.deliveries(other.account_id).data
    assert sent.status is DeliveryState.DELIVERED
    (waiting,) = services.webhook_log.deliveries(poor.account_id).data
    assert (waiting.status, waiting.attempts) == (DeliveryState.PENDING, 1)
    assert "TOPCALLS_SECRET_KEY" in waiting.last_error
    assert services.accounts.get(poor.account_id).name == "Poor"

    services.accounts.rotate_webhook_secret(poor.account_id)
    services.clock.advance(60)
    (again,) = due(services)
    assert sender.deliver(again.id) is DeliveryState.DELIVERED


def test_attempts_are_made_at_once_and_then_after_1_5_15_and_60_minutes(services, sender, poster):
    account_id = failed_call(services)
    poster.answers.extend([500, 404, 301, HttpError("timeout", "no answer within 10 s"), 503])
    begin = services.clock.now()
    for minutes in (0, 1, 6, 21, 81):
        moment = begin + timedelta(minutes=minutes)
        if minutes:
            services.clock.advance((moment - services.clock.now()).total_seconds() - 1)
            assert due(services) == []
            services.clock.advance(1)
        (delivery,) = due(services)
        sender.deliver(delivery.id)
    view = only_delivery(services, account_id)
    assert [line.status for line in view.log] == [500, 404, 301, None, 503]
    assert [line.at - begin for line in view.log] == [
        timedelta(minutes=minutes) for minutes in (0, 1, 6, 21, 81)
    ]
    assert "final address" in view.log[2].error
    assert "Answer 2xx first" in view.log[3].error
    assert (view.status, view.next_attempt_at) == ("dead", None)
    services.clock.advance(24 * 3600)
    assert due(services) == []


def test_a_dead_delivery_can_be_replayed_under_its_message_id(services, sender, poster):
    account_id = failed_call(services)
    poster.answers.extend([500] * 5)
    for _ in range(5):
        (delivery,) = due(services)
        sender.deliver(delivery.id)
        services.clock.advance(3600)
    services.webhook_log.replay(account_id, delivery.id)
    (again,) = due(services)
    assert sender.deliver(again.id) is DeliveryState.DELIVERED
    assert {headers["webhook-id"] for _, headers, _ in poster.requests} == {delivery.message_id}


def test_a_delivery_that_nobody_took_is_not_sent(services, sender, poster):
    failed_call(services)
    (delivery,) = due(services)
    services.clock.advance(3600)
    assert sender.deliver(delivery.id) is None
    assert sender.deliver("unknown") is None
    assert poster.requests == []


def test_the_same_attempt_made_twice_is_noted_once(services, sender, poster):
    account_id = failed_call(services)
    (delivery,) = due(services)
    poster.answers.extend([500, 500])
    for loaded in [sender.load(delivery.id), sender.load(delivery.id)]:
        assert sender.send(loaded) is DeliveryState.PENDING
    view = only_delivery(services, account_id)
    assert (view.attempts, len(view.log)) == (1, 1)


def test_a_delivery_given_back_is_due_at_once_and_as_often_as_before(services, sender, poster):
    account_id = failed_call(services)
    for _ in range(3):
        (delivery,) = due(services)
        sender.give_back(delivery.id)
        sender.give_back(delivery.id)
    (delivery,) = due(services)
    assert delivery.attempt == 1
    assert sender.deliver(delivery.id) is DeliveryState.DELIVERED
    sender.give_back(delivery.id)
    assert only_delivery(services, account_id).status == "delivered"
    assert due(services) == []


def test_no_connection_is_held_while_the_receiver_takes_its_time(database_url, tmp_path, clock):
    db = open_database(
        database_url, encryption_key=factories.SECRET_KEY, pool_size=1, lock_limit=1.0
    )
    services = factories.services(db, tmp_path, clock)
    account_id = failed_call(services)

    def answer_by_the_database():
        balance = gevent.spawn(services.quotas.balance, account_id).get(timeout=LIMIT)
        return 200 if balance.minutes_remaining else 500

    poster = Poster()
    poster.answers.append(answer_by_the_database)
    (delivery,) = due(services)
    sender = WebhookSender(db, services.webhooks, poster, clock)
    assert sender.deliver(delivery.id) is DeliveryState.DELIVERED
    db.close()

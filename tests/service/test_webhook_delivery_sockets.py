"""Deliveries over real sockets, to the sandbox's webhook receiver."""

from datetime import UTC, datetime

import pytest
from gevent import socket
from worker_rig import failed_call

from topcalls.clock import ManualClock
from topcalls.net.http import HttpClient
from topcalls.sandbox.webhook_receiver import WebhookReceiver
from topcalls.services.webhook_delivery import WebhookSender

pytestmark = pytest.mark.service


@pytest.fixture
def clock():
    """Today: whoever verifies a signature looks at how old it is."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def receiver():
    receiver = WebhookReceiver(slow_seconds=30)
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture
def deliver(services):
    """Send what is due; the views of the account's deliveries."""

    def deliver(account_id, timeout=5.0, allow_private=True):
        http = HttpClient(timeout, allow_private=allow_private)
        sender = WebhookSender(services.db, services.webhooks, http, services.clock)
        for delivery in services.webhooks.due(services.clock.now(), 10):
            sender.deliver(delivery.id)
        (view,) = services.webhook_log.deliveries(account_id).data
        return view

    return deliver


def test_a_signed_message_arrives(services, receiver, deliver):
    account_id = failed_call(services, receiver.url + "hook?customer=7", metadata={"name": "Zoë"})
    receiver.expect_secret(services.accounts.webhook_secret(account_id))
    view = deliver(account_id)
    assert (view.status, view.last_status) == ("delivered", 200)
    (arrived,) = receiver.deliveries
    assert arrived.is_verified
    assert arrived.id == view.message_id
    assert arrived.headers["topcalls-event"] == arrived.json()["event"] == "call.failed"
    assert arrived.headers["content-type"] == "application/json"
    assert arrived.json()["metadata"] == {"name": "Zoë"}


def test_a_message_that_failed_is_tried_again_and_is_the_same_one(services, receiver, deliver):
    account_id = failed_call(services, receiver.url)
    receiver.expect_secret(services.accounts.webhook_secret(account_id))
    receiver.answer_with([500])
    view = deliver(account_id)
    assert (view.status, view.last_status) == ("pending", 500)
    services.clock.advance(60)
    assert deliver(account_id).status == "delivered"
    first, second = receiver.deliveries
    assert first.is_verified
    assert second.is_verified
    assert (first.id, first.body) == (second.id, second.body)


@pytest.mark.parametrize(
    ("answer", "status", "advice"),
    [
        ("slow", None, "Answer 2xx first"),
        ("drop", None, "Check that it runs"),
        ("redirect", 307, "final address"),
        ("retry-after", 429, "raise its limit"),
        ("404", 404, "correct the webhook URL"),
    ],
)
def test_an_answer_that_is_none_is_a_failure_with_advice(
    services, receiver, deliver, answer, status, advice
):
    account_id = failed_call(services, receiver.url)
    receiver.answer_with([answer])
    view = deliver(account_id, timeout=0.3)
    assert (view.status, view.last_status) == ("pending", status)
    assert advice in view.last_error
    assert len(receiver.deliveries) == 1


def test_a_receiver_that_does_not_run_is_a_failure_with_advice(services, deliver):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    account_id = failed_call(services, f"http://127.0.0.1:{listener.getsockname()[1]}/")
    assert "Check that it runs" in deliver(account_id).last_error
    listener.close()


def test_a_private_address_is_refused_unless_it_is_allowed(services, receiver, deliver):
    account_id = failed_call(services, receiver.url)
    view = deliver(account_id, allow_private=False)
    assert "allow_private_webhooks" in view.last_error
    assert not receiver.deliveries


def test_no_error_tells_the_url(services, receiver, deliver):
    account_id = failed_call(services, receiver.url + "?key=s3cret")
    receiver.answer_with([500, "drop", "redirect"])
    for _ in range(3):
        assert "s3cret" not in deliver(account_id).last_error
        services.clock.advance(3600)

"""A customer's server is asked about what answered, over real sockets."""

import http.client
import json
from datetime import UTC, datetime

import factories
import pytest

from topcalls.clock import ManualClock
from topcalls.core.answer_instruction import MOST_BYTES
from topcalls.core.answer_verdict import Answerer, Evidence, Verdict
from topcalls.errors import ProviderError
from topcalls.sandbox.webhook_receiver import WebhookReceiver
from topcalls.services import answer_webhooks
from topcalls.services.answer_webhooks import AnswerWebhooks
from topcalls.services.customer_requests import http_clients

pytestmark = pytest.mark.service

VERDICT = Verdict(Answerer.VOICEMAIL, 0.966, 4.2, (Evidence("beep", 3.9),))


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
def who(services):
    return factories.principal(services)


def asking(services, who, url, *, allow_private=True):
    """How a call asks that names this server."""
    call = factories.claimed_call(services, who, answer_webhook_url=url)
    clients = http_clients(MOST_BYTES, allow_private)
    return call, AnswerWebhooks(services.db, services.clock, clients).of(call)


def decide(receiver, content):
    """What the receiver says from now on."""
    address = receiver.url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.request("PUT", "/-/decision", json.dumps(content))
    assert connection.getresponse().status == 204
    connection.close()


def test_a_verdict_is_a_signed_post_and_the_answer_is_brought_back(services, who, receiver):
    receiver.expect_secret(services.accounts.webhook_secret(who.account_id))
    decide(receiver, {"action": "hangup"})
    call, ask = asking(services, who, receiver.url)
    assert json.loads(ask(VERDICT)) == {"action": "hangup"}
    (delivery,) = receiver.deliveries
    assert delivery.is_verified
    assert delivery.headers["topcalls-event"] == "call.answer_detected"
    content = delivery.json()
    assert content["event"] == "call.answer_detected"
    assert content["call"]["call_id"] == call.call_id
    assert content["answer"] == {
        "detected": "voicemail",
        "confidence": 0.97,
        "decided_after_ms": 4200,
        "evidence": [{"name": "beep", "at": 3.9, "value": None}],
    }


def test_each_question_is_a_message_of_its_own(services, who, receiver):
    _, ask = asking(services, who, receiver.url)
    for _ in range(2):
        assert json.loads(ask(VERDICT)) == {}
    assert len({delivery.id for delivery in receiver.deliveries}) == 2


@pytest.mark.parametrize("answer", ["500", "404", "redirect", "drop", "retry-after"])
def test_what_is_no_success_is_no_answer(services, who, receiver, answer):
    _, ask = asking(services, who, receiver.url)
    receiver.answer_with([answer])
    with pytest.raises(ProviderError):
        ask(VERDICT)
    assert len(receiver.deliveries) == 1


def test_a_server_that_takes_its_time_is_not_waited_for(services, who, receiver, monkeypatch):
    monkeypatch.setattr(answer_webhooks, "TIME_LIMIT", 0.05)
    _, ask = asking(services, who, receiver.url)
    receiver.answer_with(["slow"])
    with pytest.raises(ProviderError, match="timeout"):
        ask(VERDICT)


def test_a_private_address_is_not_asked(services, who, receiver):
    _, ask = asking(services, who, receiver.url, allow_private=False)
    with pytest.raises(ProviderError, match="forbidden_address"):
        ask(VERDICT)
    assert not receiver.deliveries


def test_a_call_that_names_no_server_asks_nobody(services, who):
    _, ask = asking(services, who, None)
    assert ask is None

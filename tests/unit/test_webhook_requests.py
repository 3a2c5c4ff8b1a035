"""What a webhook request carries, and what the customer is told when it fails."""

from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from topcalls.net.http import HttpError
from topcalls.services.webhook_delivery import headers_of, words_for_error, words_for_status
from topcalls.services.webhooks import DueDelivery

pytestmark = pytest.mark.unit
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAYLOAD = '{"event":"call.completed","text":"déjà vu"}'.encode()


def delivery(**changes):
    fields = {
        "id": "delivery-1",
        "account_id": "account-1",
        "message_id": "message-1",
        "event": "call.completed",
        "url": "https://example.com/hook",
        "endpoint": "https://example.com",
        "secrets": (SECRET,),
        "payload": PAYLOAD,
        "attempt": 1,
        "created_at": datetime.now(UTC),
    }
    return DueDelivery(**{**fields, **changes})


def test_the_signature_is_accepted_by_the_standard_verifier():
    headers = headers_of(delivery(), datetime.now(UTC))
    assert Webhook(SECRET).verify(PAYLOAD, headers)["event"] == "call.completed"


@pytest.mark.parametrize(
    ("payload", "secret"),
    [(PAYLOAD + b" ", SECRET), (PAYLOAD, "whsec_" + "A" * 32)],
    ids=["other payload", "other secret"],
)
def test_the_signature_fits_nothing_else(payload, secret):
    headers = headers_of(delivery(), datetime.now(UTC))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(payload, headers)


def test_a_later_attempt_is_the_same_message_signed_anew():
    now = datetime.now(UTC)
    first = headers_of(delivery(), now)
    second = headers_of(delivery(attempt=2), now + timedelta(minutes=1))
    assert first["webhook-id"] == second["webhook-id"] == "message-1"
    assert first["webhook-signature"] != second["webhook-signature"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 60
    assert (first["topcalls-attempt"], second["topcalls-attempt"]) == ("1", "2")


def test_the_headers_name_sender_event_and_type():
    headers = headers_of(delivery(), datetime.now(UTC))
    assert headers["user-agent"].startswith("TopCalls/")
    assert headers["topcalls-event"] == "call.completed"
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_an_accepted_message_needs_no_words(status):
    assert words_for_status(status) is None


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (301, "final address"),
        (404, "correct the webhook URL"),
        (401, "signature"),
        (418, "look at its log"),
        (500, "look at its log"),
        (503, "look at its log"),
        (199, "final status"),
        (999, "no HTTP status"),
    ],
)
def test_every_refusal_says_what_to_do(status, advice):
    words = words_for_status(status)
    assert str(status) in words
    assert advice in words


@pytest.mark.parametrize(
    "kind",
    [
        "invalid_url",
        "invalid_request",
        "forbidden_address",
        "dns",
        "connect",
        "tls",
        "timeout",
        "too_large",
        "protocol",
    ],
)
def test_every_missing_answer_says_what_to_do(kind):
    words = words_for_error(HttpError(kind, "a detail"))
    advice = ("Correct", "Use a public one", "Check", "Answer 2xx")
    assert any(text in words for text in advice)
    assert "{" not in words


def test_an_unknown_kind_of_failure_keeps_its_own_words():
    assert words_for_error(HttpError("new_kind", "some detail")) == "some detail"

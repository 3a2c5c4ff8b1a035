"""The webhook receiver takes deliveries, checks signatures and answers as told."""

from __future__ import annotations

import base64
import http.client
import json
from datetime import UTC, datetime, timedelta

import gevent
import pytest
from standardwebhooks import Webhook

from topcalls.clock import ManualClock
from topcalls.sandbox.webhook_receiver import WebhookReceiver

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 24).decode()
START = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def receiver():
    receiver = WebhookReceiver(slow_seconds=0.05, clock=ManualClock(START))
    receiver.start()
    yield receiver
    receiver.stop()


def request(receiver, method, path="/", body=b"", headers=None):
    """(status, headers, body)."""
    address = receiver.url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def signed(body, secret=SECRET, at=None, message="msg_1"):
    at = at or datetime.now(UTC)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, at, body.decode()),
    }


def test_delivery_is_kept_as_it_came(receiver):
    body = b'{"event": "call.completed",  "n": 1}'
    status, _, answer = request(receiver, "POST", "/hooks", body, {"X-Mine": "yes"})
    assert (status, answer) == (200, b"ok")
    (delivery,) = receiver.wait_for(1)
    assert delivery.body == body
    assert delivery.json()["event"] == "call.completed"
    assert delivery.headers["x-mine"] == "yes"
    assert (delivery.path, delivery.received_at) == ("/hooks", START)
    assert (delivery.is_verified, delivery.answer) == (None, "200")


def test_signatures(receiver):
    receiver.expect_secret(SECRET)
    body = b'{"event": "call.completed"}'
    for headers in (
        signed(body),
        signed(b"other body"),
        signed(body, OTHER),
        signed(body, at=datetime.now(UTC) - timedelta(minutes=6)),
        {**signed(body), "webhook-signature": "nonsense"},
        {},
    ):
        request(receiver, "POST", "/", body, headers)
    assert [item.is_verified for item in receiver.deliveries] == [True] + [False] * 5
    assert receiver.deliveries[0].id == "msg_1"


def test_a_second_secret_is_good_too(receiver):
    receiver.expect_secret(SECRET)
    receiver.expect_secret(OTHER)
    body = b"not JSON"
    request(receiver, "POST", "/", body, signed(body, OTHER))
    assert receiver.deliveries[0].is_verified is True


def test_a_body_that_is_no_text_is_not_verified(receiver):
    receiver.expect_secret(SECRET)
    request(receiver, "POST", "/", b"\xff\xfe", signed(b"x"))
    assert receiver.deliveries[0].is_verified is False


def test_answers_in_turn_then_all_is_well(receiver):
    receiver.answer_with([500, "204", "retry-after"])
    statuses = [request(receiver, "POST")[0] for _ in range(4)]
    assert statuses == [500, 204, 429, 200]
    assert [item.answer for item in receiver.deliveries] == ["500", "204", "retry-after", "200"]


def test_answers_by_path(receiver):
    assert request(receiver, "POST", "/503")[0] == 503
    status, headers, _ = request(receiver, "POST", "/redirect")
    assert (status, headers["Location"]) == (307, f"{receiver.url}redirected")
    assert request(receiver, "POST", "/slow")[0] == 200
    with pytest.raises(ConnectionResetError):
        request(receiver, "POST", "/drop")
    assert len(receiver.deliveries) == 4


def test_unknown_answer_is_an_error(receiver):
    for answer in ("sometimes", "999", "20"):
        with pytest.raises(ValueError, match="Unknown answer"):
            receiver.answer_with([answer])


def test_what_came_can_be_looked_at_and_forgotten(receiver):
    request(receiver, "POST", "/", b'{"event": "a"}')
    request(receiver, "POST", "/", b"plain \xff")
    status, headers, body = request(receiver, "GET")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    first, second = json.loads(body)["deliveries"]
    assert first["body"] == {"event": "a"}
    assert first["received_at"] == START.isoformat()
    assert first["signature_verified"] is None
    assert second["body"].startswith("plain")
    assert request(receiver, "DELETE")[0] == 204
    assert json.loads(request(receiver, "GET")[2]) == {"deliveries": []}


def test_control_from_another_process(receiver):
    assert request(receiver, "PUT", "/-/answers", b'["500"]')[0] == 204
    assert request(receiver, "PUT", "/-/secret", json.dumps(SECRET).encode())[0] == 204
    body = b"{}"
    assert request(receiver, "POST", "/", body, signed(body))[0] == 500
    assert receiver.deliveries[0].is_verified is True


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/-/answers", b'["never"]', 400),
        ("PUT", "/-/answers", b'"500"', 400),
        ("PUT", "/-/answers", b"{", 400),
        ("PUT", "/-/secret", b'""', 400),
        ("PUT", "/-/other", b"1", 404),
        ("GET", "/-/secret", b"", 404),
    ],
)
def test_wrong_control_is_explained(receiver, method, path, body, status):
    found, _, answer = request(receiver, method, path, body)
    assert found == status
    assert json.loads(answer)["error"]
    assert not receiver.deliveries


def test_waiting_for_deliveries_to_come(receiver):
    waiting = gevent.spawn(receiver.wait_for, 3)
    for _ in range(3):
        request(receiver, "POST")
    assert len(waiting.get(timeout=5)) == 3
    with pytest.raises(TimeoutError, match="Not 4 deliveries"):
        receiver.wait_for(4, timeout=0.01)


def test_slow_answer_does_not_hold_up_others():
    receiver = WebhookReceiver(slow_seconds=60)
    receiver.start()
    slow = gevent.spawn(request, receiver, "POST", "/slow")
    receiver.wait_for(1)
    assert request(receiver, "POST")[0] == 200
    assert not slow.ready()
    slow.kill()
    receiver.stop()


def test_large_and_chunked_bodies(receiver):
    def pieces():
        for _ in range(100):
            yield b"x" * 10_000

    address = receiver.url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.request("POST", "/", pieces(), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert len(receiver.deliveries[0].body) == 1_000_000

"""What the customer's server is told of a call."""

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


def events_of(product, call_id):
    deliveries = product.get(f"/v1/calls/{call_id}/webhooks")["data"]
    return [delivery["event"] for delivery in reversed(deliveries)]


def test_a_completed_call_is_told_in_three_events(product, ended):
    call = ended("talk")
    product.wait_webhook(call["id"], "call.completed")
    assert events_of(product, call["id"]) == ["call.queued", "call.started", "call.completed"]


def test_the_last_event_carries_everything(product, ended):
    call = ended("talk")
    product.wait_webhook(call["id"], "call.completed")
    bodies = [
        message["body"]
        for message in product.received_webhooks()["deliveries"]
        if message["body"].get("call_id") == call["id"]
        and message["body"]["event"] == "call.completed"
    ]
    assert len(bodies) == 1
    assert bodies[0]["recording_url"] == call["recording_url"]
    assert bodies[0]["metadata"] == {"scenario": "talk"}
    assert len(bodies[0]["transcript"]) == len(call["transcript"])


@pytest.mark.parametrize("name", ["busy", "no answer", "rejected", "failing model"])
def test_a_failed_call_is_told_as_such(product, ended, name):
    call = ended(name)
    product.wait_webhook(call["id"], "call.failed")
    assert events_of(product, call["id"])[-1] == "call.failed"

"""Processes of the running product are killed at the worst moments; the supervisor restarts them.

Whatever they were doing: no phone rings twice, no channel is left, the call's end is told as it
was, its minutes are settled, and its webhook comes.
"""

import os
import signal

import pytest
from crash_rig import LONG, QUICK, RINGS, CrashRig

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    made = CrashRig(tmp_path_factory.mktemp("crashes")).start_supervised()
    yield made
    made.stop()


def outcome(call):
    return call["status"], call["call_status"], call["end_reason"]


def assert_settled(product, call_id):
    """Dialled once at most, hung up, and nothing is reserved for it."""
    product.wait_for(lambda: not product.has_channel(call_id), "end of the channel")
    assert product.originates(call_id) <= 1
    (row,) = product.rows("select * from reservation where call_id = ?", call_id)
    assert row["settled_at"] is not None
    (call,) = product.rows("select * from call where id = ?", call_id)
    assert (row["billed"], call["lease_owner"]) == (call["billed_seconds"], None)


# --- controller


def test_the_controller_dies_in_the_middle_of_a_call(product):
    """Another one carries on, and does what is asked of it."""
    call_id = product.place(LONG)
    product.wait_until(call_id, lambda call: call["call_status"] == "in-progress")
    product.kill("controller")
    product.wait_for(lambda: product.adopted(call_id), "another controller")
    product.request("POST", f"/v1/calls/{call_id}/stop")
    call = product.wait_over(call_id)
    assert outcome(call) == ("cancelled", "cancelled", "stopped")
    assert_settled(product, call_id)
    assert 0 < call["actual_duration_billed"] * 60 < 60
    assert product.wait_webhook(call_id, "call.failed")


def test_the_controller_dies_while_the_phone_rings(product):
    """It rings on, as long as it would have."""
    product.wait_for(lambda: is_up(product), "controller")
    call_id = product.place_quick(RINGS)
    product.wait_until(call_id, lambda call: call["status"] == "in_progress")
    product.kill("controller")
    call = product.wait_over(call_id)
    assert outcome(call) == ("failed", "no-answer", "no_answer")
    assert call["actual_duration_billed"] == 0
    assert_settled(product, call_id)
    assert product.wait_webhook(call_id, "call.failed")


def test_the_controller_dies_while_its_dial_is_on_the_way(product):
    """The switch stands still meanwhile, and carries the dead one's dial out afterwards."""
    product.wait_for(lambda: is_up(product), "controller")
    switch = product.pid_of("sandbox")
    os.kill(switch, signal.SIGSTOP)
    try:
        call_id = product.place_quick(RINGS, webhook_url=None)
        product.wait_for(lambda: dialled_at(product, call_id), "dial intent")
        product.kill("controller")
    finally:
        os.kill(switch, signal.SIGCONT)
    call = product.wait_over(call_id)
    assert outcome(call)[2] in ("no_answer", "channel_lost")
    assert_settled(product, call_id)


def is_up(product):
    """A controller that claims calls."""
    return product.rows("select id from controller") and product.pid_of("controller")


def dialled_at(product, call_id):
    return product.rows("select dialled_at from call where id = ?", call_id)[0][0]


def test_a_call_that_waits_is_dialled_when_the_controller_is_back(product):
    product.wait_for(lambda: product.pid_of("controller"), "controller")
    product.kill("controller")
    call_id = product.place(QUICK)
    call = product.wait_over(call_id)
    assert outcome(call) == ("completed", "completed", "callee_hung_up")
    assert product.originates(call_id) == 1
    assert_settled(product, call_id)


# --- worker


def test_the_worker_dies_during_the_wrap_up(product):
    call_id = product.place(QUICK)
    begun = "select 1 from wrap_up where call_id = ? and finished_at is null"
    product.wait_for(lambda: product.rows(begun, call_id), "wrap-up")
    product.kill("worker")
    assert product.rows(begun, call_id)
    call = product.wait_over(call_id)
    assert outcome(call) == ("completed", "completed", "callee_hung_up")
    assert product.wait_webhook(call_id, "call.completed")


def test_the_worker_dies_during_a_delivery(product):
    """The receiver has the message and has not answered yet: it gets it again."""
    product.wait_for(lambda: product.pid_of("worker"), "worker")
    call_id = product.place(QUICK, webhook_url=f"{product.webhook_url}slow")
    product.wait_for(lambda: received(product, call_id, "call.queued"), "delivery")
    product.kill("worker")
    assert product.wait_webhook(call_id, "call.queued", seconds=60)
    ids = [item["headers"]["webhook-id"] for item in received(product, call_id, "call.queued")]
    assert len(ids) >= 2
    assert len(set(ids)) == 1


def received(product, call_id, event):
    wanted = {"call_id": call_id, "event": event}
    return [
        item
        for item in product.received_webhooks()["deliveries"]
        if wanted.items() <= item["body"].items()
    ]

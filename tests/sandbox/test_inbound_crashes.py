"""Calls that come in while controllers die and while several race for them, as processes."""

import pytest
from crash_rig import CrashRig

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
NUMBER, CALLER = "+12025550180", "+12025550174"
CALLERS = {
    CALLER: ["ring: 0.2", "answer", "listen: 0.5", "say: Goodbye.", "silence: 20", "hang_up"]
}
SCOPES = "agents:write,phone_numbers:write,calls:read,calls:write,admin"


@pytest.fixture
def product(tmp_path):
    made = CrashRig(tmp_path, CALLERS).start_alone()
    made.key = made.new_key(SCOPES)
    configuration = {"task": "Take the call.", "first_sentence": "Bright Smile Dental, hello."}
    agent = post(made, "/v1/agents", {"name": "Reception", "configuration": configuration})["id"]
    post(made, f"/v1/agents/{agent}/publish")
    post(made, "/v1/phone-numbers", {"number": NUMBER, "agent_id": agent})
    yield made
    made.stop_all()


def post(product, path, body=None):
    answer = product.request("POST", path, body)
    assert answer.status < 300, answer.body
    return answer.body


def inbound_rows(product):
    return product.rows("select * from call where direction = 'inbound'")


def test_a_caller_who_waits_while_the_controller_is_killed_is_answered(product):
    channel = product.call_in(NUMBER, caller=CALLER)
    product.wait_for(lambda: inbound_rows(product), "claim")
    product.kill_alone("controller")
    product.spawn("controller")
    state = product.wait_caller(channel, lambda state: state["state"] == "talking")
    product.wait_until(state["call_id"], lambda call: call["call_status"] == "in-progress")
    product.request("POST", f"/v1/calls/{state['call_id']}/stop")
    call = product.wait_over(state["call_id"])
    assert (call["end_reason"], call["direction"]) == ("stopped", "inbound")
    assert len(inbound_rows(product)) == 1


def test_a_call_that_comes_while_no_controller_lives_is_answered_by_the_next(product):
    product.kill_alone("controller")
    channel = product.call_in(NUMBER, caller=CALLER)
    product.spawn("controller")
    state = product.wait_caller(channel, lambda state: state["state"] == "talking")
    assert product.details(state["call_id"])["direction"] == "inbound"


def test_two_controllers_race_for_every_call_and_each_has_one_owner(product):
    product.spawn("controller", title="second")
    channels = [product.call_in(NUMBER, caller=CALLER) for _ in range(5)]
    states = [
        product.wait_caller(channel, lambda state: state["state"] == "talking")
        for channel in channels
    ]
    rows = inbound_rows(product)
    assert sorted(row["id"] for row in rows) == sorted(state["call_id"] for state in states)
    assert sorted(row["channel_id"] for row in rows) == sorted(channels)
    assert all(row["lease_owner"] for row in rows)

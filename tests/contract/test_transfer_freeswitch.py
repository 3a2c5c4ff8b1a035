"""Transfers on a real FreeSWITCH: both telephones are SIPp's, the audio is ours."""

from time import time

import gevent
import pytest
from freeswitch_lab import NEEDED, place, switch_address, talking
from unit.sandbox_openai_speech import spoken

from topcalls.esl.connection import EventSocketConnection

pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED

TARGET = "+12025550177"


def command(text):
    address = switch_address()
    with EventSocketConnection(address.host, address.port, address.password) as line:
        return line.send(f"api {text}").data.strip()


@pytest.fixture
def transfer(product):
    """A call in progress whose transfer a user has asked for; its id."""

    def make(callee, **destination):
        wanted = {"name": "support", "number": TARGET, **destination}
        call_id = place(product, transfer={"destinations": [wanted]}, silence_timeout_seconds=60)
        caller = callee.lines.wait(15)
        caller.wait_for_voice(10)
        product.wait_until(call_id, talking)
        caller.wait_for_quiet(15)
        path = f"/v1/calls/{call_id}/transfer"
        assert product.request("POST", path, {"destination": "support"}).status == 202
        return call_id, caller

    return make


def connected(product, call_id):
    return product.wait_until(
        call_id, lambda call: call["transfers"] and call["transfers"][0]["connected_at"]
    )


def assert_hear_each_other(one, other):
    for speaker, listener in ((one, other), (other, one)):
        gevent.sleep(0.5)
        began = time()
        speaker.say(spoken("Hello there"))
        assert listener.wait_for_voice(10, after=began).at - began < 2.0
        listener.wait_for_quiet(5)


def test_blind_by_a_bridge(product, telephone, transfer):
    callee = telephone("answers", pause=3000)
    call_id, caller = transfer(callee)
    asked = time()
    assert caller.wait_for_voice(10, after=asked + 0.2)  # it rings
    callee.lines.wait(15, count=2)
    target = [line for line in callee.lines.lines.values() if line is not caller][0]
    call = connected(product, call_id)
    gevent.sleep(0.5)
    assert_hear_each_other(caller, target)
    channel = call["transfers"][0]["channel_id"]
    assert command(f"uuid_getvar {channel} tc_call_id") == call_id
    assert command(f"uuid_kill {channel}").startswith("+OK")

    call = product.wait_over(call_id)
    assert (call["call_status"], call["end_reason"]) == ("completed", "transfer_ended")
    assert call["ended_by"] == "transferee"
    assert call["recording_url"] is not None
    assert product.wait_webhook(call_id, "call.transferred")
    callee.wait_for("R", "BYE")


def test_a_warm_transfer_is_taken_by_its_key(product, telephone, transfer):
    callee = telephone("answers", pause=500)
    call_id, caller = transfer(callee, kind="warm", briefing="Ann from Bright Smile asks for you.")
    callee.lines.wait(15, count=2)
    target = [line for line in callee.lines.lines.values() if line is not caller][0]
    target.wait_for_voice(15)
    target.wait_for_quiet(20, quiet=1.0)
    assert product.details(call_id)["transfers"][0]["connected_at"] is None
    target.press("1")
    connected(product, call_id)
    gevent.sleep(0.5)
    assert_hear_each_other(caller, target)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    assert product.wait_over(call_id)["end_reason"] == "stopped"
    assert command("show channels count") == "0 total."


def test_a_target_that_presses_no_key_is_let_go_and_the_agent_is_back(product, telephone, transfer):
    callee = telephone("answers", pause=500)
    call_id, caller = transfer(callee, kind="warm", accept_timeout_seconds=5)
    callee.lines.wait(15, count=2)
    channel = product.wait_until(
        call_id, lambda call: call["transfers"] and call["transfers"][0]["answered_at"]
    )["transfers"][0]["channel_id"]
    call = product.wait_until(call_id, lambda call: call["transfers"][0]["outcome"])
    assert call["transfers"][0]["failure"] == "not_accepted"
    assert call["call_status"] == "in-progress"
    assert command(f"uuid_exists {channel}") == "false"
    assert caller.wait_for_voice(10, after=time())  # the agent is back
    product.request("POST", f"/v1/calls/{call_id}/stop")
    product.wait_over(call_id)

"""Transfers on a real FreeSWITCH: both telephones are SIPp's, the audio is ours."""

import audioop
from functools import partial
from time import time

import gevent
import pytest
from freeswitch_lab import (
    A_PERSON,
    MAILBOX,
    NEEDED,
    place,
    show,
    switch_address,
    talking,
    words,
)
from sound import likeness
from unit.sandbox_openai_speech import spoken

from topcalls.audio import g711, tones
from topcalls.esl.connection import EventSocketConnection
from topcalls.sandbox.speech import Synthesizer

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


def other_line(callee, caller):
    """The line of whoever was dialled for the caller."""
    callee.lines.wait(15, count=2)
    return next(line for line in callee.lines.lines.values() if line is not caller)


def connected(product, call_id):
    return product.wait_until(
        call_id, lambda call: call["transfers"] and call["transfers"][0]["connected_at"]
    )


def failure_of(product, call_id):
    """Why the one transfer of a call failed, whose caller is with the agent again."""
    call = product.wait_until(
        call_id, lambda call: call["transfers"] and call["transfers"][0]["outcome"]
    )
    (done,) = call["transfers"]
    assert (done["outcome"], done["connected_at"]) == ("failed", None)
    assert done["answered_at"]
    assert call["call_status"] == "in-progress"
    return done["failure"]


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
    target = other_line(callee, caller)
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
    target = other_line(callee, caller)
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


def test_the_model_transfers_a_caller_who_asks_for_a_person(product, telephone, say):
    callee = telephone("answers", pause=500)
    destination = {"name": "support", "number": TARGET}
    call_id = place(product, transfer={"destinations": [destination]}, silence_timeout_seconds=60)
    caller = callee.lines.wait(15)
    caller.wait_for_voice(10)
    caller.wait_for_quiet(15)
    caller.say(say(A_PERSON))
    target = other_line(callee, caller)
    call = connected(product, call_id)
    assert (call["transfers"][0]["asked_by"], call["transfers"][0]["summary"]) == (
        "agent",
        "Wants a person.",
    )
    assert "I will connect you" in words(call, "assistant")
    gevent.sleep(0.5)
    assert_hear_each_other(caller, target)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    assert product.wait_over(call_id)["end_reason"] == "stopped"


BEEP = g711.encode(tones.sine(1000, milliseconds=600), "PCMU")
WAYS = {
    "warm": {"kind": "warm", "briefing": "Ann from Bright Smile asks for you."},
    "blind": {"detect_voicemail": True},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_voicemail_on_the_target_is_let_go_of_and_never_heard_by_the_caller(
    product, telephone, transfer, request, way
):
    voice = partial(Synthesizer().speak, voice="callee")
    greeting = product.mind.voice_of(request.node.name, voice)(MAILBOX)
    callee = telephone("answers", pause=500)
    call_id, caller = transfer(callee, **WAYS[way])
    target = other_line(callee, caller)
    answered = time()
    target.say(greeting + BEEP)
    assert failure_of(product, call_id) == "voicemail"
    show(answer_to_let_go_s=time() - answered)
    assert caller.wait_for_voice(10, after=time())  # the agent is back
    heard = b"".join(packet.samples for packet in caller.packets if packet.at > answered)
    assert likeness(heard, audioop.ulaw2lin(greeting, 2)) < 0.5
    product.request("POST", f"/v1/calls/{call_id}/stop")
    product.wait_over(call_id)
    assert command("show channels count") == "0 total."

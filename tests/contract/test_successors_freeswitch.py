"""Controllers that die or are replaced on a real FreeSWITCH, in the less usual moments.

See `test_hand_over_freeswitch.py` for the usual ones. Pauses are printed (`pytest -s`).
"""

import json
import os
import signal
from contextlib import closing
from time import time

import gevent
import pytest
from freeswitch_lab import (
    FIRST_SENTENCE,
    GOODBYE,
    LONG_ANSWER,
    NEEDED,
    QUESTION,
    LiveProduct,
    another_controller,
    outcome,
    place,
    show,
    switch_address,
    talking,
    words,
)
from offices import CONFIGURATION, Office
from telephones import Caller
from test_hand_over_freeswitch import assert_answer_was_heard

from topcalls.esl import commands

pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED
TARGET, OURS = "+12025550177", "+12025550143"


def begun(product, lines, count=1):
    """One more call, whose callee has heard the first sentence: its id, and its audio."""
    call_id = place(product, silence_timeout_seconds=60)
    line = lines.wait(15, count=count)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    return call_id, line


def owner_of(product, switch, call_id):
    channel = product.details(call_id)["external_call_id"]
    return switch(commands.uuid_getvar(channel, "tc_owner"))


def wait_owner(product, switch, call_id, condition):
    with gevent.Timeout(60, AssertionError("nobody took the call")):
        while not condition(owner := owner_of(product, switch, call_id)):
            gevent.sleep(0.1)
    return owner


def killed(product):
    os.kill(product.pid_of("controller"), signal.SIGKILL)
    return time()


def channels(switch):
    """Everything that is up on the switch, what an earlier test left too."""
    return {row["uuid"] for row in json.loads(switch("show channels as json")).get("rows", ())}


def longest_gap(line, since):
    at = [packet.at for packet in line.packets if packet.at >= since]
    return max(two - one for one, two in zip(at, at[1:], strict=False))


def test_a_drain_gives_live_calls_to_another_controller(product, telephone, say, switch):
    callee = telephone("answers")
    call_id, line = begun(product, callee.lines)
    first = owner_of(product, switch, call_id)
    with another_controller(product) as second:
        told = product.cli("drain", "--owner", first, "--hand-over", "--wait", "30")
        assert "no calls are left" in told
        wait_owner(product, switch, call_id, lambda owner: owner == second)
        gevent.sleep(1.0)
        line.say(say(GOODBYE))
        call = product.wait_over(call_id)
        assert outcome(call) == ("completed", "completed", "agent_ended")
        assert not any(turn["interrupted"] for turn in call["transcript"])
    product.cli("drain", "--owner", first, "--resume")


def test_of_two_controllers_the_one_that_lives_goes_on_undisturbed(product, telephone, say, switch):
    callee = telephone("answers")
    first_call, first_line = begun(product, callee.lines)
    first = owner_of(product, switch, first_call)
    with another_controller(product) as second:
        product.cli("drain", "--owner", first)
        gevent.sleep(6)  # it learns so within five seconds
        second_call, second_line = begun(product, callee.lines, count=2)
        assert owner_of(product, switch, second_call) == second
        second_line.say(say(QUESTION))
        second_line.wait_for_voice(15, after=time())
        at = killed(product)
        wait_owner(product, switch, first_call, lambda owner: owner != first)
        show(dead_to_owner_ms=(time() - at) * 1000)
        second_line.wait_for_quiet(30, quiet=1.0)
        gap, machine = (longest_gap(line, at - 1) for line in (second_line, first_line))
        show(gap_ms=gap * 1000, gap_of_machine_ms=machine * 1000)
        assert gap < max(0.1, machine + 0.05)  # the switch itself may be late, on both lines
        for call_id, line in ((second_call, second_line), (first_call, first_line)):
            line.say(say(GOODBYE))
            call = product.wait_over(call_id)
            assert outcome(call) == ("completed", "completed", "agent_ended")
            assert not any(turn["interrupted"] for turn in call["transcript"])
        call = product.details(second_call)
        assert words(call, "assistant") == f"{FIRST_SENTENCE} {LONG_ANSWER} Goodbye."
    product.cli("drain", "--resume")


@pytest.fixture
def office(product):
    return Office(product, OURS)


def test_a_caller_who_comes_while_no_controller_lives_is_answered(product, office, own, tmp_path):
    if own is None:
        pytest.skip("the switch is not ours to call")
    at = killed(product)
    to = f"127.0.0.1:{own.ports['sip']}"
    with closing(Caller(to, tmp_path, "caller_talk", OURS, pause=6000)) as caller:
        answered = caller.wait_for("R", "200 OK", seconds=20)
        show(dead_to_answer_ms=(answered - at) * 1000)
        caller.lines.wait(5).wait_for_voice(10)
        assert caller.ended_well(20)
    (call,) = office.calls
    call = office.wait(call["id"], lambda call: call["completed"], "its end")
    assert outcome(call) == ("completed", "completed", "caller_hung_up")
    assert call["transcript"][0]["text"] == CONFIGURATION["first_sentence"]


@pytest.mark.parametrize("kind", ["blind", "warm"])
def test_a_transfer_that_is_under_way_ends_and_the_agent_is_back(product, telephone, switch, kind):
    before = channels(switch)
    callee = telephone("answers", pause=8000)
    wanted = {"name": "support", "number": TARGET, "kind": kind}
    call_id = place(product, transfer={"destinations": [wanted]}, silence_timeout_seconds=60)
    line = callee.lines.wait(20)
    line.wait_for_voice(10)
    product.wait_until(call_id, talking)
    line.wait_for_quiet(15)
    path = f"/v1/calls/{call_id}/transfer"
    assert product.request("POST", path, {"destination": "support"}).status == 202
    target = product.wait_until(
        call_id, lambda call: call["transfers"] and call["transfers"][0]["channel_id"]
    )["transfers"][0]["channel_id"]
    with gevent.Timeout(10, AssertionError("the target is not dialled")):
        while switch(commands.uuid_exists(target)) != "true":
            gevent.sleep(0.1)
    first = owner_of(product, switch, call_id)
    at = killed(product)
    wait_owner(product, switch, call_id, lambda owner: owner != first)
    again = line.wait_for_voice(20, after=time() + 0.5)  # not the tone of ringing any more
    show(dead_to_speech_ms=(again.at - at) * 1000)
    with gevent.Timeout(15, AssertionError("the target's leg is left over")):
        while switch(commands.uuid_exists(target)) == "true":
            gevent.sleep(0.1)
    call = product.wait_until(call_id, lambda call: call["transfers"][0]["outcome"])
    assert call["transfers"][0]["outcome"] == "called_off"
    assert call["transfers"][0]["connected_at"] is None
    assert call["call_status"] == "in-progress"
    product.request("POST", f"/v1/calls/{call_id}/stop")
    product.wait_over(call_id)
    with gevent.Timeout(15, AssertionError("a leg is left over")):
        while channels(switch) - before:
            gevent.sleep(0.1)


@pytest.fixture(scope="module")
def streamed(home, relay):
    """A product whose speech goes over the stream."""
    made = LiveProduct(home / "streamed", switch_address(), relay.port, TOPCALLS_PLAYBACK="stream")
    yield made.start()
    assert made.stop() == 0


def test_speech_over_the_stream_goes_on_in_another_controller(streamed, telephone, switch):
    say = streamed.mind.voice_of("successors by stream")
    callee = telephone("answers")
    call_id, line = begun(streamed, callee.lines)
    line.say(say(QUESTION))
    line.wait_for_voice(15, after=time())
    gevent.sleep(1.5)
    first = owner_of(streamed, switch, call_id)
    at = killed(streamed)
    wait_owner(streamed, switch, call_id, lambda owner: owner != first)
    taken = time()
    again = line.wait_for_voice(20, after=taken + 0.3)
    show(dead_to_owner_ms=(taken - at) * 1000, dead_to_speech_ms=(again.at - at) * 1000)
    line.wait_for_quiet(30, quiet=1.0)
    line.say(say(GOODBYE))
    call = streamed.wait_over(call_id)
    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert words(call, "user") == f"{QUESTION} {GOODBYE}"
    assert_answer_was_heard(call)
    assert call["recording"]["problem"] is None

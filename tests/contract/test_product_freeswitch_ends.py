"""How calls on a real FreeSWITCH end, and what happens to them when something breaks.

The variables are those of `test_product_freeswitch.py`.
"""

import os
import signal
from time import time

import gevent
import pytest
from freeswitch_lab import (
    ANSWER,
    CDR,
    GOODBYE,
    KILL,
    LONG_ANSWER,
    NEEDED,
    QUESTION,
    START,
    LiveProduct,
    Relay,
    outcome,
    place,
    run_command,
    show,
    switch_address,
    talking,
    words,
)

pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED


# -- how a call ends --------------------------------------------------------------------------


def test_a_callee_who_hangs_up(product, telephone):
    callee = telephone("hangs_up", pause=2000)
    call_id = place(product)
    left = callee.wait_for("S", "BYE")

    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "callee_hung_up")
    show(bye_to_completed_ms=(time() - left) * 1000)
    assert (call["hangup"]["by"], call["hangup"]["cause"]) == ("far_end", "NORMAL_CLEARING")
    assert abs(call["duration"] * 60 - 2.0) < 0.5


def test_a_callee_whose_audio_stops(product, telephone):
    """The switch gives the line up after the agent has asked, and before the agent does."""
    callee = telephone("answers")
    call_id = place(product, silence_timeout_seconds=5)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    stopped = time()
    line.fall_silent()

    ended = callee.wait_for("R", "BYE", 20)
    show(last_packet_to_bye_s=ended - stopped)
    assert 6.5 < ended - stopped < 9.5
    call = product.wait_over(call_id)
    assert outcome(call) == ("completed", "completed", "network_hung_up")
    assert (call["ended_by"], call["hangup"]["cause"]) == ("carrier", "MEDIA_TIMEOUT")
    assert len([turn for turn in call["transcript"] if turn["user"] == "assistant"]) == 2


def test_a_stopped_call_hangs_up(product, telephone):
    callee = telephone("answers")
    call_id = place(product)
    callee.lines.wait(15).wait_for_voice(10)
    product.wait_until(call_id, talking)
    asked = time()
    product.request("POST", f"/v1/calls/{call_id}/stop")

    show(stop_to_bye_ms=(callee.wait_for("R", "BYE") - asked) * 1000)
    call = product.wait_over(call_id)
    assert (call["status"], call["end_reason"]) == ("cancelled", "stopped")


def test_the_time_limit_ends_a_call(product, telephone):
    callee = telephone("answers")
    call_id = place(product, max_duration=0.5, silence_timeout_seconds=120)

    ended = callee.wait_for("R", "BYE", 45)

    assert 29.0 < ended - callee.wait_for("S", ANSWER) < 33.0
    call = product.wait_over(call_id)
    assert outcome(call) == ("completed", "completed", "max_duration")


def test_the_switch_enforces_the_limit_of_a_dead_controllers_call(product, telephone):
    callee = telephone("answers")
    call_id = place(product, max_duration=0.5, silence_timeout_seconds=120)
    product.wait_until(call_id, talking)
    pid = product.pid_of("controller")
    os.kill(pid, signal.SIGSTOP)
    try:
        ended = callee.wait_for("R", "BYE", 60)
    finally:
        os.kill(pid, signal.SIGCONT)

    assert 38.0 < ended - callee.wait_for("S", ANSWER) < 43.0
    call = product.wait_over(call_id)
    # Its lease has run out by then: whoever finds the call first settles it.
    assert outcome(call) in (
        ("completed", "completed", "max_duration"),
        ("failed", "failed", "controller_lost"),
    )


# -- when something breaks --------------------------------------------------------------------


def test_a_call_outlives_a_cut_of_the_event_socket(product, relay, telephone, say):
    callee = telephone("answers")
    call_id = place(product)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    relay.cut()
    gevent.sleep(2.0)
    relay.mend()
    mended = time()
    relay.wait_for("show channels", 20, after=mended)
    line.wait_for_quiet(15)
    line.say(say(QUESTION))
    line.wait_for_voice(15, after=time())
    line.wait_for_quiet(30, quiet=1.0)
    line.say(say(GOODBYE))

    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert LONG_ANSWER in words(call, "assistant")


def test_an_answer_during_a_cut_of_the_event_socket_is_found_out(product, relay, telephone, say):
    callee = telephone("answers", pause=2500)
    call_id = place(product)
    callee.wait_for("S", "180")
    product.wait_until(call_id, lambda call: call["status"] == "in_progress")
    relay.cut()
    callee.wait_for("S", ANSWER)
    relay.mend()
    line = callee.lines.wait(15)
    line.wait_for_voice(15)
    line.wait_for_quiet(15)
    line.say(say(GOODBYE))

    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")


def test_a_hang_up_during_a_cut_of_the_event_socket_is_found_out(product, relay, telephone):
    callee = telephone("hangs_up", pause=3000)
    call_id = place(product)
    callee.lines.wait(15).wait_for_voice(10)
    relay.cut()
    callee.wait_for("S", "BYE")
    gevent.sleep(0.5)
    relay.mend()

    call = product.wait_over(call_id)

    if os.environ.get(CDR):
        assert outcome(call) == ("completed", "completed", "callee_hung_up")
        assert abs(call["duration"] * 60 - 3.0) < 0.7
    else:
        assert call["end_reason"] in ("channel_lost", "stream_lost"), outcome(call)
        assert 3.0 <= call["duration"] * 60 < 12.0


@pytest.mark.skipif(
    not (os.environ.get(KILL) and os.environ.get(START)), reason=f"set {KILL} and {START}"
)
def test_a_switch_that_is_killed_and_started_again(product, relay, telephone):
    callee = telephone("answers")
    call_id = place(product)
    callee.lines.wait(15).wait_for_voice(10)
    product.wait_until(call_id, talking)
    run_command(KILL)
    run_command(START)
    call = product.wait_over(call_id)

    assert call["status"] == "failed", outcome(call)
    assert call["end_reason"] in ("channel_lost", "stream_lost")
    callee.close()
    again = telephone("answers")
    following = place(product)
    again.lines.wait(30).wait_for_voice(10)
    product.request("POST", f"/v1/calls/{following}/stop")
    product.wait_over(following)


def test_stopping_the_product_ends_its_calls(home, telephone):
    relay = Relay(switch_address())
    product = LiveProduct(home / "short", switch_address(), relay.port).start()
    callee = telephone("answers")
    call_id = place(product)
    callee.lines.wait(15).wait_for_voice(10)
    product.wait_until(call_id, talking)
    product.process.send_signal(signal.SIGTERM)

    callee.wait_for("R", "BYE", 15)
    assert product.stop() == 0
    moved = [line for line in product.logs().splitlines() if "Call moved" in line]
    assert '"after": "failed"' in moved[-1]
    relay.close()

"""The whole switch is down, dies, freezes, is cut off or talks nonsense, with calls up."""

import os
import signal

import pytest
from fault_scenarios import DONE, LEAVES, LONG, LOST, RINGS, SHORT
from faulty_product import outcome

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


def talking(call):
    return call["call_status"] == "in-progress"


def connected(faulty):
    return faulty.switch_state()["connections"] == 2


def test_calls_survive_an_event_socket_that_is_cut(faulty, place):
    leaves = place(LEAVES)
    calls = [place(LONG) for _ in range(4)]
    for call_id in (leaves, *calls):
        faulty.wait_until(call_id, talking)
    faulty.inject({"cut_event_socket": {"at": 0, "seconds": 3}})
    faulty.wait_for(lambda: not connected(faulty), faulty.switch_state)
    faulty.wait_for(lambda: connected(faulty), faulty.switch_state)
    assert all(talking(faulty.details(call_id)) for call_id in calls)
    assert [outcome(faulty.wait_over(call_id)) for call_id in calls] == [DONE] * 4
    left = faulty.wait_over(leaves)
    assert outcome(left) == DONE
    assert left["ended_by"] == "callee"
    assert 2.5 <= left["actual_duration_billed"] * 60 <= 4


def test_a_frozen_switch_is_waited_for(faulty, place):
    stopped = place(LONG)
    faulty.wait_until(stopped, talking)
    faulty.inject({"freeze_event_socket": {"at": 0, "seconds": 5.5}})
    assert faulty.request("POST", f"/v1/calls/{stopped}/stop").status == 200
    dialled = place(SHORT)
    assert outcome(faulty.wait_over(stopped)) == ("cancelled", "cancelled", "stopped")
    assert outcome(faulty.wait_over(dialled)) == DONE


def test_a_switch_that_dies_takes_its_calls_along_and_gets_new_ones(faulty, place):
    dies = place(LONG)
    faulty.wait_until(dies, talking)
    faulty.inject({"crash_switch": {"at": 0, "seconds": 2}})
    waits = place(SHORT)
    assert faulty.details(waits)["status"] == "queued"
    lost = faulty.wait_over(dies)
    assert outcome(lost) == LOST
    assert lost["ended_by"] == "gateway"
    assert lost["actual_duration_billed"] * 60 <= 3
    assert outcome(faulty.wait_over(waits)) == DONE


def test_a_controller_may_start_before_its_switch(faulty, place):
    faulty.inject({"crash_switch": {"at": 0, "seconds": 4}})
    old = faulty.pid_of("controller")
    os.kill(old, signal.SIGKILL)
    faulty.wait_for(lambda: faulty.pid_of("controller") not in (None, old), faulty.logs)
    assert not faulty.switch_state()["running"]
    assert outcome(faulty.wait_over(place(SHORT))) == DONE


def test_bytes_that_come_one_by_one_make_the_same_call(faulty, place):
    faulty.inject({"split_event_socket": {"at": 0, "seconds": 4}})
    assert outcome(faulty.wait_over(place(SHORT))) == DONE


def test_a_dial_that_the_switch_refuses_says_so(faulty, place):
    faulty.inject({"refuse_command": {"command": "originate", "reply": "-ERR GATEWAY_DOWN"}})
    call = faulty.wait_over(place(SHORT))
    assert outcome(call) == ("failed", "failed", "dial_failed")
    assert call["actual_duration_billed"] == 0


def test_a_refused_key_is_told_before_anybody_picks_up(faulty, place):
    faulty.inject({"refuse_model": {"status": 401}})
    call = faulty.wait_over(place(RINGS))
    assert outcome(call) == ("failed", "failed", "provider_failed")
    assert "invalid_api_key" in call["error_message"]
    assert call["actual_duration_billed"] == 0


def test_an_ai_that_is_too_busy_once_is_asked_again(faulty, place):
    faulty.inject({"refuse_model": {"status": 429}})
    assert outcome(faulty.wait_over(place(RINGS))) == DONE

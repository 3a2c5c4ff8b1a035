"""The whole switch is down, dies, freezes, is cut off or talks nonsense, with calls up."""

import os
import signal

import pytest
from fault_scenarios import DONE, LONG, LOST, RINGS, SHORT, STAYS
from faulty_product import outcome

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
STOPPED = ("cancelled", "cancelled", "stopped")
FREEZE_SECONDS = 25
"""Longer than a watchdog waits: 5 s for a command, and 5 s more."""


def talking(call):
    return call["call_status"] == "in-progress"


def node_is_up(faulty):
    """As the API tells."""
    return [node["status"] for node in faulty.get("/v1/status")["nodes"]] == ["up"]


def connected(faulty):
    return faulty.switch_state()["connections"] == 2


def talks(faulty, calls):
    """Wait until all of them do."""
    for call_id in calls:
        faulty.wait_until(call_id, talking)


def hang_up(faulty, calls):
    """As their user; the outcomes."""
    for call_id in calls:
        assert faulty.request("POST", f"/v1/calls/{call_id}/stop").status == 200
    return {outcome(faulty.wait_over(call_id)) for call_id in calls}


def adopted(faulty, call_id):
    return bool(
        faulty.rows("select 1 from call_event where call_id = ? and kind = 'Adopted'", call_id)
    )


def test_twenty_calls_survive_an_event_socket_that_is_cut_for_ten_seconds(faulty, place):
    calls = [place(STAYS) for _ in range(20)]
    talks(faulty, calls)
    leaves = place(LONG)
    talks(faulty, [leaves])
    faulty.inject({"cut_event_socket": {"at": 0, "seconds": 10}})
    faulty.wait_for(lambda: not connected(faulty), faulty.switch_state)
    faulty.wait_for(lambda: len(faulty.switch_state()["calls"]) == 20, faulty.switch_state)
    assert not connected(faulty)
    faulty.wait_for(lambda: connected(faulty), faulty.switch_state)
    left = faulty.wait_over(leaves)
    assert outcome(left) == DONE
    assert left["ended_by"] == "callee"
    assert 6.5 <= left["actual_duration_billed"] * 60 <= 9
    assert all(talking(faulty.details(call_id)) for call_id in calls)
    assert hang_up(faulty, calls) == {STOPPED}


def test_a_frozen_switch_is_waited_for(faulty, place):
    stopped = place(LONG)
    faulty.wait_until(stopped, talking)
    faulty.inject({"freeze_event_socket": {"at": 0, "seconds": 5.5}})
    assert faulty.request("POST", f"/v1/calls/{stopped}/stop").status == 200
    dialled = place(SHORT)
    assert outcome(faulty.wait_over(stopped)) == ("cancelled", "cancelled", "stopped")
    assert outcome(faulty.wait_over(dialled)) == DONE


def test_calls_go_on_after_a_freeze_that_the_watchdog_has_noticed(faulty, place):
    calls = [place(STAYS) for _ in range(2)]
    talks(faulty, calls)
    faulty.inject({"freeze_event_socket": {"at": 0, "seconds": FREEZE_SECONDS}})
    faulty.wait_for(lambda: not node_is_up(faulty), faulty.logs)
    assert all(talking(faulty.details(call_id)) for call_id in calls)
    faulty.wait_for(lambda: node_is_up(faulty), faulty.logs)
    assert all(talking(faulty.details(call_id)) for call_id in calls)
    assert not any(adopted(faulty, call_id) for call_id in calls)
    assert hang_up(faulty, calls) == {STOPPED}


def test_a_controller_that_starts_while_the_switch_is_frozen_takes_the_calls_up(faulty, place):
    calls = [place(STAYS) for _ in range(2)]
    talks(faulty, calls)
    faulty.inject({"freeze_event_socket": {"at": 0, "seconds": FREEZE_SECONDS}})
    faulty.wait_for(lambda: not node_is_up(faulty), faulty.logs)
    old = faulty.pid_of("controller")
    os.kill(old, signal.SIGKILL)
    faulty.wait_for(lambda: faulty.pid_of("controller") not in (None, old), faulty.logs)
    waits = place(SHORT)
    assert all(talking(faulty.details(call_id)) for call_id in calls)
    assert not any(adopted(faulty, call_id) for call_id in calls)
    faulty.wait_for(lambda: all(adopted(faulty, call_id) for call_id in calls), faulty.logs)
    assert all(talking(faulty.details(call_id)) for call_id in calls)
    assert outcome(faulty.wait_over(waits)) == DONE
    assert hang_up(faulty, calls) == {STOPPED}


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

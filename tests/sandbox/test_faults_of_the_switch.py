"""The whole switch is down, dies, freezes, is cut off or talks nonsense, with calls up."""

import os
import signal

import pytest
from faulty_product import FaultyProduct, outcome

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

SHORT, LONG, RINGS, LEAVES = (f"+1202555015{last}" for last in range(4))
SCENARIOS = {
    SHORT: "callee: [{ring: 0.2}, answer, {wait: 1}, hang_up]\n",
    LEAVES: "callee: [{ring: 0.2}, answer, {wait: 2.5}, hang_up]\n",
    LONG: "callee: [{ring: 0.2}, answer, {wait: 6}, hang_up]\n",
    RINGS: "callee: [{ring: 2}, answer, {wait: 1.5}, hang_up]\n",
}
DONE = ("completed", "completed", "callee_hung_up")
LOST = ("failed", "failed", "channel_lost")


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    product = FaultyProduct(tmp_path_factory.mktemp("faults_of_the_switch"))
    product.start_with(SCENARIOS)
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="module")
def before(product):
    """What the controller has open when it has nothing to do."""
    product.wait_over(product.place("+12025550106"))
    return product.open_files()


@pytest.fixture
def place(product, before):
    """Place a call; after the test it has ended once, and nothing is left."""
    placed = []

    def place(number):
        placed.append(product.place(number))
        return placed[-1]

    yield place
    product.assert_settled(placed, before)


def talking(call):
    return call["call_status"] == "in-progress"


def connected(product):
    return product.switch_state()["connections"] == 2


def test_calls_survive_an_event_socket_that_is_cut(product, place):
    leaves = place(LEAVES)
    calls = [place(LONG) for _ in range(4)]
    for call_id in (leaves, *calls):
        product.wait_until(call_id, talking)
    product.inject({"cut_event_socket": {"at": 0, "seconds": 3}})
    product.wait_for(lambda: not connected(product), product.switch_state)
    product.wait_for(lambda: connected(product), product.switch_state)
    assert all(talking(product.details(call_id)) for call_id in calls)
    assert [outcome(product.wait_over(call_id)) for call_id in calls] == [DONE] * 4
    assert outcome(product.wait_over(leaves)) == LOST


def test_a_frozen_switch_is_waited_for(product, place):
    stopped = place(LONG)
    product.wait_until(stopped, talking)
    product.inject({"freeze_event_socket": {"at": 0, "seconds": 5.5}})
    assert product.request("POST", f"/v1/calls/{stopped}/stop").status == 200
    dialled = place(SHORT)
    assert outcome(product.wait_over(stopped)) == ("cancelled", "cancelled", "stopped")
    assert outcome(product.wait_over(dialled)) == DONE


def test_a_switch_that_dies_takes_its_calls_along_and_gets_new_ones(product, place):
    dies = place(LONG)
    product.wait_until(dies, talking)
    product.inject({"crash_switch": {"at": 0, "seconds": 2}})
    waits = place(SHORT)
    assert product.details(waits)["status"] == "queued"
    assert outcome(product.wait_over(dies)) == LOST
    assert outcome(product.wait_over(waits)) == DONE


def test_a_controller_may_start_before_its_switch(product, place):
    product.inject({"crash_switch": {"at": 0, "seconds": 4}})
    old = product.pid_of("controller")
    os.kill(old, signal.SIGKILL)
    product.wait_for(lambda: product.pid_of("controller") not in (None, old), product.logs)
    assert not product.switch_state()["running"]
    assert outcome(product.wait_over(place(SHORT))) == DONE


def test_bytes_that_come_one_by_one_make_the_same_call(product, place):
    product.inject({"split_event_socket": {"at": 0, "seconds": 4}})
    assert outcome(product.wait_over(place(SHORT))) == DONE


def test_a_dial_that_the_switch_refuses_says_so(product, place):
    product.inject({"refuse_command": {"command": "originate", "reply": "-ERR GATEWAY_DOWN"}})
    call = product.wait_over(place(SHORT))
    assert outcome(call) == ("failed", "failed", "dial_failed")
    assert call["actual_duration_billed"] == 0


def test_a_refused_key_is_told_before_anybody_picks_up(product, place):
    product.inject({"refuse_model": {"status": 401}})
    call = product.wait_over(place(RINGS))
    assert outcome(call) == ("failed", "failed", "provider_failed")
    assert "invalid_api_key" in call["error_message"]
    assert call["actual_duration_billed"] == 0


def test_an_ai_that_is_too_busy_once_is_asked_again(product, place):
    product.inject({"refuse_model": {"status": 429}})
    assert outcome(product.wait_over(place(RINGS))) == DONE

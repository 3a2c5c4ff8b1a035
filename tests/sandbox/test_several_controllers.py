"""Two controllers on one switch and one database: each call is one's, and one's death the other's
work; a drain is asked for from a third process."""

import pytest
from crash_rig import LONG, QUICK, CrashRig

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
EACH = 3
FREEZE_SECONDS = 45
"""Longer than audio that was asked for in vain is waited for."""


@pytest.fixture
def product(tmp_path):
    made = CrashRig(tmp_path, TOPCALLS_MAX_CALLS=str(EACH)).start_supervised()
    yield made
    made.stop_all()


def controllers(product):
    return {row["id"]: row["draining"] for row in product.rows("select * from controller")}


def owners(product, calls):
    return {call_id: product.owner_of(call_id) for call_id in calls}


def test_both_take_calls_and_one_carries_on_what_the_other_leaves(product):
    (first,) = controllers(product)
    second = product.spawn("controller", title="second", wait=False)
    name = product.wait_ready("second")["owner"]
    calls = [product.place(LONG) for _ in range(2 * EACH)]
    for call_id in calls:
        product.wait_until(call_id, lambda call: call["call_status"] == "in-progress")
    held = owners(product, calls)
    assert sorted(held.values()) == sorted([first] * EACH + [name] * EACH)

    second.kill()
    second.wait(10)
    product.wait_for(lambda: set(owners(product, calls).values()) == {first}, "taking over")
    for call_id, owner in held.items():
        assert product.adopted(call_id) == (owner == name)
        assert product.details(call_id)["call_status"] == "in-progress"
        assert product.request("POST", f"/v1/calls/{call_id}/stop").status == 200
        assert product.wait_over(call_id)["end_reason"] == "stopped"
    for call_id in calls:
        product.wait_for(lambda call_id=call_id: not product.has_channel(call_id), "hang-up")
        assert product.originates(call_id) == 1
    product.wait_for(lambda: set(controllers(product)) == {first}, "forgetting of the dead")


def test_a_controller_is_drained_and_takes_calls_again(product):
    (owner,) = controllers(product)
    talking = product.place(LONG)
    product.wait_until(talking, lambda call: call["call_status"] == "in-progress")
    assert owner in product.cli("drain")
    product.wait_for(lambda: controllers(product)[owner], "drain")
    waiting = product.place(QUICK)
    assert product.cli("drain", "--wait", "1", check=False).returncode == 1
    assert product.details(talking)["call_status"] == "in-progress"
    product.request("POST", f"/v1/calls/{talking}/stop")
    assert "no calls are left" in product.cli("drain", "--owner", owner, "--wait", "20")
    assert product.details(waiting)["status"] == "queued"
    product.cli("drain", "--resume")
    assert product.wait_over(waiting)["status"] == "completed"


def test_there_is_nobody_of_that_name_to_drain(product):
    refused = product.cli("drain", "--owner", "nobody", check=False)
    assert refused.returncode == 1
    assert "nobody" in refused.stderr


def test_who_dies_while_the_switch_is_frozen_is_succeeded_when_it_thaws(product):
    """Nobody knows for some seconds that the switch does not answer."""
    (first,) = controllers(product)
    second = product.spawn("controller", title="second", wait=False)
    product.wait_ready("second")
    calls = [product.place(LONG) for _ in range(2 * EACH)]
    for call_id in calls:
        product.wait_until(call_id, lambda call: call["call_status"] == "in-progress")
    left = [call_id for call_id, owner in owners(product, calls).items() if owner != first]
    assert len(left) == EACH
    product.inject({"freeze_event_socket": {"at": 0, "seconds": FREEZE_SECONDS}})
    second.kill()
    second.wait(10)
    product.wait_for(lambda: all(map(product.adopted, left)), "taking over", 70)
    for call_id in calls:
        assert product.details(call_id)["call_status"] == "in-progress"
        assert product.request("POST", f"/v1/calls/{call_id}/stop").status == 200
        assert product.wait_over(call_id)["end_reason"] == "stopped"
        product.wait_for(lambda call_id=call_id: not product.has_channel(call_id), "hang-up")
        assert product.originates(call_id) == 1

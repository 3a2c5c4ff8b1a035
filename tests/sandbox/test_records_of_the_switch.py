"""Calls that end while no controller lives: what the switch wrote of them is told and billed."""

import math

import pytest
from crash_rig import RING_SECONDS, CrashRig

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
LEAVES, STAYS, REFUSES, PICKS_UP = (f"+1202555018{last}" for last in range(4))
SCENARIOS = {
    LEAVES: ["ring: 0.2", "answer", "wait: 3", "hang_up"],
    STAYS: ["ring: 0.2", "answer", "wait: 12", "hang_up"],
    REFUSES: ["ring: 2.5", "busy"],
    PICKS_UP: ["ring: 2.5", "answer", "wait: 1", "hang_up"],
}


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    made = CrashRig(tmp_path_factory.mktemp("records"), SCENARIOS).start_alone()
    yield made
    made.stop_all()


@pytest.fixture(scope="module")
def calls(rig):
    """All of them are up or ring when their controller is killed; the next one comes when they are
    over."""
    placed = {number: rig.place(number, ring_timeout_seconds=RING_SECONDS) for number in SCENARIOS}
    for number in (LEAVES, STAYS):
        rig.wait_until(placed[number], lambda call: call["call_status"] == "in-progress")
    for number in (REFUSES, PICKS_UP):
        rig.wait_until(placed[number], lambda call: call["status"] == "in_progress")
    rig.kill_alone("controller")
    assert all(rig.has_channel(call_id) for call_id in placed.values())
    for call_id in placed.values():
        rig.wait_for(lambda call_id=call_id: not rig.has_channel(call_id), "end of the channel")
    rig.spawn("controller")
    return {number: rig.wait_over(call_id) for number, call_id in placed.items()}


@pytest.mark.parametrize(
    ("number", "end"),
    [
        (LEAVES, ("completed", "completed", "callee_hung_up", "callee")),
        (STAYS, ("failed", "failed", "controller_lost", "gateway")),
        (REFUSES, ("failed", "busy", "busy", "callee")),
        (PICKS_UP, ("failed", "failed", "controller_lost", "gateway")),
    ],
)
def test_it_is_told_as_it_was(rig, calls, number, end):
    call = calls[number]
    assert (call["status"], call["call_status"], call["end_reason"], call["ended_by"]) == end
    assert rig.originates(call["id"]) == 1


def billed(call):
    return round(call["actual_duration_billed"] * 60)


def test_it_is_billed_as_long_as_it_was(rig, calls):
    seconds = math.ceil(rig.talks()[calls[LEAVES]["id"]])
    assert billed(calls[LEAVES]) in (seconds - 1, seconds, seconds + 1)
    assert billed(calls[REFUSES]) == 0


def test_nobody_is_billed_for_having_talked_to_nobody(rig, calls):
    assert 0 <= billed(calls[STAYS]) < rig.talks()[calls[STAYS]["id"]] - 1
    assert rig.talks()[calls[PICKS_UP]["id"]] > 0
    assert billed(calls[PICKS_UP]) == 0


def test_nothing_is_left_of_them(rig, calls):
    assert list((rig.directory / "var" / "sandbox" / "cdr").iterdir()) == []
    for call in calls.values():
        last = "call.completed" if call["status"] == "completed" else "call.failed"
        assert rig.wait_webhook(call["id"], last)

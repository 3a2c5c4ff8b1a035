"""What a controller does about calls and channels that a dead one left."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from controller_rig import ANSWERS, LISTENS, RINGS, WAIT, Rig, killed

from topcalls.controller import assembly, leg_leases, reconciler, succession, telephony
from topcalls.controller.hand_over import HandOverRules
from topcalls.core.call_state import State
from topcalls.esl import commands
from topcalls.ids import new_id
from topcalls.presence import Presence
from topcalls.sandbox.faults import Freeze
from topcalls.store.models import Call

pytestmark = pytest.mark.service
DEAD = "node-1.9.deadbeef"


@pytest.fixture
def rig(db, tmp_path):
    made = Rig(db, tmp_path)
    yield made
    made.close()


def originates(rig):
    return [item for item in rig.switch.received if item.line.startswith("bgapi originate")]


def heir(rig):
    """A controller that looks for what others left."""
    made = rig.controller()
    made._reconcile()
    return made


def dead_dial(rig, seconds_ago):
    """A call whose dial was committed by a controller that died before it could send it."""
    call_id = rig.place(ANSWERS)
    now = datetime.now(UTC)
    presence = Presence(rig.directory / "controllers", DEAD)
    presence.enter()
    (call,) = rig.services.dispatch.claim(DEAD, "node-1", 1, now)
    dialled_at = now - timedelta(seconds=seconds_ago)
    rig.services.calls.intend_dial(call_id, call.version, call.channel_uuid, dialled_at)
    os.close(presence._lock)
    return call_id


def reserved(rig):
    return rig.services.quotas.balance(rig.account.account_id).minutes_reserved


# --- legs without anybody


@pytest.fixture
def short_leases(monkeypatch):
    """A leg stays for three seconds without a word of its controller."""
    monkeypatch.setattr(assembly, "lease_seconds", lambda adopt_seconds: 3)
    monkeypatch.setattr(leg_leases, "RENEW_SECONDS", 0.5)
    monkeypatch.setattr(telephony, "HEARTBEAT_SECONDS", 0.25)


def test_no_leg_outlives_its_lease(rig, short_leases):
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    began = controller._clock.monotonic()
    rig.wait_until(lambda: controller._clock.monotonic() > began + 4, "more than one lease")
    assert rig.switch.switch.calls
    killed(controller)
    rig.wait_until(lambda: not rig.switch.switch.calls, "the end of the leg")
    heir(rig)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("failed", "channel_lost")


def test_a_phone_that_is_answered_when_nobody_is_left_is_not_left_alone(rig, short_leases):
    controller = rig.controller()
    call_id = rig.place(RINGS)

    def rings():
        live = controller.sessions.of_call(call_id)
        return live and live.session.facts.state is State.RINGING

    rig.wait_until(rings, "ringing")
    killed(controller)
    (phone,) = rig.switch.switch.calls.values()
    phone.answer()
    rig.wait_until(lambda: not rig.switch.switch.calls, "the end of the leg")


# --- calls


def test_who_has_waited_for_too_long_is_hung_up(rig):
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    killed(controller)
    rig.controller(hand_over=HandOverRules(adopt_seconds=0.0))._reconcile()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("failed", "controller_lost")
    rig.wait_until(lambda: not rig.switch.switch.calls, "the hang-up")
    assert len(originates(rig)) == 1
    assert reserved(rig) == 0


def test_calls_stay_where_they_are_while_the_switch_does_not_answer(rig, monkeypatch):
    """Taken over all the same, they would be given up: no audio comes, whoever asks for it."""
    monkeypatch.setattr(succession, "ANSWER_SECONDS", 0.2)
    first = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    second = rig.controller()
    rig.wait_until(lambda: second._gear.switch.is_up, "the switch")
    rig.switch.inject(Freeze(seconds=60))
    killed(first)
    assert second._succession.settle_dead() == 0
    assert second._succession.settle_silent() == 0
    assert owner_of(rig, call_id) == first.owner
    rig.switch._thawed.set()
    rig.wait_until(lambda: owner_of(rig, call_id) == second.owner, "the taking over")
    rig.wait_status(call_id, "in-progress")
    (phone,) = rig.switch.switch.calls.values()
    assert phone.channel.variables["tc_owner"] == second.owner


def owner_of(rig, call_id):
    return rig.services.db.read(lambda: Call.get_by_id(call_id).lease_owner)


def test_an_end_that_was_decided_is_carried_out(rig):
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    controller.sessions.of_call(call_id).effects._kill = lambda: None
    rig.services.calls.stop(rig.account.account_id, call_id)
    rig.wait_until(lambda: stored_state(rig, call_id) == "ending", "the stop")
    killed(controller)
    heir(rig)
    call = rig.wait_over(call_id)
    assert (call.status, call.end_reason) == ("cancelled", "stopped")
    rig.wait_until(lambda: not rig.switch.switch.calls, "the hang-up")


def stored_state(rig, call_id):
    return rig.services.db.read(lambda: Call.get_by_id(call_id).state)


def test_a_dial_that_was_never_sent_is_lost_when_no_phone_can_ring_any_more(rig):
    call_id = dead_dial(rig, 3600)
    heir(rig)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("failed", "channel_lost")
    assert originates(rig) == []
    assert reserved(rig) == 0


def test_until_then_its_phone_may_still_be_answered_and_is_talked_to(rig):
    call_id = dead_dial(rig, 0)
    controller = heir(rig)
    live = controller.sessions.of_call(call_id)
    controller.reconciler.compare()
    assert live.session.facts.state.value == "dispatching"
    gear, call = controller._gear, claimed(rig, controller, call_id)
    dial = gear.dial(call, gear.routes(call)[0], call.channel_uuid)
    late = commands.originate(dial).replace(controller.owner, DEAD)
    controller._gear.switch.bgapi(late, timeout=WAIT)
    rig.wait_until(lambda: rig.switch.switch.calls, "the late dial")
    rig.wait_status(call_id, "in-progress")
    assert len(originates(rig)) == 1


def claimed(rig, controller, call_id):
    (call,) = rig.services.calls.live(controller.owner)
    assert call.call_id == call_id
    return call


def test_a_controller_of_another_node_is_not_buried_here(rig):
    presence = Presence(rig.directory / "controllers", "node-2.9.deadbeef")
    presence.enter()
    os.close(presence._lock)
    controller = heir(rig)
    assert controller._presence.dead() == ["node-2.9.deadbeef"]


# --- channels


def test_a_channel_of_a_call_that_is_over_is_hung_up(rig, monkeypatch):
    controller = rig.controller()
    call_id = rig.place(LISTENS)
    rig.wait_over(call_id)
    dial = commands.Dial(
        new_id(), call_id, DEAD, "node-1", "sandbox", ANSWERS, caller_id_number="+12025550199"
    )
    foreign = commands.originate_to("sofia/gateway/sandbox/" + ANSWERS, {}, channel_uuid=new_id())
    for command in (commands.originate(dial), foreign):
        controller._gear.switch.bgapi(command, timeout=WAIT)
    rig.wait_until(lambda: len(rig.switch.switch.calls) == 2, "the channels")
    controller.reconciler.compare()
    controller.reconciler.compare()
    rig.wait_until(lambda: dial.channel_uuid not in rig.switch.switch.calls, "the hang-up")
    assert len(rig.switch.switch.calls) == 1


def test_a_channel_that_is_gone_is_asked_for_before_its_call_is_given_up(rig, monkeypatch):
    monkeypatch.setattr(reconciler, "GRACE_SECONDS", 0.0)
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    monkeypatch.setattr(controller.reconciler, "_channels", dict)
    assert controller.reconciler.compare() == 0
    assert rig.view(call_id).call_status == "in-progress"


# --- drain


def test_a_draining_controller_takes_no_calls_until_it_is_resumed(rig):
    controller = rig.controller()
    now = datetime.now(UTC)
    assert rig.services.nodes.drain(now, node="node-1") == [controller.owner]
    controller._beat()
    assert controller.is_draining
    (view,) = rig.services.nodes.alive(now)
    assert view.draining
    call_id = rig.place(LISTENS)
    assert controller._dispatcher.tick() == 0
    assert rig.view(call_id).status == "queued"
    rig.services.nodes.drain(now, node="node-1", asked=False)
    controller._beat()
    assert rig.wait_over(call_id).call_status == "completed"

"""A carrier refuses, another one tries: through the database, the controller and the double."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from controller_rig import ANSWERS, HANGS_UP, RINGS
from test_controller_gateways import TrunkRig

from topcalls.core.routing import Attempt, Decision, Route, Then
from topcalls.errors import Conflict, InvalidRequest
from topcalls.presence import Presence
from topcalls.sandbox import faults
from topcalls.sandbox.scenario import parse_scenario
from topcalls.services.call_views import HangupView
from topcalls.services.routing import Outcome

pytestmark = pytest.mark.service
DEAD = "node-1.9.deadbeef"
RINGS_AND_FAILS = "+12025550160"


@pytest.fixture
def rig(db, tmp_path):
    made = TrunkRig(db, tmp_path)
    yield made
    made.close()


def trunks(rig, *hosts):
    """Carriers in this order, on the switch; their ids."""
    rig.controller()
    made = [rig.add(host, priority=at) for at, host in enumerate(hosts)]
    for carrier in made:
        rig.wait_until(lambda one=carrier: rig.status(one).state == "up", "the gateway")
    return made


def dials(rig, call_id):
    """What the API shows as `routing`."""
    return rig.services.call_trail.routing(rig.account.account_id, call_id)


def told(rig, call_id):
    return [(dial.carrier_id, dial.sip_status, dial.then) for dial in dials(rig, call_id)]


def originates(rig):
    return [item for item in rig.switch.received if item.line.startswith("bgapi originate")]


def test_the_first_carrier_is_enough(rig):
    first, _ = trunks(rig, "a.carrier.test", "b.carrier.test")
    call_id = rig.place(HANGS_UP)
    assert rig.wait_over(call_id).call_status == "completed"
    assert told(rig, call_id) == [(first, None, None)]


def test_a_carrier_that_refuses_is_followed_by_the_next(rig):
    first, second = trunks(rig, "503.carrier.test", "b.carrier.test")
    call_id = rig.place(HANGS_UP)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("completed", "callee_hung_up")
    assert told(rig, call_id) == [(first, 503, Then.NEXT), (second, None, None)]
    one, other = dials(rig, call_id)
    assert one.channel_id != other.channel_id == call.external_call_id
    assert one.why
    assert one.ended_at is not None
    assert len(originates(rig)) == 2


def test_the_conversation_is_held_on_the_second_channel(rig):
    trunks(rig, "503.carrier.test", "b.carrier.test")
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    rig.wait_until(lambda: rig.view(call_id).transcript, "the first words")
    rig.services.calls.stop(rig.account.account_id, call_id)
    assert rig.wait_over(call_id).call_status == "cancelled"


def test_when_all_refuse_the_last_one_is_the_end(rig):
    carriers = trunks(rig, "503.carrier.test", "403.carrier.test", "unreachable.carrier.test")
    call_id = rig.place(ANSWERS)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.ended_by) == ("failed", "carrier")
    assert (call.hangup.sip_status, call.hangup.by) == (None, "network")
    assert told(rig, call_id) == [
        (carriers[0], 503, Then.NEXT),
        (carriers[1], 403, Then.NEXT),
        (carriers[2], None, Then.STOP),
    ]
    assert "no other carrier" in dials(rig, call_id)[-1].why


def test_a_carrier_that_says_nothing_is_not_taken_for_a_person_who_does_not_answer(rig):
    """Nobody rings before it says something: the next carrier tries, however short a call rings."""
    first, second = trunks(rig, "silent.carrier.test", "b.carrier.test")
    call_id = rig.place(HANGS_UP, ring_timeout_seconds=5)
    assert rig.wait_over(call_id).call_status == "completed"
    assert told(rig, call_id) == [(first, None, Then.NEXT), (second, None, None)]
    assert dials(rig, call_id)[0].rang_seconds == 0


@pytest.mark.parametrize("status", [401, 407])
def test_wrong_credentials_are_a_matter_of_configuration(rig, status):
    carrier, _ = trunks(rig, f"{status}.carrier.test", f"{status}.other.test")
    call_id = rig.place(ANSWERS)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.ended_by) == ("failed", "configuration")
    assert "credentials" in call.error_message
    assert told(rig, call_id)[0] == (carrier, 401, Then.NEXT)


def test_who_is_busy_is_not_called_by_another_carrier(rig):
    trunks(rig, "486.carrier.test", "b.carrier.test")
    call_id = rig.place(ANSWERS)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.ended_by) == ("busy", "callee")
    assert call.hangup == HangupView("USER_BUSY", 486, 17, "far_end")
    assert [then for *_, then in told(rig, call_id)] == [Then.STOP]
    assert len(originates(rig)) == 1


def test_a_phone_that_rang_is_never_rung_by_another_carrier(rig):
    rig.options["politeness_seconds"] = 0.3
    rings(rig, 0.4)
    trunks(rig, "a.carrier.test", "b.carrier.test")
    call_id = rig.place(RINGS_AND_FAILS)
    assert rig.wait_over(call_id).call_status == "failed"
    (dial,) = dials(rig, call_id)
    assert (dial.then, dial.sip_status) == (Then.STOP, 503)
    assert dial.rang_seconds >= 0.3
    assert "rung twice" in dial.why


def test_who_picked_up_is_not_called_by_another_carrier(rig):
    answers_without_codec(rig)
    trunks(rig, "a.carrier.test", "b.carrier.test")
    call_id = rig.place(RINGS_AND_FAILS)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason, call.ended_by) == (
        "failed",
        "dial_failed",
        "carrier",
    )
    assert call.hangup == HangupView("INCOMPATIBLE_DESTINATION", 200, 88, "gateway")
    assert call.error_message.startswith("Somebody picked up")
    (dial,) = dials(rig, call_id)
    assert (dial.then, dial.sip_status) == (Then.STOP, 200)


def test_ringing_by_several_carriers_counts_together(rig):
    rig.options["politeness_seconds"] = 0.5
    rings(rig, 0.3)
    trunks(rig, "a.carrier.test", "b.carrier.test", "c.carrier.test")
    call_id = rig.place(RINGS_AND_FAILS)
    assert rig.wait_over(call_id).call_status == "failed"
    assert [dial.then for dial in dials(rig, call_id)] == [Then.NEXT, Then.STOP]


def rings(rig, seconds):
    """A phone that rings for so long, whereupon the carrier fails."""
    callee(rig, f"- ring: {seconds}\n- fail: NORMAL_TEMPORARY_FAILURE")


def answers_without_codec(rig):
    callee(rig, "- ring: 0.1\n- no_codec")


def callee(rig, text):
    scenario = parse_scenario(
        f'name: "fails"\nnumber: "{RINGS_AND_FAILS}"\ndescription: d\ncallee:\n{text}'
    )
    rig.switch.switch._plan._by_number[RINGS_AND_FAILS[1:]] = scenario


def test_the_carrier_asked_for_and_no_other(rig):
    _, second = trunks(rig, "a.carrier.test", "503.carrier.test")
    call_id = rig.place(ANSWERS, carrier_id=second)
    assert rig.wait_over(call_id).call_status == "failed"
    assert told(rig, call_id) == [(second, 503, Then.STOP)]


def test_a_carrier_that_nobody_has_is_refused(rig):
    with pytest.raises(InvalidRequest) as caught:
        rig.place(ANSWERS, carrier_id="nobody")
    assert caught.value.errors[0].path == "carrier_id"


def test_the_caller_ids_carrier_comes_first(rig):
    first, second = trunks(rig, "a.carrier.test", "b.carrier.test")
    number = {"number": "+12025550123", "voip_carrier_sid": second}
    rig.services.phone_numbers.add(rig.account.account_id, number)
    call_id = rig.place(HANGS_UP, from_number="+12025550123")
    rig.wait_over(call_id)
    assert told(rig, call_id)[0][0] == second != first


def test_the_number_is_dialled_as_the_carrier_wants_it(rig):
    rig.controller()
    body = {"number_format": "national", "number_prefix": "9"}
    carrier = rig.add("a.carrier.test", **body)
    rig.wait_until(lambda: rig.status(carrier).state == "up")
    call_id = rig.place(HANGS_UP)
    rig.wait_until(lambda: originates(rig), "the dial")
    rig.services.calls.stop(rig.account.account_id, call_id)
    rig.wait_over(call_id)
    assert f"/tc_{carrier}/9{HANGS_UP[2:]} " in originates(rig)[0].line


def test_without_any_carrier_the_call_says_so(db, tmp_path):
    rig = TrunkRig(db, tmp_path)
    rig.options["gateway"] = ""
    rig.controller()
    call = rig.wait_over(rig.place(ANSWERS))
    assert (call.call_status, call.end_reason) == ("failed", "configuration")
    assert "/v1/phone-numbers/carriers" in call.error_message
    assert originates(rig) == []
    rig.close()


def test_a_stop_between_two_dials_is_heard(rig):
    trunks(rig, "503.carrier.test", "b.carrier.test")
    call_id = rig.place(RINGS)
    rig.wait_until(lambda: len(dials(rig, call_id)) == 2, "the second dial")
    rig.services.calls.stop(rig.account.account_id, call_id)
    assert rig.wait_over(call_id).call_status == "cancelled"
    rig.wait_until(lambda: not rig.switch.switch.calls, "the hang-up")


def test_an_end_that_is_told_twice_makes_no_third_dial(rig):
    trunks(rig, "503.carrier.test", "b.carrier.test", "c.carrier.test")
    rig.switch.inject(faults.DuplicateEvents("CHANNEL_HANGUP_COMPLETE"))
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    assert len(dials(rig, call_id)) == 2
    assert len(rig.switch.switch.calls) == 1


def test_a_controller_that_dies_between_two_dials_leaves_no_second_one(rig):
    first = rig.add("503.carrier.test", priority=1)
    rig.add("b.carrier.test")
    call_id = rig.place(ANSWERS)
    presence = Presence(rig.directory / "controllers", DEAD)
    presence.enter()
    now = datetime.now(UTC)
    (claimed,) = rig.services.dispatch.claim(DEAD, "node-1", 1, now)
    assert [route.carrier_id for route in claimed.routes][0] == first
    attempt = Attempt(1, claimed.routes[0])
    dialled_at = now - timedelta(minutes=5)
    calls = rig.services.calls
    calls.intend_dial(call_id, claimed.version, claimed.channel_uuid, dialled_at, attempt)
    decision = Decision(Then.NEXT, "this carrier has a fault or no free line")
    calls.dial_ended(call_id, 1, Outcome("NORMAL_TEMPORARY_FAILURE", 503, 0, decision), now)
    os.close(presence._lock)
    rig.controller()._reconcile()
    assert rig.wait_over(call_id).end_reason == "channel_lost"
    assert len(dials(rig, call_id)) == 1
    assert originates(rig) == []


# --- what the rows allow


def test_no_second_dial_without_the_decision(rig):
    controller = rig.controller(start=False)
    rig.controllers.remove(controller)
    calls, now = rig.services.calls, rig.services.clock.now()
    call_id = rig.place(ANSWERS)
    (claimed,) = rig.services.dispatch.claim("c", "node-1", 1, now)
    route = Route("x", "X", "tc_x")
    version = calls.intend_dial(
        call_id, claimed.version, claimed.channel_uuid, now, Attempt(1, route)
    )
    for again in (Attempt(2, route), Attempt(1, route), None):
        with pytest.raises(Conflict):
            calls.intend_dial(call_id, version, "another-channel", now, again)

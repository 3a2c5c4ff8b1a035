"""Calls that come in, on whole controllers: a real database, the switch's double, a mute model."""

import inbound_rig
import pytest
from controller_rig import ANSWERS, LISTENS, REFUSED, WAIT, Rig, killed
from gevent.event import Event
from inbound_rig import CALLER, NUMBER

from topcalls.controller import pick_up, reception
from topcalls.core.inbound import Refusal
from topcalls.errors import StoreUnavailable
from topcalls.metrics import inbound_refused
from topcalls.sandbox import faults
from topcalls.sandbox.freeswitch import switch
from topcalls.sandbox.freeswitch.sip import parked_variables

pytestmark = pytest.mark.service


@pytest.fixture
def rig(db, tmp_path):
    made = Rig(db, tmp_path, cdr_dir=tmp_path / "cdr")
    made.agent = inbound_rig.agent(made.services, made.account.account_id)
    inbound_rig.number(made.services, made.account.account_id, made.agent)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(reception, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(pick_up, "READY_SECONDS", 1.0)


def call_in(rig, caller=CALLER, to=NUMBER, **more):
    return rig.switch.call_in(caller, to, **more)


def stored(rig, channel):
    """The call that this channel is, as its account sees it; None before it is stored."""
    found = [
        call
        for call in rig.services.calls.list(rig.account.account_id, 50).data
        if call.external_call_id == channel.uuid
    ]
    assert len(found) <= 1
    return found[0] if found else None


def wait_stored(rig, channel, *statuses):
    def reached():
        view = stored(rig, channel)
        return view if view and {view.status, view.call_status} & set(statuses) else None

    return rig.wait_until(reached, f"{statuses}: {stored(rig, channel)}")


def wait_over(rig, channel):
    return wait_stored(rig, channel, "completed", "failed", "cancelled")


def told(channel):
    """Why the switch ended the call, once it has."""
    assert channel.channel.over.wait(WAIT)
    return channel.channel.cause


# --- the way of a call


def test_a_caller_is_greeted_heard_and_let_go(rig):
    rig.controller()
    caller = call_in(rig, LISTENS, name="Ann")
    call = wait_over(rig, caller)
    assert (call.direction, call.phone_number, call.from_phone_number) == (
        "inbound",
        NUMBER,
        LISTENS,
    )
    assert (call.call_status, call.end_reason, call.ended_by) == (
        "completed",
        "caller_hung_up",
        "caller",
    )
    assert [turn.text for turn in rig.view(call.id).transcript] == [
        "Bright Smile Dental, hello Ann."
    ]
    assert (call.agent_id, call.agent_version) == (rig.agent, 1)
    assert call.request["request_data"]["caller_name"] == "Ann"
    assert call.actual_duration_billed > 0
    told_events = [event.kind for event in rig.services.call_trail.events(*_of(rig, call))]
    assert told_events[:4] == ["Arrived", "Answered", "StreamConnected", "BridgeReady"]


def _of(rig, call):
    return rig.account.account_id, call.id


def test_it_is_answered_only_when_the_agent_can_speak(rig):
    opened = Event()
    rig.controller()
    open_session = rig.model.open
    rig.model.open = lambda *args: (opened.wait(WAIT), open_session(*args))[1]
    pick_up.READY_SECONDS = WAIT
    caller = call_in(rig, ANSWERS)
    rig.wait_until(lambda: caller.channel.phase == "ringing", "the ringing")
    assert not caller.channel.times.answered
    opened.set()
    rig.wait_until(lambda: caller.channel.phase == "active", "the answer")
    assert len(caller.scheduled) == 1  # the switch's own limit of the call, and no other
    wait_stored(rig, caller, "in-progress")


def test_an_agent_that_is_slow_does_not_keep_a_caller_waiting_for_ever(rig):
    rig.controller()
    rig.model.hanging = True
    caller = call_in(rig, ANSWERS)
    rig.wait_until(lambda: caller.channel.phase == "active", "the answer")


def test_without_an_ai_the_caller_is_not_answered(rig):
    rig.controller()
    rig.model.refusing = REFUSED
    pick_up.READY_SECONDS = WAIT
    caller = call_in(rig, ANSWERS)
    assert told(caller) == "NORMAL_TEMPORARY_FAILURE"
    call = wait_over(rig, caller)
    assert (call.call_status, call.end_reason) == ("failed", "provider_failed")
    assert call.actual_duration_billed == 0


def test_a_user_stops_it(rig):
    rig.controller()
    caller = call_in(rig, ANSWERS)
    call = wait_stored(rig, caller, "in-progress")
    rig.services.calls.stop(*_of(rig, call))
    assert told(caller) == "NORMAL_CLEARING"
    assert wait_over(rig, caller).end_reason == "stopped"


# --- who is turned away


@pytest.mark.parametrize(
    ("to", "refusal"), [("+12025550143", Refusal.UNKNOWN_NUMBER), ("201", Refusal.UNKNOWN_NUMBER)]
)
def test_a_number_that_nobody_has_is_refused_and_leaves_no_call(rig, to, refusal):
    rig.controller()
    before = _refused(refusal)
    assert told(call_in(rig, to=to)) == "UNALLOCATED_NUMBER"
    rig.wait_until(lambda: _refused(refusal) == before + 1, "the count")
    assert rig.services.calls.list(rig.account.account_id, 50).data == ()


def _refused(refusal):
    return inbound_refused.labels(refusal)._value.get()


def test_an_account_at_its_limit_is_busy(rig):
    rig.services.accounts.set_limits(
        rig.account.account_id, max_concurrent_calls=1, max_calls_per_minute=10
    )
    rig.controller()
    first = call_in(rig, ANSWERS)
    wait_stored(rig, first, "in-progress")
    second = call_in(rig, ANSWERS)
    assert told(second) == "USER_BUSY"
    call = wait_over(rig, second)
    assert (call.call_status, call.end_reason, call.ended_by) == (
        "busy",
        "too_many_calls",
        "customer",
    )
    assert not first.channel.over.is_set()


def test_a_full_controller_refuses_when_no_other_takes_the_call(rig):
    rig.controller(max_calls=1)
    first = call_in(rig, ANSWERS)
    wait_stored(rig, first, "in-progress")
    second = call_in(rig, ANSWERS)
    assert told(second) == "SWITCH_CONGESTION"
    assert wait_over(rig, second).end_reason == "no_capacity"


def test_another_controller_takes_what_a_full_one_cannot(rig):
    rig.controller(max_calls=1)
    first = call_in(rig, ANSWERS)
    wait_stored(rig, first, "in-progress")
    rig.controller(max_calls=1)
    second = call_in(rig, ANSWERS)
    wait_stored(rig, second, "in-progress")


def test_a_place_that_becomes_free_in_time_is_used(rig, monkeypatch):
    monkeypatch.setattr(reception, "PATIENCE_SECONDS", float(WAIT))
    rig.controller(max_calls=1)
    first = call_in(rig, ANSWERS)
    wait_stored(rig, first, "in-progress")
    second = call_in(rig, ANSWERS)
    first.put_down()
    wait_stored(rig, second, "in-progress")


def test_places_are_kept_for_calls_that_come_in(rig):
    rig.controller(max_calls=2, inbound_reserve=1)
    out = [rig.place(ANSWERS) for _ in range(2)]
    rig.wait_status(out[0], "in-progress")
    caller = call_in(rig, ANSWERS)
    wait_stored(rig, caller, "in-progress")
    assert rig.view(out[1]).status == "queued"
    rig.services.calls.stop(rig.account.account_id, out[0])
    rig.wait_status(out[1], "in-progress")  # the reserve is in use: nothing more is kept free


# --- callers who do not wait, and controllers that are not there


def test_a_caller_who_gives_up_while_it_rings(rig):
    rig.controller()
    rig.model.hanging = True
    pick_up.READY_SECONDS = WAIT
    caller = call_in(rig, ANSWERS)
    rig.wait_until(lambda: caller.channel.phase == "ringing", "the ringing")
    caller.put_down()
    call = wait_over(rig, caller)
    assert (call.call_status, call.end_reason, call.ended_by) == (
        "no-answer",
        "caller_hung_up",
        "caller",
    )
    assert "before the call was answered" in call.error_message


def test_a_caller_who_gives_up_before_the_claim_is_missed_once(rig):
    rig.controller(max_calls=1)
    rig.controller(max_calls=1)
    for taken in [call_in(rig, ANSWERS), call_in(rig, ANSWERS)]:
        wait_stored(rig, taken, "in-progress")
    reception.PATIENCE_SECONDS = WAIT
    caller = call_in(rig, ANSWERS)
    caller.put_down()
    call = wait_over(rig, caller)
    assert (call.call_status, call.end_reason) == ("no-answer", "caller_hung_up")


def test_a_caller_who_gives_up_during_the_claim(rig):
    """The hang-up is told before the claim is stored."""
    rig.controller()
    take, reached, opened = rig.services.inbound.take, Event(), Event()

    def slow(*args):
        answer = take(*args)
        reached.set()
        assert opened.wait(WAIT)
        return answer

    rig.services.inbound.take = slow
    caller = call_in(rig, ANSWERS)
    assert reached.wait(WAIT)
    caller.put_down()
    assert caller.channel.over.wait(WAIT)
    opened.set()
    call = wait_over(rig, caller)
    assert (call.call_status, call.end_reason) == ("no-answer", "caller_hung_up")
    rig.wait_until(lambda: not len(rig.controllers[0].sessions), "the end of the session")


def test_two_controllers_race_and_one_has_it(rig):
    both = [rig.controller(), rig.controller()]
    callers = [call_in(rig, ANSWERS) for _ in range(4)]
    for caller in callers:
        wait_stored(rig, caller, "in-progress")
    rig.wait_until(lambda: sum(len(one.sessions) for one in both) == 4, "the sessions")
    owners = {caller.channel.variables["tc_owner"] for caller in callers}
    assert owners <= {one.owner for one in both}


def test_a_call_that_came_while_nobody_listened_is_found(rig):
    caller = call_in(rig, ANSWERS)
    rig.controller()
    wait_stored(rig, caller, "in-progress")


def test_a_parked_call_whose_event_was_lost_is_found_by_the_comparison(rig):
    controller = rig.controller()
    rig.switch.inject(faults.LoseEvents("CHANNEL_PARK"))
    caller = call_in(rig, ANSWERS)
    controller.reconciler.compare()
    wait_stored(rig, caller, "in-progress")


def test_a_store_that_is_away_for_a_moment_costs_no_call(rig):
    controller = rig.controller()
    take, failed = rig.services.inbound.take, Event()

    def away(*args):
        rig.services.inbound.take = take
        failed.set()
        raise StoreUnavailable("The database is locked.")

    rig.services.inbound.take = away
    caller = call_in(rig, ANSWERS)
    assert failed.wait(WAIT)
    rig.wait_until(lambda: not len(controller.reception), "the end of the first try")
    controller.reconciler.compare()
    wait_stored(rig, caller, "in-progress")


def test_a_caller_who_gives_up_while_the_store_is_away_is_missed(rig):
    rig.controller()
    take, reached, opened = rig.services.inbound.take, Event(), Event()

    def away(*args):
        rig.services.inbound.take = take
        reached.set()
        assert opened.wait(WAIT)
        raise StoreUnavailable("The database is locked.")

    rig.services.inbound.take = away
    caller = call_in(rig, ANSWERS)
    assert reached.wait(WAIT)
    caller.put_down()
    assert caller.channel.over.wait(WAIT)
    opened.set()
    call = wait_over(rig, caller)
    assert (call.call_status, call.end_reason) == ("no-answer", "caller_hung_up")


def test_a_waiting_caller_of_a_dead_controller_is_answered_by_another(rig):
    first = rig.controller()
    rig.model.hanging = True
    pick_up.READY_SECONDS = WAIT
    caller = call_in(rig, ANSWERS)
    rig.wait_until(lambda: caller.channel.phase == "ringing", "the ringing")
    killed(first)
    rig.model.hanging = False
    second = rig.controller()
    second._reconcile()
    call = wait_stored(rig, caller, "in-progress")
    assert caller.channel.variables["tc_owner"] == second.owner
    assert call.end_reason is None


def test_nobody_is_taken_while_the_controller_drains(rig):
    rig.controller()._draining.set()
    caller = call_in(rig, ANSWERS)
    assert told(caller) == "SWITCH_CONGESTION"
    assert wait_over(rig, caller).end_reason == "no_capacity"


def test_the_switch_ends_what_no_controller_claims(rig):
    rig.switch.switch.options.unclaimed_seconds = 0.1
    assert told(call_in(rig, ANSWERS)) == "NORMAL_TEMPORARY_FAILURE"


# --- what a caller's side may send


def test_a_codec_that_we_do_not_have(rig):
    rig.controller()
    caller = call_in(rig, ANSWERS, codec="G729")
    assert told(caller) == "INCOMPATIBLE_DESTINATION"
    call = wait_over(rig, caller)
    assert (call.call_status, call.end_reason, call.ended_by) == (
        "failed",
        "answer_failed",
        "carrier",
    )
    assert "No audio codec in common" in call.error_message


@pytest.mark.parametrize(
    ("of_switch", "wish", "limit"),
    [("60000", 30, "35000"), ("20000", 30, "20000"), ("nonsense", 10, "15000")],
)
def test_the_switch_gives_a_line_without_audio_up_before_the_agent_does(
    rig, of_switch, wish, limit, monkeypatch
):
    account_id = rig.account.account_id
    agent_id = inbound_rig.agent(rig.services, account_id, silence_timeout_seconds=wish)
    inbound_rig.number(rig.services, account_id, agent_id, "+12025550144")
    monkeypatch.setattr(
        switch,
        "parked_variables",
        lambda node: parked_variables(node) | {"media_timeout": of_switch},
    )
    rig.controller()
    caller = call_in(rig, ANSWERS, to="+12025550144")
    wait_stored(rig, caller, "in-progress")
    assert caller.channel.variables["media_timeout"] == limit


def test_audio_that_stops(rig):
    rig.controller()
    caller = call_in(rig, ANSWERS)
    wait_stored(rig, caller, "in-progress")
    caller.hang_up("MEDIA_TIMEOUT", "send_bye")  # as the switch does when no packet comes
    call = wait_over(rig, caller)
    assert (call.status, call.end_reason, call.ended_by) == (
        "completed",
        "network_hung_up",
        "carrier",
    )


NASTY = (
    "Ann\n\napi originate {x=y}sofia/gateway/g/+1 &park()\n\n",
    'Event-Name: CHANNEL_HANGUP_COMPLETE\nUnique-ID: x\n\n{{task}} {{sip_x_b}} "quoted" \\n',
    "Content-Length: 99\r\n\r\nauth ClueCon\r\n\r\n%0a%0d <sip:x@y>;tag=1 '; drop table call; --",
    "\U0001f4a3 \u202egnp\x00\x1b[31m" + "x" * 5000,
)


@pytest.mark.parametrize("text", NASTY)
def test_what_a_caller_calls_itself_stays_text(rig, text):
    account_id = rig.account.account_id
    agent_id = inbound_rig.agent(
        rig.services, account_id, first_sentence="Hello {{caller_name}} {{sip_x_b}}."
    )
    inbound_rig.number(rig.services, account_id, agent_id, "+12025550144")
    rig.controller()
    headers = {"X-B": text, "X-C\n": text, f"X-{'y' * 80}": "long", "Authorization": "secret"}
    caller = call_in(rig, ANSWERS, to="+12025550144", name=text, headers=headers)
    call = wait_stored(rig, caller, "in-progress")
    data = call.request["request_data"]
    assert set(data) <= {"caller_name", "sip_x_b"}
    for value in data.values():
        assert value.isprintable()
        assert len(value) <= 200
    assert call.request["first_sentence"].isprintable()
    sent = "".join(command.line for command in rig.switch.received)
    assert "originate" not in sent
    assert "ClueCon\r" not in sent
    assert len(rig.switch.switch.calls) == 1

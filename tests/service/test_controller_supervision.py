"""Supervisors on whole controllers: a softphone dials a code, or is rung; who hears whom, what the
agent does meanwhile, what is written, and who hangs up when."""

from dataclasses import replace

import factories
import pytest
from controller_rig import ANSWERS, killed, slow_second_dial
from phone_rig import PERSON, PhoneRig

from topcalls.core import notes
from topcalls.core.call_state import State
from topcalls.core.supervision import Failure, Mode, Outcome
from topcalls.errors import Conflict, InvalidRequest
from topcalls.metrics import supervision_refused
from topcalls.sandbox.scenario import parse_scenario
from topcalls.store.models import Call

pytestmark = pytest.mark.service

WAIT = 15
DESTINATION = {"name": "support", "number": ANSWERS}


def person(*steps):
    return parse_scenario("name: p\ndescription: d\ncallee:\n" + "\n".join(f"- {s}" for s in steps))


DECLINES = person("reject")


@pytest.fixture
def rig(db, tmp_path):
    made = PhoneRig(db, tmp_path)
    made.controller()
    made.phone = made.add(name="Ann")
    made.wait_known(made.phone)
    made.account = replace(made.account, scopes=made.account.scopes | {"calls:supervise"})
    yield made
    made.close()


def state(rig, call_id):
    return State(rig.services.db.read(lambda: Call.get_by_id(call_id)).state)


def talking(rig, **wishes):
    """A call in progress; its id, and the caller's leg."""
    call_id = rig.place(ANSWERS, silence_timeout_seconds=60, **wishes)
    rig.wait_until(lambda: state(rig, call_id) is State.IN_PROGRESS, "the conversation")
    return call_id, rig.switch.call(rig.view(call_id).external_call_id)


def stays(rig, call_id):
    return rig.services.calls.supervisions.of_call(rig.account.account_id, call_id)


def wait_stay(rig, call_id, condition, what="the stay"):
    def reached():
        made = stays(rig, call_id)
        return made[-1] if made and condition(made[-1]) else None

    return rig.wait_until(reached, f"{what}: {stays(rig, call_id)}")


def joined(rig, call_id, leg):
    """The stay, once its leg listens to the call."""
    rig.wait_until(lambda: leg.audio.spying is not None, "the eavesdropping")
    return wait_stay(rig, call_id, lambda stay: stay.joined_at is not None)


def supervising(rig, code="*30"):
    """A call with a supervisor who dialled this; (its id, the caller's leg, the supervisor's)."""
    call_id, caller = talking(rig)
    leg = rig.dial(rig.phone, code)
    joined(rig, call_id, leg)
    return call_id, caller, leg


def mix(leg):
    return leg.audio.spying.mix


def wait_mix(rig, leg, key):
    rig.wait_until(lambda: mix(leg) == key, f"{key}: it is {mix(leg)}")


def trail(rig, call_id):
    events = rig.services.call_trail.events(rig.account.account_id, call_id)
    return [(e.detail["supervisor"], e.detail["mode"]) for e in events if e.kind == "Supervised"]


def texts(rig, call_id):
    return [turn.text for turn in rig.view(call_id).transcript]


def ask(rig, call_id, mode, extension="201"):
    wanted = {"mode": mode, "extension": extension}
    now = rig.services.clock.now()
    return rig.services.calls.supervisions.ask(rig.account, call_id, wanted, now)


def refused(rig, phone, code):
    leg = rig.dial(phone, code)
    assert leg.channel.over.wait(WAIT)
    return leg.channel.cause


def legs(rig):
    return list(rig.switch.switch.calls)


# --- by a code


def test_a_supervisor_listens_and_leaves(rig):
    call_id, caller, leg = supervising(rig)
    assert mix(leg) == "0"
    assert leg.audio.spying in caller.audio.spies
    leg.put_down()
    stay = wait_stay(rig, call_id, lambda stay: stay.ended_at is not None)
    assert (stay.extension, stay.name, stay.asked_by) == ("201", "Ann", "code")
    assert (stay.outcome, stay.failure, stay.taken_over_at) == (Outcome.LEFT, None, None)
    [told] = stay.modes
    assert (told.mode, told.began_at, told.ended_at) == (
        Mode.LISTEN,
        stay.joined_at,
        stay.ended_at,
    )
    whole = [("201", "listen"), ("201", "left")]
    rig.wait_until(lambda: trail(rig, call_id) == whole, "the trail")
    assert caller.audio.spies == []
    assert state(rig, call_id) is State.IN_PROGRESS


def test_the_call_is_named_by_its_code_or_the_end_of_its_number(rig):
    first, _ = talking(rig)
    second, _ = talking(rig)
    code = rig.services.calls.supervisions.code_of(first)
    assert len(code) == 4
    leg = rig.dial(rig.phone, f"*30{code}")
    joined(rig, first, leg)
    leg.put_down()
    assert refused(rig, rig.phone, f"*30*{ANSWERS[-4:]}") == "INVALID_NUMBER_FORMAT"  # both are
    rig.services.calls.stop(rig.account.account_id, second)
    rig.wait_over(second)
    assert rig.services.calls.supervisions.code_of(second) is None
    leg = rig.dial(rig.phone, f"*30*{ANSWERS[-4:]}")
    rig.wait_until(lambda: len(stays(rig, first)) == 2, "the second stay")


def test_keys_change_the_way_and_each_is_written_down(rig):
    call_id, _, leg = supervising(rig)
    for key, now in (("3", "3"), ("1", "0"), ("2", "0"), ("0", "0")):
        leg.press(key)
        wait_mix(rig, leg, now)
    leg.press("*")
    assert leg.channel.over.wait(WAIT)
    stay = wait_stay(rig, call_id, lambda stay: stay.ended_at is not None)
    assert [told.mode for told in stay.modes] == [
        Mode.LISTEN,
        Mode.BARGE,
        Mode.WHISPER,
        Mode.LISTEN,
    ]
    assert all(told.ended_at is not None for told in stay.modes)
    rig.wait_until(lambda: trail(rig, call_id)[-1] == ("201", "left"), "the trail")


def test_the_agent_is_silent_while_somebody_barges_in_and_goes_on_afterwards(rig):
    call_id, caller, leg = supervising(rig, "*33")
    assert mix(leg) == "3"
    session = rig.model.opened.get(timeout=WAIT)
    rig.wait_until(lambda: notes.SUPERVISOR_JOINED in texts(rig, call_id), "the note")
    rig.wait_until(lambda: not caller.audio.player.is_playing, "the agent's silence")
    asked = len(session.asked)
    leg.put_down()
    rig.wait_until(lambda: len(session.asked) > asked, "the agent's next words")
    assert any("colleague" in text for role, text in session.messages if role == "system")
    rig.wait_until(lambda: notes.SUPERVISOR_LEFT in texts(rig, call_id), "the note")


def test_taking_over_replaces_the_agent(rig):
    call_id, caller, leg = supervising(rig)
    leg.press("9")
    rig.wait_until(lambda: caller.audio.is_connected_with(leg.audio), "the connection")
    rig.wait_until(lambda: state(rig, call_id) is State.TRANSFERRED, "the state")
    rig.wait_until(lambda: caller.audio.stream is None, "the end of the agent's audio")
    assert rig.model.opened.get(timeout=WAIT).closed.wait(WAIT)
    stay = wait_stay(rig, call_id, lambda stay: stay.taken_over_at is not None)
    assert [told.mode for told in stay.modes] == [Mode.LISTEN, Mode.TAKE_OVER]
    events = rig.services.call_trail.events(rig.account.account_id, call_id)
    [over] = [event.detail for event in events if event.kind == "Transferred"]
    assert (over["destination"], over["by"]) == ("Ann", "supervisor")
    leg.put_down()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason, call.ended_by) == (
        "completed",
        "transfer_ended",
        "transferee",
    )
    assert legs(rig) == []
    assert stays(rig, call_id)[0].outcome is Outcome.LEFT


def test_taking_over_at_once_and_the_caller_hangs_up(rig):
    call_id, caller = talking(rig)
    leg = rig.dial(rig.phone, "*39")
    rig.wait_until(lambda: caller.audio.is_connected_with(leg.audio), "the connection")
    rig.wait_until(lambda: state(rig, call_id) is State.TRANSFERRED, "the state")
    caller.put_down()
    rig.wait_over(call_id)
    assert leg.channel.over.wait(WAIT)
    assert legs(rig) == []


def test_whispering_begins_when_the_caller_is_with_a_person(rig):
    call_id, caller = talking(rig, transfer={"destinations": [DESTINATION]})
    leg = rig.dial(rig.phone, "*31")
    joined(rig, call_id, leg)
    assert mix(leg) == "0"
    now = rig.services.clock.now()
    rig.services.calls.transfers.ask(rig.account, call_id, {"destination": "support"}, now)
    wait_mix(rig, leg, "1")
    rig.wait_until(lambda: state(rig, call_id) is State.TRANSFERRED, "the state")
    leg.press("9")  # nobody who talks with the caller is replaced
    leg.press("3")
    wait_mix(rig, leg, "3")
    assert not caller.audio.is_connected_with(leg.audio)
    with pytest.raises(Conflict, match="barge"):
        ask(rig, call_id, "take_over")
    assert refused(rig, rig.phone, "*39") == "USER_BUSY"
    caller.put_down()
    rig.wait_over(call_id)
    assert leg.channel.over.wait(WAIT)
    assert stays(rig, call_id)[0].outcome is Outcome.CALL_OVER


def test_a_call_that_ends_takes_its_supervisors_along(rig):
    call_id, caller, leg = supervising(rig)
    other = rig.add("202")
    rig.wait_known(other)
    second = rig.dial(other, "*33")
    rig.wait_until(lambda: second.audio.spying is not None, "the second")
    caller.put_down()
    rig.wait_over(call_id)
    for one in (leg, second):
        assert one.channel.over.wait(WAIT)
    assert {stay.outcome for stay in stays(rig, call_id)} == {Outcome.CALL_OVER}
    assert legs(rig) == []


# --- who is refused


def count(refusal):
    return supervision_refused.labels(refusal)._value.get()


@pytest.mark.parametrize(
    ("code", "cause", "refusal"),
    [
        ("*309999", "UNALLOCATED_NUMBER", "no_call"),
        ("*30*777", "UNALLOCATED_NUMBER", "no_call"),
        ("*77", "UNALLOCATED_NUMBER", "unknown_code"),
    ],
)
def test_a_code_that_leads_nowhere(rig, code, cause, refusal):
    call_id, _ = talking(rig)
    before = count(refusal)
    assert refused(rig, rig.phone, code) == cause
    rig.wait_until(lambda: count(refusal) == before + 1, "the count")
    assert stays(rig, call_id) == []


def test_without_a_call_there_is_nobody_to_listen_to(rig):
    assert refused(rig, rig.phone, "*30") == "UNALLOCATED_NUMBER"


def test_another_accounts_calls_are_not_there(rig):
    call_id, _ = talking(rig)
    code = rig.services.calls.supervisions.code_of(call_id)
    theirs = rig.add("201", account=factories.principal(rig.services, name="Other"))
    rig.wait_known(theirs)
    for dialled in ("*30", f"*33{code}", f"*39*{ANSWERS[-4:]}"):
        assert refused(rig, theirs, dialled) == "UNALLOCATED_NUMBER"
    assert stays(rig, call_id) == []


def test_a_softphone_that_may_not(rig):
    call_id, _ = talking(rig)
    clerk = rig.add("202", may_supervise=False)
    rig.wait_known(clerk)
    assert refused(rig, clerk, "*30") == "OUTGOING_CALL_BARRED"
    with pytest.raises(InvalidRequest, match="may not supervise"):
        ask(rig, call_id, "listen", "202")
    with pytest.raises(InvalidRequest, match="GET /v1/softphones"):
        ask(rig, call_id, "listen", "299")


def test_with_two_controllers_the_one_that_has_the_call_takes_it(rig):
    rig.controller()
    call_id, _, leg = supervising(rig)
    assert len(stays(rig, call_id)) == 1
    owner = rig.services.db.read(lambda: Call.get_by_id(call_id)).lease_owner
    assert leg.channel.variables["tc_owner"] == owner


# --- by the API


def register(rig, scenario=PERSON):
    rig.switch.switch.users.register(rig.phone.username, rig.phone.password, scenario)


def test_a_softphone_is_rung_and_put_on_the_call(rig):
    register(rig)
    call_id, caller = talking(rig)
    wish = ask(rig, call_id, "listen")
    stay = wait_stay(rig, call_id, lambda stay: stay.joined_at is not None)
    assert (stay.asked_by, stay.modes[0].mode) == ("api", Mode.LISTEN)
    told = rig.services.call_trail.events(rig.account.account_id, call_id)
    [asked] = [event.detail for event in told if event.kind == "SupervisionAsked"]
    who = {"command_id": wish, "key_id": rig.account.key_id}
    assert asked == {"extension": "201", "mode": "listen", **who}
    leg = rig.switch.call(stay.channel_id)
    rig.wait_until(lambda: leg.audio.spying in caller.audio.spies, "the eavesdropping")
    assert leg.channel.variables["tc_call_id"] == call_id
    ask(rig, call_id, "barge")  # it is there: it takes part in another way
    wait_mix(rig, leg, "3")
    assert len(stays(rig, call_id)) == 1
    ask(rig, call_id, "take_over")
    rig.wait_until(lambda: caller.audio.is_connected_with(leg.audio), "the connection")
    rig.services.calls.stop(rig.account.account_id, call_id)
    rig.wait_over(call_id)
    rig.wait_until(lambda: legs(rig) == [], "the end of every leg")


def test_a_softphone_is_put_on_the_call_when_the_switch_has_done_dialling(rig, monkeypatch):
    happened = slow_second_dial(monkeypatch)
    register(rig)
    call_id, caller = talking(rig)
    ask(rig, call_id, "take_over")
    stay = wait_stay(rig, call_id, lambda stay: stay.taken_over_at is not None)
    assert caller.audio.is_connected_with(rig.switch.call(stay.channel_id).audio)
    assert "originate" not in happened[happened.index("uuid_bridge") :]


@pytest.mark.parametrize(
    ("scenario", "failure"), [(None, Failure.NOT_REGISTERED), (DECLINES, Failure.DECLINED)]
)
def test_a_softphone_that_is_not_reached(rig, scenario, failure):
    if scenario is not None:
        register(rig, scenario)
    call_id, _ = talking(rig)
    ask(rig, call_id, "listen")
    stay = wait_stay(rig, call_id, lambda stay: stay.ended_at is not None)
    assert (stay.outcome, stay.failure, stay.modes) == (Outcome.FAILED, failure, ())
    assert state(rig, call_id) is State.IN_PROGRESS


def test_what_is_over_is_not_supervised(rig):
    call_id, caller = talking(rig)
    caller.put_down()
    rig.wait_over(call_id)
    with pytest.raises(Conflict):
        ask(rig, call_id, "listen")


def test_live_calls_tell_who_listens(rig):
    call_id, _, _ = supervising(rig)
    live, total = rig.services.calls.supervisions.live(rig.account.account_id, 10)
    assert total == 1
    [one] = live
    assert (one.id, one.supervisors) == (call_id, (("201", Mode.LISTEN),))
    assert (one.call_status, one.talks_with) == ("in-progress", "agent")
    assert one.live_code == rig.services.calls.supervisions.code_of(call_id)


# --- when something dies


def test_after_a_controllers_death_whoever_listened_is_let_go_of(rig):
    call_id, caller, leg = supervising(rig, "*33")
    killed(rig.controllers[0])
    second = rig.controller()
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the succession", seconds=30)
    assert leg.channel.over.wait(WAIT)
    stay = wait_stay(rig, call_id, lambda stay: stay.ended_at is not None)
    assert stay.outcome is Outcome.LEFT
    rig.wait_until(lambda: state(rig, call_id) is State.IN_PROGRESS, "the conversation")
    assert not caller.channel.over.is_set()
    joined(rig, call_id, rig.dial(rig.phone, "*30"))  # and may come again


def test_two_people_outlive_the_controller_that_connected_them(rig):
    call_id, caller = talking(rig)
    leg = rig.dial(rig.phone, "*39")
    rig.wait_until(lambda: state(rig, call_id) is State.TRANSFERRED, "the state")
    killed(rig.controllers[0])
    second = rig.controller()
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the succession", seconds=30)
    assert caller.audio.is_connected_with(leg.audio)
    leg.put_down()
    assert rig.wait_over(call_id).call_status == "completed"


# --- the far end's hold


def test_a_call_on_hold_is_no_silent_call(rig):
    call_id, caller = talking(rig)
    caller.put_on_hold(True)
    rig.wait_until(lambda: notes.PUT_ON_HOLD in texts(rig, call_id), "the note")
    caller.put_on_hold(False)
    rig.wait_until(lambda: notes.TAKEN_OFF_HOLD in texts(rig, call_id), "the note")
    events = rig.services.call_trail.events(rig.account.account_id, call_id)
    assert [e.kind for e in events if "Hold" in e.kind] == ["PutOnHold", "TakenOffHold"]

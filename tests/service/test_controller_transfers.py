"""Transfers on a whole controller: who hangs up when, who dies when, and what is left behind."""

import audioop

import pytest
from controller_rig import (
    ANSWERS,
    BUSY,
    MAILBOX,
    RINGS,
    SAYS_YES,
    Rig,
    killed,
    slow_second_dial,
)
from unit.test_audio_line_listener import voice

from topcalls.core.call_state import State
from topcalls.sandbox import faults
from topcalls.store.models import Call

pytestmark = pytest.mark.service

BLIND = {"name": "support", "number": ANSWERS}
WARM = {**BLIND, "kind": "warm", "briefing": "Ann asks for you."}
CHECKED = {**BLIND, "detect_voicemail": True}


class Voices:
    """Says everything as a voice would: a second for six letters."""

    def speak(self, text, _):
        return audioop.lin2ulaw(voice(len(text) / 6), 2)


@pytest.fixture
def rig(db, tmp_path):
    made = Rig(db, tmp_path, speech=Voices())
    yield made
    made.close()


def transfers(rig, call_id):
    return rig.services.calls.transfers.of_call(rig.account.account_id, call_id)


def talking(rig, destination, **wishes):
    """A call in progress that lists this destination."""
    call_id = rig.place(
        ANSWERS, transfer={"destinations": [destination]}, silence_timeout_seconds=60, **wishes
    )
    rig.wait_status(call_id, "in-progress")
    rig.wait_until(lambda: state(rig, call_id) is State.IN_PROGRESS, "the conversation")
    return call_id


def state(rig, call_id):
    return State(rig.services.db.read(lambda: Call.get_by_id(call_id)).state)


def ask(rig, call_id, **wanted):
    wanted = wanted or {"destination": "support"}
    now = rig.services.clock.now()
    rig.services.calls.transfers.ask(rig.account, call_id, wanted, now)


def transferring(rig, destination, condition, **wishes):
    """A call whose transfer has come so far; (its id, the caller's leg, the target's)."""
    call_id = talking(rig, destination, **wishes)
    caller = rig.switch.call(rig.view(call_id).external_call_id)
    ask(rig, call_id)

    def reached():
        made = transfers(rig, call_id)
        target = made and made[-1].channel_id and rig.switch.switch.call(made[-1].channel_id)
        return target if target and condition(made[-1], target) else None

    return call_id, caller, rig.wait_until(reached, "the transfer")


def rings(_, target):
    return target.channel.phase == "ringing"


def answered(made, _):
    return made.answered_at is not None


def connected(made, _):
    return made.connected_at is not None


def legs(rig):
    return list(rig.switch.switch.calls)


def test_the_two_hear_each_other_and_the_agent_is_gone(rig):
    rig.controller()
    call_id, caller, target = transferring(rig, BLIND, connected)
    rig.wait_until(lambda: state(rig, call_id) is State.TRANSFERRED, "the state")
    assert caller.audio.is_connected_with(target.audio)
    assert target.audio.is_connected_with(caller.audio)
    rig.wait_until(lambda: caller.audio.stream is None, "the end of the agent's audio")
    assert rig.model.opened.get(timeout=5).closed.wait(5)
    assert rig.view(call_id).call_status == "in-progress"

    target.put_down()
    call = rig.wait_over(call_id)
    assert (call.end_reason, call.ended_by) == ("transfer_ended", "transferee")
    assert call.actual_duration_billed > 0
    assert legs(rig) == []
    [made] = transfers(rig, call_id)
    assert (made.asked_by, made.outcome, made.failure) == ("api", "transferred", None)
    assert made.ended_at is not None


def test_a_target_is_connected_when_the_switch_has_done_dialling(rig, monkeypatch):
    happened = slow_second_dial(monkeypatch)
    rig.controller()
    _, caller, target = transferring(rig, BLIND, connected)
    assert caller.audio.is_connected_with(target.audio)
    assert "originate" not in happened[happened.index("uuid_bridge") :]


@pytest.mark.parametrize(
    ("destination", "moment", "outcome"),
    [
        ({**BLIND, "number": RINGS}, rings, "called_off"),
        (WARM, answered, "called_off"),
        (BLIND, connected, "transferred"),
    ],
)
def test_a_caller_who_hangs_up_meanwhile(rig, destination, moment, outcome):
    rig.controller()
    call_id, caller, target = transferring(rig, destination, moment)
    caller.put_down()
    call = rig.wait_over(call_id)
    assert call.end_reason == "callee_hung_up"
    target.channel.over.wait(5)
    rig.wait_until(lambda: legs(rig) == [], "the end of both legs")
    rig.wait_until(lambda: transfers(rig, call_id)[0].outcome, "the row")
    assert transfers(rig, call_id)[0].outcome == outcome


def test_a_key_takes_a_warm_transfer_and_no_other_does(rig):
    rig.controller()
    call_id, _, target = transferring(rig, {**WARM, "accept_key": "5"}, answered)
    target.press("1")
    target.press("5")
    rig.wait_until(lambda: state(rig, call_id) is State.TRANSFERRED, "the connection")
    assert transfers(rig, call_id)[0].connected_at is not None


def test_a_target_who_hangs_up_during_the_briefing(rig):
    rig.controller()
    call_id, caller, target = transferring(rig, WARM, answered)
    rig.wait_until(lambda: target.audio.stream is not None, "the briefing")
    target.put_down()
    rig.wait_until(lambda: transfers(rig, call_id)[0].outcome, "the outcome")
    [made] = transfers(rig, call_id)
    assert (made.outcome, made.failure) == ("failed", "hung_up")
    assert state(rig, call_id) is State.IN_PROGRESS
    assert legs(rig) == [caller.uuid]
    rig.wait_until(lambda: not caller.audio.player.is_playing, "the end of the ringing tone")


@pytest.mark.parametrize(
    "destination",
    [{**WARM, "number": MAILBOX}, {**CHECKED, "number": MAILBOX}],
    ids=["warm", "blind"],
)
def test_a_mailbox_is_let_go_of_and_the_caller_is_back(rig, destination):
    rig.controller()
    call_id, caller, target = transferring(rig, destination, answered)
    rig.wait_until(lambda: transfers(rig, call_id)[0].outcome, "the outcome")
    [made] = transfers(rig, call_id)
    assert (made.outcome, made.failure, made.connected_at) == ("failed", "voicemail", None)
    assert target.channel.over.wait(5)
    assert state(rig, call_id) is State.IN_PROGRESS
    assert legs(rig) == [caller.uuid]
    rig.wait_until(lambda: not caller.audio.player.is_playing, "the end of the ringing tone")
    session = rig.model.opened.get(timeout=5)
    rig.wait_until(lambda: "voicemail" in str(session.messages), "the agent's being told")


def test_a_person_is_connected_once_they_have_greeted(rig):
    rig.controller()
    call_id, caller, target = transferring(rig, {**CHECKED, "number": SAYS_YES}, connected)
    assert caller.audio.is_connected_with(target.audio)
    rig.wait_until(lambda: target.audio.stream is None, "the end of our listening")
    [made] = transfers(rig, call_id)
    assert 0.5 < (made.connected_at - made.answered_at).total_seconds() < 3.0


def test_a_target_that_cannot_be_listened_to_is_connected(rig):
    rig.controller()
    call_id = talking(rig, CHECKED)
    rig.switch.inject(faults.RefuseCommand("uuid_audio_stream", count=2))
    ask(rig, call_id)
    rig.wait_until(lambda: state(rig, call_id) is State.TRANSFERRED, "the connection")


def test_a_caller_who_is_back_can_be_transferred_again(rig):
    rig.controller()
    call_id = talking(rig, {**BLIND, "number": BUSY})
    for count in (1, 2):
        ask(rig, call_id)
        rig.wait_until(
            lambda count=count: (
                [made.failure for made in transfers(rig, call_id)] == ["busy"] * count
            ),
            "the failure",
        )
    assert [made.transfer for made in transfers(rig, call_id)] == [1, 2]
    assert state(rig, call_id) is State.IN_PROGRESS


def test_two_who_talk_outlive_the_controller(rig):
    first = rig.controller()
    call_id, caller, target = transferring(rig, BLIND, connected)
    rig.wait_until(lambda: state(rig, call_id) is State.TRANSFERRED, "the state")
    killed(first)
    second = rig.controller()
    second._reconcile()
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the take-over")
    second._reconcile()
    second._reconcile()
    assert set(legs(rig)) == {caller.uuid, target.uuid}

    target.put_down()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("completed", "transfer_ended")


def test_two_who_talk_are_not_disturbed_by_a_controller_that_lost_their_call(rig):
    first = rig.controller()
    call_id, caller, target = transferring(rig, BLIND, connected)
    rig.wait_until(lambda: state(rig, call_id) is State.TRANSFERRED, "the state")
    live = first.sessions.of_call(call_id)
    first.carrying.lose(live)
    assert live.session.join(5)
    assert set(legs(rig)) == {caller.uuid, target.uuid}
    assert caller.audio.is_connected_with(target.audio)


@pytest.mark.parametrize(
    ("destination", "moment"), [({**BLIND, "number": RINGS}, rings), (WARM, answered)]
)
def test_the_death_of_a_controller_leaves_no_target_waiting(rig, destination, moment):
    first = rig.controller()
    call_id, caller, target = transferring(rig, destination, moment)
    assert int(target.channel.variables["park_timeout"]) <= 60
    assert target.channel.variables["tc_call_id"] == call_id
    killed(first)
    second = rig.controller()
    second._reconcile()
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the take-over")
    rig.wait_until(lambda: legs(rig) == [caller.uuid], "the end of the target's leg")
    (made,) = transfers(rig, call_id)
    assert (made.outcome, made.failure) == ("called_off", None)
    assert made.ended_at is not None
    assert state(rig, call_id) is State.IN_PROGRESS
    rig.services.calls.stop(rig.account.account_id, call_id)
    rig.wait_over(call_id)

    def hung_up():
        second._reconcile()
        return not legs(rig)

    rig.wait_until(hung_up, "the end of every leg")

"""Ends that no controller was told of: by the switch's record of the channel, or without one."""

import os
from datetime import UTC, datetime, timedelta

import gevent
import pytest
from controller_rig import ANSWERS, BUSY, HANGS_UP, LISTENS, RINGS, WAIT, Rig, killed
from gevent.event import Event

from topcalls.esl import commands
from topcalls.presence import Presence
from topcalls.sandbox import faults
from topcalls.services.dispatch import LEASE_SECONDS
from topcalls.services.nodes import HEARTBEAT_SECONDS
from topcalls.store.models import Call

pytestmark = pytest.mark.service
DEAD = "node-1.9.deadbeef"


@pytest.fixture
def records(tmp_path):
    return tmp_path / "cdr"


@pytest.fixture
def rig(db, tmp_path, records):
    made = Rig(db, tmp_path, cdr_dir=records)
    yield made
    made.close()


@pytest.fixture
def blind(db, tmp_path):
    """A switch that writes nothing down."""
    made = Rig(db, tmp_path)
    yield made
    made.close()


def row(rig, call_id):
    return rig.services.db.read(lambda: Call.get_by_id(call_id))


def wait_gone(rig):
    rig.wait_until(lambda: not rig.switch.switch.calls, "the end of the channel")


def real_talk(rig):
    """Seconds from answer to hang-up of the switch's last call."""
    times = rig.switch.switch.past_calls[-1].channel.times
    return (times.hungup - times.answered) / 1_000_000


def talk(call):
    return (call.ended_at - call.answered_at).total_seconds()


def test_a_record_is_gone_when_its_call_is_settled(rig, records):
    controller = rig.controller()
    rig.wait_over(rig.place(LISTENS))
    rig.wait_until(lambda: not len(controller.sessions), "the end of the session")
    assert records.is_dir()
    assert list(records.iterdir()) == []


def test_a_hang_up_that_was_not_told_is_read(rig):
    rig.controller()
    rig.switch.inject(faults.LoseEvents("CHANNEL_HANGUP_COMPLETE"))
    call_id = rig.place(HANGS_UP)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("completed", "callee_hung_up")
    stored = row(rig, call_id)
    assert (stored.hangup_cause, stored.q850) == ("NORMAL_CLEARING", 16)
    assert talk(stored) == pytest.approx(real_talk(rig), abs=0.001)


def test_a_hang_up_while_the_switch_is_away_is_read_at_once(rig):
    controller = rig.controller()
    call_id = rig.place(HANGS_UP)
    rig.wait_status(call_id, "in-progress")
    controller._gear.switch.stop()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("completed", "callee_hung_up")
    assert talk(row(rig, call_id)) == pytest.approx(real_talk(rig), abs=0.001)


def test_without_records_a_lost_call_counts_until_it_was_last_heard_of(blind):
    blind.controller()
    blind.switch.inject(faults.LoseEvents("CHANNEL_HANGUP_COMPLETE"))
    call_id = blind.place(HANGS_UP)
    call = blind.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("failed", "channel_lost")
    assert "last heard of" in call.error_message
    assert talk(row(blind, call_id)) == pytest.approx(real_talk(blind), abs=0.3)


def test_a_call_that_outlived_its_controller_is_billed_to_its_real_end(rig):
    controller = rig.controller()
    call_id = rig.place(HANGS_UP)
    rig.wait_status(call_id, "in-progress")
    killed(controller)
    wait_gone(rig)
    rig.controller()._reconcile()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("completed", "callee_hung_up")
    assert talk(row(rig, call_id)) == pytest.approx(real_talk(rig), abs=0.001)


def test_a_call_that_talked_to_nobody_is_told_so(rig):
    """It went on for longer than the controller may have lived after its last heartbeat."""
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    killed(controller)
    lapses = datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS - HEARTBEAT_SECONDS - 1)
    rig.services.calls.extend_lease([call_id], controller.owner, lapses)
    (call,) = rig.switch.switch.calls.values()
    call.put_down()
    wait_gone(rig)
    rig.controller()._reconcile()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason, call.ended_by) == (
        "failed",
        "controller_lost",
        "gateway",
    )
    stored = row(rig, call_id)
    assert talk(stored) == pytest.approx(real_talk(rig), abs=0.001)
    assert stored.billed_seconds == 0  # the controller was not heard of after the answer


def dead_dial(rig, number):
    """A call that a controller dialled in its last moment."""
    call_id = rig.place(number, ring_timeout_seconds=5)
    presence = Presence(rig.directory / "controllers", DEAD)
    presence.enter()
    now = datetime.now(UTC)
    (call,) = rig.services.dispatch.claim(DEAD, "node-1", 1, now)
    rig.services.calls.intend_dial(call_id, call.version, call.channel_uuid, now)
    os.close(presence._lock)
    dial = commands.Dial(
        call.channel_uuid,
        call_id,
        DEAD,
        "node-1",
        "sandbox",
        number,
        caller_id_number="+12025550199",
    )
    _, _, line = commands.originate(dial).partition(" ")
    gevent.spawn(rig.switch.switch.originate, line)
    rig.wait_until(lambda: rig.switch.switch.call(call.channel_uuid), "the dial")
    return call_id


@pytest.mark.parametrize(
    ("number", "end"),
    [(BUSY, ("busy", "busy")), (HANGS_UP, ("failed", "controller_lost"))],
)
def test_an_intent_whose_channel_came_and_went(rig, number, end):
    call_id = dead_dial(rig, number)
    wait_gone(rig)
    rig.controller()._reconcile()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == end
    stored = row(rig, call_id)
    assert (stored.answered_at is not None) is (number == HANGS_UP)
    assert stored.billed_seconds == 0  # whoever answered heard nobody


def test_a_ringing_call_that_was_answered_and_left_unheard(rig):
    controller = rig.controller()
    call_id = rig.place(RINGS)
    rig.wait_status(call_id, "in_progress")
    rig.switch.inject(faults.LoseEvents("CHANNEL_ANSWER"))
    rig.switch.inject(faults.LoseEvents("CHANNEL_HANGUP_COMPLETE"))
    (call,) = rig.switch.switch.calls.values()
    call.answer()
    call.put_down()
    wait_gone(rig)
    controller.sessions.of_call(call_id).effects.channel_gone()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("failed", "channel_lost")
    assert "answered" in call.error_message


def test_a_record_that_is_being_written_is_waited_for(rig, records):
    controller = rig.controller()
    rig.switch.inject(faults.LoseEvents("CHANNEL_HANGUP_COMPLETE"))
    call_id = rig.place(RINGS)
    rig.wait_status(call_id, "in_progress")
    (call,) = rig.switch.switch.calls.values()
    call.hang_up("USER_BUSY", "recv_refuse")
    wait_gone(rig)
    (path,) = records.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    looked, spool = Event(), controller._gear.spool
    read = spool.ended

    def look(channel_uuid):
        found = read(channel_uuid)
        looked.set()
        return found

    spool.ended = look
    controller.sessions.of_call(call_id).effects.channel_gone()
    assert looked.wait(WAIT)
    path.write_bytes(whole)
    assert rig.wait_over(call_id).call_status == "busy"


# --- recordings and words


def test_a_recording_that_the_switch_completed_is_known(rig):
    rig.controller()
    call_id = rig.place(LISTENS)
    rig.wait_over(call_id)
    rig.wait_until(lambda: row(rig, call_id).transcript_closed_at, "the last words")
    assert row(rig, call_id).recording_state == "written"


def test_a_recording_that_cannot_begin_is_known(rig):
    (rig.directory / "spool").write_text("in the way")
    rig.controller()
    call_id = rig.place(LISTENS)
    assert rig.wait_over(call_id).call_status == "completed"
    assert row(rig, call_id).recording_state == "refused"

"""A whole controller: real database, double of the switch, a model that only says sentences."""

from dataclasses import replace
from datetime import UTC, datetime

import gevent
import pytest
from controller_rig import (
    ANSWERS,
    BRIEF,
    HANGS_UP,
    LINE_DIES,
    LISTENS,
    REFUSED,
    RINGS,
    WAIT,
    Rig,
)
from gevent import socket
from gevent.event import Event

from topcalls.controller import call_limits, carrying, dials, telephony
from topcalls.errors import ConfigError, StoreUnavailable
from topcalls.sandbox import faults
from topcalls.store.models import Call

pytestmark = pytest.mark.service
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def rig(db, tmp_path):
    made = Rig(db, tmp_path)
    yield made
    made.close()


class Gate:
    """Takes the place of a verb and lets nobody through until it is opened."""

    def __init__(self, services, verb, error=None):
        self.verb = getattr(services, verb)
        self.reached = Event()
        self.opened = Event()
        self.error = error
        setattr(services, verb, self)

    def __call__(self, *args):
        self.reached.set()
        if self.error is not None and not self.opened.is_set():
            raise self.error
        assert self.opened.wait(WAIT)
        return self.verb(*args)


def stop_by_user(rig, call_id):
    rig.services.calls.stop(rig.account.account_id, call_id)


def originates(rig):
    return [item for item in rig.switch.received if item.line.startswith("bgapi originate")]


def files_in(rig):
    return [path for path in (rig.directory / "playback").rglob("*") if path.is_file()]


# --- a call's whole life


@pytest.mark.parametrize("playback", ["file", "stream"])
def test_a_call_from_queue_to_goodbye(rig, playback):
    rig.controller(playback=playback)
    call = rig.wait_over(rig.place(LISTENS))
    assert (call.call_status, call.end_reason) == ("completed", "callee_hung_up")
    assert [turn.text for turn in call.transcript] == ["Hello there."]
    assert not call.transcript[0].interrupted


def test_an_answer_and_a_hang_up_in_one_packet(rig):
    controller = rig.controller()
    rig.switch.inject(faults.JoinEvents("CHANNEL_ANSWER"))
    call = rig.wait_over(rig.place(BRIEF))
    assert (call.call_status, call.end_reason) == ("completed", "callee_hung_up")
    rig.wait_until(lambda: not len(controller.sessions), "the end of the session")
    assert not rig.switch.switch.calls


def test_the_last_words_are_written_when_the_callee_hangs_up_in_mid_sentence(rig):
    controller = rig.controller()
    call_id = rig.place(HANGS_UP)
    rig.wait_over(call_id)
    rig.wait_until(lambda: not len(controller.sessions), "the end of the session")
    (turn,) = rig.view(call_id).transcript
    assert turn.interrupted
    assert 0 < turn.ended_ms - turn.started_ms < 1900


def test_nothing_is_left_of_a_call(rig):
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    rig.wait_until(lambda: files_in(rig), "speech")
    stop_by_user(rig, call_id)
    assert rig.wait_over(call_id).end_reason == "stopped"
    rig.wait_until(lambda: not len(controller.sessions), "the end of the session")
    media = controller._gear.media
    rig.wait_until(lambda: not media._server.connections, "the end of the stream")
    assert (media._expected, files_in(rig)) == ({}, [])
    assert rig.model.opened.get(timeout=WAIT).closed.wait(WAIT)
    assert controller._gear.switch.metrics.jobs_pending == 0


# --- stopping, while something else is under way


def test_a_call_that_is_stopped_before_its_dial_was_sent_is_never_dialled(rig):
    intent = Gate(rig.services.calls, "intend_dial")
    rig.controller()
    call_id = rig.place(ANSWERS)
    assert intent.reached.wait(WAIT)
    stop_by_user(rig, call_id)
    rig.wait_until(lambda: state_of(rig, call_id) == "ending", "the stop")
    intent.opened.set()
    assert rig.wait_over(call_id).status == "cancelled"
    assert originates(rig) == []


def test_a_call_whose_dial_cannot_be_noted_in_time_waits_for_its_turn_anew(rig, monkeypatch):
    monkeypatch.setattr(dials, "INTENT_SECONDS", 0.01)
    intent = Gate(rig.services.calls, "intend_dial", StoreUnavailable("too busy"))
    rig.controller()
    call_id = rig.place(LISTENS)
    assert intent.reached.wait(WAIT)
    rig.wait_status(call_id, "queued")
    assert originates(rig) == []
    monkeypatch.undo()
    intent.opened.set()
    assert rig.wait_over(call_id).call_status == "completed"
    assert len(originates(rig)) == 1


def state_of(rig, call_id):
    """As its controller sees it, which is ahead of the row."""
    live = rig.controllers[0].sessions.of_call(call_id)
    return live.session.facts.state.value if live else None


def test_a_stop_that_overtakes_the_dial_leaves_no_phone_ringing(rig):
    """The switch knows a dial's channel only a moment after it took the command."""
    rig.controller()
    rig.switch.inject(faults.RefuseCommand("uuid_kill", "-ERR No such channel!"))
    call_id = rig.place(RINGS)
    rig.wait_until(lambda: rig.switch.switch.calls, "the dial")
    stop_by_user(rig, call_id)
    assert rig.wait_over(call_id).status == "cancelled"
    assert not rig.switch.switch.calls


def test_a_ringing_call_is_stopped(rig):
    rig.controller()
    call_id = rig.place(RINGS)
    rig.wait_until(lambda: state_of(rig, call_id) == "ringing", "ringing")
    stop_by_user(rig, call_id)
    call = rig.wait_over(call_id)
    assert (call.status, call.end_reason, call.duration) == ("cancelled", "stopped", 0.0)
    assert not rig.switch.switch.calls


# --- why a call ended


def test_a_dial_that_cannot_be_put_into_words_fails_at_once(rig):
    rig.controller(gateway="no such gateway")
    call = rig.wait_over(rig.place(ANSWERS))
    assert (call.call_status, call.end_reason) == ("failed", "configuration")
    assert call.ended_by == "configuration"
    assert originates(rig) == []


def test_an_ai_that_is_not_there_in_time_is_told_from_a_lost_stream(rig, monkeypatch):
    monkeypatch.setattr(call_limits, "ATTACH_SECONDS", 0.5)
    rig.model.hanging = True
    rig.controller()
    call = rig.wait_over(rig.place(ANSWERS))
    assert (call.call_status, call.end_reason) == ("failed", "provider_failed")
    assert "AI" in call.error_message


def test_an_ai_that_refuses_ends_a_ringing_call(rig):
    rig.model.refusing = REFUSED
    rig.controller()
    call = rig.wait_over(rig.place(RINGS))
    assert (call.call_status, call.end_reason) == ("failed", "provider_failed")
    assert not rig.switch.switch.calls


# --- the database is away


def test_the_end_of_a_call_is_kept_until_the_store_is_back(rig):
    controller = rig.controller()
    call_id = rig.place(HANGS_UP)
    rig.wait_status(call_id, "in-progress")
    record = Gate(rig.services.calls, "record", StoreUnavailable("gone"))
    assert record.reached.wait(WAIT)
    rig.wait_until(lambda: state_of(rig, call_id) == "completed", "the end")
    assert len(controller.sessions) == 1
    record.opened.set()
    assert rig.wait_over(call_id).end_reason == "callee_hung_up"
    rig.wait_until(lambda: not len(controller.sessions), "the end of the session")


def test_a_controller_does_not_take_its_own_calls_over(rig, monkeypatch):
    """The store was away for longer than a lease."""
    monkeypatch.setattr(telephony, "STEADY_STORE_SECONDS", 0.0)
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_until(lambda: state_of(rig, call_id) == "in_progress", "a conversation")
    live = controller.sessions.of_call(call_id)
    rig.services.calls.extend_lease([call_id], controller.owner, PAST)
    controller._reconcile()
    assert controller.sessions.of_call(call_id) is live
    assert live.session.facts.state.value == "in_progress"
    assert rig.services.dispatch.adopt("other", "node-1", datetime.now(UTC), 10) == []


def test_nobody_is_taken_for_dead_right_after_an_outage_of_the_store(rig):
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    second = rig.controller()
    rig.services.calls.extend_lease([call_id], controller.owner, PAST)
    second._reconcile()
    assert len(second.sessions) == 0


# --- calls of others


def test_a_call_that_was_taken_away_leaves_nothing_behind(rig):
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    rig.wait_until(lambda: files_in(rig), "speech")

    def taken():  # not while its owner writes
        rig.services.calls.extend_lease([call_id], controller.owner, PAST)
        return rig.services.dispatch.adopt("other", "node-1", datetime.now(UTC), 10)

    rig.wait_until(taken, "another owner")
    controller._beat()
    rig.wait_until(lambda: not len(controller.sessions), "the end of the session")
    media = controller._gear.media
    rig.wait_until(lambda: not media._server.connections, "the end of the stream")
    assert files_in(rig) == []
    assert rig.view(call_id).call_status == "in-progress"


def test_the_switch_gives_a_line_without_audio_up_before_the_agent_does(rig):
    rig.controller()
    call_id = rig.place(ANSWERS, silence_timeout_seconds=20)
    rig.wait_status(call_id, "in-progress")
    channel = rig.switch.call(rig.view(call_id).external_call_id).channel
    assert channel.variables["media_timeout"] == "25000"


def test_a_line_that_dies_is_no_silent_callee(rig):
    rig.controller()
    call_id = rig.place(LINE_DIES)
    rig.wait_status(call_id, "in-progress")
    channel = rig.switch.call(rig.view(call_id).external_call_id).channel
    channel.variables["media_timeout"] = "500"
    call = rig.wait_over(call_id)
    assert (call.status, call.end_reason, call.ended_by) == (
        "completed",
        "network_hung_up",
        "carrier",
    )
    assert (call.hangup.cause, call.hangup.by) == ("MEDIA_TIMEOUT", "network")


def test_the_call_of_a_controller_that_died_is_ended_by_another(rig, monkeypatch):
    monkeypatch.setattr(telephony, "STEADY_STORE_SECONDS", 0.0)
    monkeypatch.setattr(call_limits, "END_SECONDS", 0.3)
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    died(controller)
    rig.services.calls.extend_lease([call_id], controller.owner, PAST)
    second = rig.controller()
    second._reconcile()
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("failed", "controller_lost")
    assert not rig.switch.switch.calls


def died(controller):
    """Everything the process did ends; its calls are in nobody's hands."""
    controller._stopped.set()
    gevent.killall(controller._loops)
    controller._gear.switch.stop()
    for live in controller.sessions.all():
        live.effects.bridge.stop("dead")
        live.session._greenlet.kill(block=False)


def test_a_call_that_was_not_dialled_when_its_controller_died_is_dialled_by_another(
    rig, monkeypatch
):
    monkeypatch.setattr(telephony, "STEADY_STORE_SECONDS", 0.0)
    call_id = rig.place(LISTENS)
    (claimed,) = rig.services.dispatch.claim("dead", "node-1", 1, datetime.now(UTC))
    rig.services.calls.extend_lease([claimed.call_id], "dead", PAST)
    rig.controller()._reconcile()
    assert rig.wait_over(call_id).call_status == "completed"
    assert len(originates(rig)) == 1


# --- a call that cannot be carried


def test_a_call_that_cannot_be_carried_goes_back_and_is_dialled_when_it_can(rig):
    controller = rig.controller()
    gear = controller._gear
    controller.carrying._gear = replace(gear, make_playback=None)
    call_id = rig.place(LISTENS)
    rig.wait_until(lambda: tries_of(rig, call_id) < 10, "a try")
    controller.carrying._gear = gear
    assert rig.wait_over(call_id).call_status == "completed"


def test_a_call_that_can_never_be_carried_ends_after_its_last_try(rig, monkeypatch):
    monkeypatch.setattr(carrying, "TURN_AWAY_SECONDS", 0.0)
    controller = rig.controller()
    controller.carrying._gear = replace(controller._gear, make_playback=None)
    call = rig.wait_over(rig.place(LISTENS))
    assert (call.call_status, call.end_reason) == ("failed", "configuration")
    assert originates(rig) == []
    assert tries_of(rig, call.id) == 0


def test_a_call_that_is_stopped_while_it_is_turned_away_is_never_dialled(rig):
    controller = rig.controller()
    gear = controller._gear
    controller.carrying._gear = replace(gear, make_playback=None)
    call_id = rig.place(LISTENS)
    rig.wait_until(lambda: tries_of(rig, call_id) < 10, "a try")
    stop_by_user(rig, call_id)
    call = rig.wait_over(call_id)
    assert (call.status, call.end_reason) == ("cancelled", "stopped")
    controller.carrying._gear = gear
    assert rig.wait_over(rig.place(LISTENS)).call_status == "completed"
    assert len(originates(rig)) == 1


def test_a_call_that_is_stopped_while_it_is_taken_over_is_never_dialled(rig, monkeypatch):
    call_id = rig.place(LISTENS)
    rig.services.dispatch.claim("dead", "node-1", 1, datetime.now(UTC))
    stop_by_user(rig, call_id)
    controller = rig.controller(start=False)
    rig.services.calls.extend_lease([call_id], "dead", PAST)
    monkeypatch.setattr(controller._succession, "_switch_answers", lambda: True)
    controller._succession.settle_silent()
    controller._taker.tick()
    call = rig.wait_over(call_id)
    assert (call.status, call.end_reason) == ("cancelled", "stopped")
    assert originates(rig) == []
    rig.controllers.remove(controller)


def test_a_dialled_call_that_cannot_be_taken_over_is_hung_up_and_over(rig, monkeypatch):
    monkeypatch.setattr(carrying, "TURN_AWAY_SECONDS", 0.0)
    first = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    first.carrying.lose(first.sessions.of_call(call_id))
    rig.wait_until(lambda: first.sessions.of_call(call_id) is None, "the first one to let go")
    (claimed,) = rig.services.calls.live(first.owner)
    controller = rig.controller(start=False)
    controller.carrying._gear = replace(
        controller._gear, make_playback=None, switch=first._gear.switch
    )
    controller.carrying.open(claimed)
    call = rig.wait_over(call_id)
    assert (call.call_status, call.end_reason) == ("failed", "controller_lost")
    rig.wait_until(lambda: not rig.switch.switch.calls, "the hang-up")
    rig.controllers.remove(controller)


def tries_of(rig, call_id):
    return rig.services.db.read(lambda: Call.get_by_id(call_id).tries_left)


# --- start and stop


@pytest.mark.parametrize("mistake", [ValueError("a mistake"), gevent.Timeout(0.0)])
def test_a_mistake_in_one_round_does_not_end_a_loop(rig, monkeypatch, mistake):
    monkeypatch.setattr(telephony, "COMMAND_SECONDS", 0.01)
    controller = rig.controller(start=False)
    tick, mistakes = controller._taker.tick, [mistake]

    def mistaken():
        if mistakes:
            raise mistakes.pop()
        return tick()

    monkeypatch.setattr(controller._taker, "tick", mistaken)
    controller.start()
    rig.wait_until(lambda: not mistakes, "the mistake")
    call_id = rig.place(RINGS)
    rig.wait_until(lambda: state_of(rig, call_id) == "ringing", "ringing")
    stop_by_user(rig, call_id)
    assert rig.wait_over(call_id).status == "cancelled"


def test_a_port_that_is_taken_is_a_sentence(rig):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="media_port"):
            rig.controller(start=False, port=taken.getsockname()[1]).start()
    rig.controllers.clear()


def test_a_playback_directory_that_cannot_be_made_is_a_sentence(rig):
    (rig.directory / "file").write_text("")
    controller = rig.controller(start=False, playback_dir=rig.directory / "file")
    with pytest.raises(ConfigError, match="playback"):
        controller.start()
    controller._gear.media.stop()
    rig.controllers.clear()


def test_stopping_waits_for_a_claim_that_is_under_way(rig):
    claim = Gate(rig.services.dispatch, "claim")
    controller = rig.controller()
    call_id = rig.place(RINGS)
    assert claim.reached.wait(WAIT)
    stopping = gevent.spawn(controller.stop, 0)
    rig.wait_until(controller._draining.is_set, "draining")
    claim.opened.set()
    stopping.get(timeout=WAIT)
    assert rig.view(call_id).status == "failed"
    assert not rig.switch.switch.calls


def test_a_call_may_end_by_itself_while_the_controller_stops(rig):
    controller = rig.controller()
    call_id = rig.place(LISTENS)
    rig.wait_status(call_id, "in-progress")
    controller.stop(WAIT)
    assert rig.view(call_id).end_reason == "callee_hung_up"


def test_a_second_signal_ends_the_waiting(rig):
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    stopping = gevent.spawn(controller.stop, 600)
    rig.wait_until(controller._draining.is_set, "draining")
    controller.hurry()
    stopping.get(timeout=WAIT)
    call = rig.view(call_id)
    assert (call.status, call.end_reason, call.ended_by) == ("failed", "shutdown", "gateway")
    assert not (rig.directory / "playback" / controller.owner).exists()


def test_the_switch_comes_and_goes_during_a_call(rig):
    controller = rig.controller()
    call_id = rig.place(ANSWERS)
    rig.wait_status(call_id, "in-progress")
    rig.switch.inject(faults.CutConnections())
    rig.wait_until(lambda: controller._gear.switch.metrics.reconnects >= 2, "reconnection")
    assert controller._gear.switch.wait_up(WAIT)
    stop_by_user(rig, call_id)
    assert rig.wait_over(call_id).end_reason == "stopped"


def test_a_hang_up_that_nobody_heard_of_is_found_by_comparing(rig, monkeypatch):
    controller = rig.controller()
    rig.switch.inject(faults.LoseEvents("CHANNEL_HANGUP_COMPLETE"))
    call_id = rig.place(HANGS_UP)
    rig.wait_status(call_id, "in-progress")
    monkeypatch.setattr("topcalls.controller.reconciler.GRACE_SECONDS", 0.0)
    rig.wait_until(lambda: not rig.switch.switch.calls, "the hang-up")
    controller.reconciler.compare()
    assert rig.wait_over(call_id).end_reason in ("channel_lost", "stream_lost")
